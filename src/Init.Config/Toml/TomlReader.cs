using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Init.Base;

namespace Init.Config.Toml;

/// <summary>Reads TOML 1.0 (https://toml.io/en/v1.0.0) with the position of every key and value.</summary>
public static class TomlReader
{
    /// <summary>A longer file is refused; who reads the file should check before it is in memory.</summary>
    public const int BytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// How deep tables and arrays may be nested, by brackets or by dots. It keeps recursion, ours and that of everyone who walks the result,
    /// far from the end of the stack.
    /// </summary>
    public const int DepthMax = 256;

    /// <summary>After so many problems reading ends: the rest of the file would only bury the first of them.</summary>
    public const int ProblemsMax = 100;

    /// <summary>
    /// Never throws; takes time in proportion to the length. What is wrong with the text is added to <paramref name="problems"/>; then the
    /// result is what could be read all the same (a key or item with a problem is left out), or null when nothing could. When no problem is added,
    /// the result is the whole file.
    /// </summary>
    /// <param name="utf8">The file's bytes.</param>
    /// <param name="fileName">The file's name as positions are to show it.</param>
    /// <param name="problems">Receives the problems in the order of the file.</param>
    public static TomlTable? Read(ReadOnlySpan<byte> utf8, string fileName, ICollection<ConfigProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);

        if (utf8.Length > BytesMax)
        {
            problems.Add(new ConfigProblem(
                new SourcePosition(fileName, 1, 1), "toml", $"the file has {utf8.Length} bytes, more than the {BytesMax} that are allowed"));
            return null;
        }

        if (!Utf8.IsValid(utf8))
        {
            problems.Add(EncodingProblem(utf8, fileName));
            return null;
        }

        List<ConfigProblem> found = [];
        TomlTable table = new TomlParser(utf8, fileName, found).ReadDocument();

        // The parser reports in the order in which it finds out: an array that is not closed is found at its end and placed there, while
        // a string that is not closed is found at its end and placed at its start.
        foreach (ConfigProblem problem in found.OrderBy(problem => problem.At))
            problems.Add(problem);

        if (found.Count >= ProblemsMax)
            problems.Add(new ConfigProblem(found.Max(problem => problem.At), "toml", $"after {ProblemsMax} problems the rest of the file is not read"));

        return table;
    }

    private static ConfigProblem EncodingProblem(ReadOnlySpan<byte> bytes, string fileName)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
        {
            return new ConfigProblem(
                new SourcePosition(fileName, 1, 1), "toml", "the file is not UTF-8 but UTF-16", "save it with the encoding UTF-8");
        }

        int at = 0, line = 1, column = 1;
        while (Rune.DecodeFromUtf8(bytes[at..], out Rune rune, out int length) == OperationStatus.Done)
        {
            at += length;
            (line, column) = rune.Value == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return new ConfigProblem(
            new SourcePosition(fileName, line, column), "toml", $"the byte 0x{bytes[at]:X2} is not UTF-8", "save the file with the encoding UTF-8");
    }
}
