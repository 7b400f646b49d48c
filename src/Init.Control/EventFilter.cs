namespace Init.Control;

/// <summary>Which event types a client wants: exact ones, or "program.*" for all that begin with "program.".</summary>
public sealed class EventFilter(IReadOnlyList<string> types)
{
    public bool Matches(string type)
    {
        if (types.Count == 0)
            return true;

        foreach (string wanted in types)
        {
            bool matches = wanted == "*"
                || (wanted.EndsWith(".*", StringComparison.Ordinal)
                    ? type.AsSpan().StartsWith(wanted.AsSpan(0, wanted.Length - 1), StringComparison.Ordinal)
                    : wanted == type);
            if (matches)
                return true;
        }

        return false;
    }
}
