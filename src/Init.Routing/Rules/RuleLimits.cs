namespace Init.Routing.Rules;

/// <summary>Beyond these a document is refused, with the limit named.</summary>
public static class RuleLimits
{
    public const int RulesMax = 10_000;

    /// <summary>Bytes of JSON that are read: from a request, or from the file with its history.</summary>
    public const int DocumentBytesMax = 16 * 1024 * 1024;

    /// <summary>Bytes of the rules as they are written. With the history they stay well below <see cref="DocumentBytesMax"/>.</summary>
    public const int ConfigurationBytesMax = 8 * 1024 * 1024;

    /// <summary>Characters of an id, a host, a header's name.</summary>
    public const int NameMax = 128;

    /// <summary>Characters of a path, a URL, a substring or a header's value.</summary>
    public const int TextMax = 4096;

    public const int RegexMax = 1000;

    /// <summary>States of the automaton a pattern becomes: memory and time of a match grow with them.</summary>
    public const int RegexStatesMax = 10_000;

    /// <summary>Header conditions, header edits, backends, address ranges: of each, in one rule.</summary>
    public const int ItemsMax = 100;

    public const int WeightMax = 1000;

    public const double PriorityMax = 1e9;
}
