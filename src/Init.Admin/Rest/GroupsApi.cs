using Init.Control;

namespace Init.Admin.Rest;

/// <summary><c>/groups</c>: those of the configuration, and supervisord's, where each program that is in none is a group of its own.</summary>
internal static class GroupsApi
{
    public static async Task ListAsync(RestCall call)
    {
        if (await ReadAsync(call) is { } groups)
            await call.AnswerAsync(new GroupList(groups), RestJson.Default.GroupList);
    }

    public static async Task GetAsync(RestCall call)
    {
        if (await FindAsync(call) is { } group)
            await call.AnswerAsync(group, RestJson.Default.GroupInfo);
    }

    public static async Task ActAsync(RestCall call, string action)
    {
        if (await FindAsync(call) is { } group)
            await ProgramsApi.ActAsync(call, action, group.Programs);
    }

    public static async Task SignalAsync(RestCall call)
    {
        if (await FindAsync(call) is { } group)
            await ProgramsApi.SignalAsync(call, group.Programs);
    }

    private static async Task<GroupInfo?> FindAsync(RestCall call)
    {
        if (await ReadAsync(call) is not { } groups)
            return null;

        string name = call.Route("name");
        GroupInfo? group = groups.FirstOrDefault(group => group.Name == name);
        if (group is null)
            await call.RefuseAsync(new ControlError(ErrorCode.UnknownGroup, $"cannot find group \"{name}\""));
        return group;
    }

    private static async Task<List<GroupInfo>?> ReadAsync(RestCall call)
    {
        if (await call.AskAsync<ControlResult.Status>(new ControlRequest.Status([])) is not { } status)
            return null;

        return [.. status.Programs
            .SelectMany(program => program.Groups.Append(program.Group).Distinct().Select(group => (Group: group, program.Name)))
            .Where(member => member.Group.Length > 0)
            .GroupBy(member => member.Group, member => member.Name)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new GroupInfo(group.Key, [.. group]))];
    }
}
