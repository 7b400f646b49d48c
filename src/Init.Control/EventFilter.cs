namespace Init.Control;

/// <summary>
/// Which event types a client wants: exact ones, or "program.*" for all that begin with "program.". Of supervisord's events, an abstract type stands for those
/// below it as well ("supervisord.PROCESS_STATE"), "supervisord.*" for all of them, and they come only to those who ask for them: most tell once more what
/// our own events have told already.
/// </summary>
public sealed class EventFilter(IReadOnlyList<string> types)
{
    private const string AnySupervisordEvent = ControlEvent.SupervisordPrefix + "EVENT";

    public bool Matches(string type)
    {
        bool isOfSupervisord = type.StartsWith(ControlEvent.SupervisordPrefix, StringComparison.Ordinal);
        if (types.Count == 0)
            return !isOfSupervisord;

        foreach (string wanted in types)
        {
            bool matches = (wanted == "*" && !isOfSupervisord)
                || (wanted.EndsWith(".*", StringComparison.Ordinal)
                    ? type.AsSpan().StartsWith(wanted.AsSpan(0, wanted.Length - 1), StringComparison.Ordinal)
                    : wanted == type)
                || (isOfSupervisord && IsBelow(type, wanted));
            if (matches)
                return true;
        }

        return false;
    }

    private static bool IsBelow(string type, string wanted) =>
        wanted == AnySupervisordEvent || (type.Length > wanted.Length && type[wanted.Length] == '_' && type.StartsWith(wanted, StringComparison.Ordinal));
}
