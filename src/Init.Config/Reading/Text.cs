using Init.Base;
using Init.Config.Expansion;

namespace Init.Config.Reading;

/// <summary>A string of the file, as written and expanded. Messages show what is written: the value may be a secret.</summary>
/// <param name="Key">The full key, "program.web.user".</param>
internal sealed record Text(string Written, string Value, string Key, SourcePosition At)
{
    /// <summary>For messages.</summary>
    public string Quoted => ConfigText.Quote(Written);

    public bool HasExpansion => Expander.HasExpansion(Written);
}
