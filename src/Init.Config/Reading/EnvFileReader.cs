using System.Collections.Immutable;
using Init.Base;
using Init.Config.Expansion;

namespace Init.Config.Reading;

/// <summary>Reads the files that a key names; each file once, however many programs share it.</summary>
/// <param name="files">The machine.</param>
/// <param name="shorten">How a path is shown in positions.</param>
internal sealed class EnvFileReader(IConfigFiles files, Func<string, string> shorten)
{
    private readonly Dictionary<string, ImmutableArray<EnvEntry>?> _read = [];
    private readonly List<string> _paths = [];

    /// <summary>The files that were there, in the order of reading.</summary>
    public IReadOnlyList<string> Paths => _paths;

    /// <summary>The entries of all files, in order. A leading "-" of a name makes the file optional.</summary>
    public ImmutableArray<EnvEntry> Read(Section section, string key)
    {
        ImmutableArray<EnvEntry>.Builder entries = ImmutableArray.CreateBuilder<EnvEntry>();
        foreach (Text text in section.Strings(key))
        {
            bool isOptional = text.Value.StartsWith('-');
            string name = isOptional ? text.Value[1..] : text.Value;
            if (name.Length == 0)
            {
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} names no file");
                continue;
            }

            string path = Path.GetFullPath(name, section.Context.Folder);
            if (!_read.TryGetValue(path, out ImmutableArray<EnvEntry>? content))
                _read[path] = content = ReadFile(path, text, section.Context.Problems);

            if (content is { } found)
                entries.AddRange(found);
            else if (!isOptional)
                ReportMissing(text, section.Context.Problems);
        }

        return entries.ToImmutable();
    }

    /// <summary>Null when the file is not there.</summary>
    private ImmutableArray<EnvEntry>? ReadFile(string path, Text text, ProblemList problems)
    {
        switch (files.Read(path, EnvFile.BytesMax))
        {
            case ConfigFile.Content content:
                _paths.Add(path);
                List<ConfigProblem> found = [];
                ImmutableArray<EnvEntry> entries = EnvFile.Read(content.Bytes.Span, shorten(path), found);
                found.ForEach(problems.Add);
                return entries;
            case ConfigFile.TooLarge:
                problems.Add(text.At, text.Key, $"cannot read {text.Quoted}: larger than {new ByteSize(EnvFile.BytesMax)}");
                return [];
            case ConfigFile.Unreadable unreadable:
                problems.Add(text.At, text.Key, $"cannot read {text.Quoted}: {unreadable.Reason}");
                return [];
            default:
                return null;
        }
    }

    private static void ReportMissing(Text text, ProblemList problems) =>
        problems.Add(text.At, text.Key, $"cannot read {text.Quoted}: no such file", $"write \"-{ConfigText.Clean(text.Written)}\" if it may be missing");
}
