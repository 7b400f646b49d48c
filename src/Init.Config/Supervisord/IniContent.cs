using System.Text;

namespace Init.Config.Supervisord;

/// <summary>Tells a supervisord.conf from a supervisor.toml by what is in it: files of both kinds have all sorts of names.</summary>
internal static class IniContent
{
    private static readonly string[] TomlTables = ["init", "program", "group", "on_event", "event_listener"];

    /// <summary>
    /// The first header that belongs to one of the two decides. TOML has no colon in a header (outside quotes), and supervisord no dot and no table "init";
    /// a line that begins with ";" is no TOML.
    /// </summary>
    public static bool IsSupervisord(ReadOnlySpan<byte> utf8)
    {
        foreach (Range range in utf8.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = utf8[range].Trim(" \t\r\uFEFF"u8);
            if (line is [(byte)';', ..])
                return true;

            if (line is not [(byte)'[', not (byte)'[', ..])
                continue;

            int end = line.IndexOf((byte)']');
            string header = Encoding.UTF8.GetString(line[1..(end < 0 ? line.Length : end)]).Trim();
            if (header == IniDocument.DefaultName || SupervisordKeys.KeysOf(header) is not null || header.Split('"', '\'')[0].Contains(':', StringComparison.Ordinal))
                return true;

            if (TomlTables.Contains(header.Split('.')[0].Trim()))
                return false;
        }

        return false;
    }
}
