using System.Text.Json;

namespace Init.Integration.Tests.EventListeners;

/// <param name="Headers">By name, "len" and all.</param>
internal sealed record RecordedEvent(IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string Name => Headers["eventname"];
}

/// <summary>What Programs/recorder.py has written down.</summary>
internal sealed class ListenerRecord(string path)
{
    /// <summary>Complete lines only: it may be writing another.</summary>
    public List<RecordedEvent> Events
    {
        get
        {
            if (!File.Exists(path))
                return [];

            string text = File.ReadAllText(path);
            return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Read)];
        }
    }

    private static RecordedEvent Read(string line)
    {
        JsonElement json = JsonDocument.Parse(line).RootElement;
        return new RecordedEvent(
            json.GetProperty("headers").EnumerateObject().ToDictionary(header => header.Name, header => header.Value.GetString()!),
            json.GetProperty("body").GetString()!);
    }
}
