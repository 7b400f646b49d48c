using Init.Base;

namespace Init.Config.Toml;

/// <summary>Reads TOML 1.0 (https://toml.io/en/v1.0.0) with the position of every key and value.</summary>
public static class TomlReader
{
    /// <summary>A longer file is refused; who reads the file should check before it is in memory.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// Never throws. What is wrong with the text is added to <paramref name="problems"/>; then the result is what could be read all the
    /// same, or null when nothing could. When no problem is added, the result is the whole file.
    /// </summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="fileName">The file's name as positions are to show it.</param>
    /// <param name="problems">Receives the problems in the order of the file.</param>
    public static TomlTable? Read(ReadOnlySpan<byte> utf8, string fileName, ICollection<ConfigProblem> problems)
    {
        SourcePosition start = new(fileName, 1, 1);
        if (utf8.Length <= BytesMax && utf8.IndexOfAnyExcept(" \t\r\n"u8) < 0)
            return new TomlTable(start, []);

        problems.Add(new ConfigProblem(start, "toml", "only an empty file can be read as yet"));
        return null;
    }
}
