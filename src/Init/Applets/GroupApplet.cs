using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary><c>init add</c> and <c>init remove</c>: one group after another; the first that is refused ends it.</summary>
internal static class GroupApplet
{
    /// <summary>The supervisor adds from what it has read; whoever types this means the files as they are now.</summary>
    public static int Add(ControlSession session, Screen screen, IReadOnlyList<string> groups, bool json)
    {
        int code = session.Ask<ControlResult.Changes>(new ControlRequest.Reread(), _ => ExitCode.Success);
        return code == ExitCode.Success ? Each(session, screen, groups, group => new ControlRequest.GroupAdd(group), json) : code;
    }

    public static int Remove(ControlSession session, Screen screen, IReadOnlyList<string> groups, bool json) =>
        Each(session, screen, groups, group => new ControlRequest.GroupRemove(group), json);

    private static int Each(ControlSession session, Screen screen, IReadOnlyList<string> groups, Func<string, ControlRequest> make, bool json)
    {
        foreach (string group in groups)
        {
            int code = ConfigChangesApplet.Run(session, screen, make(group), json);
            if (code != ExitCode.Success)
                return code;
        }

        return ExitCode.Success;
    }
}
