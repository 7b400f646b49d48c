using System.Text;

namespace Init.Applets.Supervisorctl;

/// <summary>One section of an INI file as Python's ConfigParser reads it for supervisor's clients: nothing more is looked at, includes neither.</summary>
internal static class CtlConfigFile
{
    /// <summary>The keys in lower case, the last of two counting; null when there is no such section.</summary>
    /// <exception cref="CtlUsageException">A line is neither a section nor a key.</exception>
    public static Dictionary<string, string>? ReadSection(ReadOnlySpan<byte> file, string path, string wanted)
    {
        Dictionary<string, string> defaults = [], values = [];
        string? section = null, key = null;
        bool isThere = false;
        int indent = 0, number = 0;
        foreach (string raw in Encoding.UTF8.GetString(file).Split('\n'))
        {
            number++;
            string line = WithoutComment(raw).TrimEnd();
            string content = line.TrimStart();
            if (content.Length == 0)
            {
                // A blank line ends nothing; a comment may stand inside of a value.
                continue;
            }

            int ownIndent = line.Length - content.Length;
            Dictionary<string, string>? target = section == "DEFAULT" ? defaults : section == wanted ? values : null;
            if (key is not null && ownIndent > indent)
            {
                if (target is not null)
                    target[key] += "\n" + content;
                continue;
            }

            indent = ownIndent;
            if (content[0] == '[' && content.LastIndexOf(']') is > 1 and var end)
            {
                section = content[1..end];
                isThere |= section == wanted;
                key = null;
                continue;
            }

            int delimiter = content.AsSpan().IndexOfAny('=', ':');
            if (section is null || delimiter <= 0)
                throw new CtlUsageException($"{path}:{number}: neither a [section] nor a \"key = value\"");

            key = content[..delimiter].TrimEnd().ToLowerInvariant();
            if (target is not null)
                target[key] = content[(delimiter + 1)..].Trim();
        }

        if (!isThere)
            return null;

        foreach (var (name, value) in defaults)
            values.TryAdd(name, value);

        return values;
    }

    /// <summary>A comment begins with ";" or "#", at the start of the line or after white space.</summary>
    private static string WithoutComment(string line)
    {
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] is ';' or '#' && (i == 0 || char.IsWhiteSpace(line[i - 1])))
                return line[..i];
        }

        return line;
    }
}
