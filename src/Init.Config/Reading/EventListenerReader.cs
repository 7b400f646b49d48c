using System.Collections.Immutable;
using Init.Base;

namespace Init.Config.Reading;

/// <summary>Reads <c>[event_listener.NAME]</c>.</summary>
internal static class EventListenerReader
{
    private const int BufferDefault = 10;
    private const int BufferMax = 100_000;

    public static EventListenerPool Read(string name, Section section)
    {
        ImmutableArray<Text> events = section.Strings("events");
        if (events.IsEmpty)
            section.Context.Problems.Add(section.At, section.Key, "has no events", "add events = [\"PROCESS_STATE\"]");

        foreach (Text text in events.Where(text => !KnownNames.SupervisordEvents.Contains(text.Value)))
            section.Context.Problems.Add(text.At, text.Key, $"unknown event type {text.Quoted}", Suggestion.For(text.Value, KnownNames.SupervisordEvents));

        int buffer = section.SmallInteger("buffer_size", 1, BufferMax) ?? BufferDefault;
        section.Finish();
        return new EventListenerPool(name, [.. events.Select(text => text.Value).Distinct()], buffer, section.At);
    }
}
