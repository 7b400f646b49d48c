using System.Collections.Immutable;
using Init.Base;

namespace Init.Config.Reading;

/// <summary>Reads <c>[on_event.NAME]</c>.</summary>
internal static class EventHookReader
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    public static EventHookDefinition Read(string name, Section table, InheritedEnvironment inherited)
    {
        ImmutableArray<string> granted = EnvironmentReader.ReadGranted(table, inherited);
        Section section = table.With(table.Context with { Expander = inherited.CreateExpander(granted, "add it to \"secrets\" of this hook") });
        section.Has("secrets");

        ImmutableArray<string> command = section.NonEmptyCommand("command") ?? [];
        Uri? url = ReadUrl(section);
        if (section.Has("command") && section.Has("url"))
            section.Report("url", "cannot be combined with \"command\"", "keep one of them");
        else if (!section.Has("command") && !section.Has("url"))
            section.Context.Problems.Add(section.At, section.Key, "says nothing to do", "add command or url");

        SortedDictionary<string, string> environment = inherited.CreateOpen(_ => true);
        foreach (string secret in granted)
        {
            if (inherited.Values.TryGetValue(secret, out string? value))
                environment[secret] = value;
        }

        TimeSpan timeout = section.Duration("timeout", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)) ?? DefaultTimeout;
        EventHookDefinition hook = new(name, ReadEvents(section), command, url, timeout, section.At)
        {
            Environment = InheritedEnvironment.Flatten(environment),
        };
        section.Finish();
        return hook;
    }

    private static ImmutableArray<string> ReadEvents(Section section)
    {
        ImmutableArray<Text> texts = section.Strings("events");
        if (!section.Has("events"))
            section.Context.Problems.Add(section.At, section.Key, "has no events", "add events = [\"program.fatal\"]");
        else if (texts.IsEmpty && section.Find("events") is Toml.TomlArray { Items.IsEmpty: true })
            section.Report("events", "is empty");

        foreach (Text text in texts)
        {
            if (KnownNames.Events.Any(known => GlobPattern.Matches(text.Value, known)))
                continue;

            string message = text.Value.Contains('*', StringComparison.Ordinal) ? $"{text.Quoted} matches no event" : $"unknown event {text.Quoted}";
            section.Context.Problems.Add(text.At, text.Key, message, Suggestion.For(text.Value, KnownNames.Events));
        }

        return [.. texts.Select(text => text.Value)];
    }

    private static Uri? ReadUrl(Section section)
    {
        if (section.NonEmptyString("url") is not { } text)
            return null;

        if (Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.Host.Length > 0)
            return url;

        section.Report("url", $"{text.Quoted} is not an http or https URL");
        return null;
    }
}
