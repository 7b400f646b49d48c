using System.Globalization;

namespace Fake;

/// <summary>
/// How an answer misbehaves: options behind the first ';' of a model's id ("any;rate=50;cut=1;usage=none"), or of the header X-Fake, or of <see cref="FakeProvider.Script"/>.
/// </summary>
public sealed class FakeScript
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    public FakeScript(string text)
    {
        foreach (string option in text.Split(';').Skip(1))
        {
            string[] pair = option.Split('=', 2);
            _options[pair[0]] = pair.Length > 1 ? pair[1] : "1";
        }
    }

    /// <summary>Words of the answer, which are those of the last message of the user over and over; 0: as many as that has.</summary>
    public int Words => Number("words", 0);

    /// <summary>Words of thoughts before it.</summary>
    public int Reasoning => Number("reasoning", 0);

    /// <summary>Words in a second; 0: all at once.</summary>
    public int Rate => Number("rate", 0);

    /// <summary>Milliseconds before the headers.</summary>
    public int Late => Number("late", 0);

    /// <summary>Milliseconds between the headers and the first event.</summary>
    public int Wait => Number("wait", 0);

    /// <summary>Bytes of each write; 0: an event.</summary>
    public int Cut => Number("cut", 0);

    /// <summary>Events of each write.</summary>
    public int Join => Number("join", 1);

    public bool Crlf => Has("crlf");

    /// <summary>A comment before each event.</summary>
    public bool Comments => Has("comments");

    /// <summary>"last" (with an event of its own), "each", "none".</summary>
    public string Usage => Text("usage", "last");

    /// <summary>Tokens of the prompt that are found in a cache.</summary>
    public int Cache => Number("cache", 0);

    /// <summary>A call of a tool, in fragments, instead of the words.</summary>
    public bool Tools => Has("tools");

    /// <summary>After so many events: an error as an event. -1: never.</summary>
    public int ErrorAt => Number("error", -1);

    /// <summary>The error's code.</summary>
    public string ErrorCode => Text("code", "server_error");

    /// <summary>After so many events: the connection is reset. -1: never.</summary>
    public int ResetAt => Number("reset", -1);

    /// <summary>After so many events: nothing more comes. -1: never.</summary>
    public int SilentAt => Number("silence", -1);

    /// <summary>[DONE] is not said.</summary>
    public bool Undone => Has("undone");

    /// <summary>Bytes of one event in place of the first.</summary>
    public int Huge => Number("huge", 0);

    public int Status => Number("status", 200);

    /// <summary>Retry-After, as it is to be written; "date:SECONDS": so far from now. Null: none.</summary>
    public string? Retry => _options.GetValueOrDefault("retry");

    public string? RetryMs => _options.GetValueOrDefault("retry-ms");

    /// <summary>Of a body that is no stream and no completion: "empty", "html", "quota-day", "quota-minute", "insufficient_quota", "google-key", "quotes-key", "error".</summary>
    public string? Body => _options.GetValueOrDefault("body");

    /// <summary>The answer is text/event-stream and ends at once, or is JSON though a stream was asked for.</summary>
    public string? As => _options.GetValueOrDefault("as");

    public string? Redirect => _options.GetValueOrDefault("redirect");

    private bool Has(string name) => _options.ContainsKey(name);

    private int Number(string name, int otherwise) => _options.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private string Text(string name, string otherwise) => _options.GetValueOrDefault(name, otherwise);
}
