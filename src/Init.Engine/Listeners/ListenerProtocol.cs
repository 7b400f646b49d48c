using System.Globalization;
using System.Text;

namespace Init.Engine.Listeners;

/// <summary>supervisord's states of an event listener, and their numbers.</summary>
public enum ListenerState
{
    /// <summary>It waits for an event.</summary>
    Ready = 10,

    /// <summary>It has an event, and owes its result.</summary>
    Busy = 20,

    /// <summary>It has said something else than it should have. It gets no further event until it is started anew.</summary>
    Unknown = 40,

    /// <summary>It has just started, or has given its result, and has not said yet that it is ready for the next event.</summary>
    Acknowledged = 30,
}

/// <summary>What a listener has made known.</summary>
public abstract record ListenerSign
{
    private ListenerSign() { }

    public sealed record Ready : ListenerSign;

    /// <summary>"OK".</summary>
    public sealed record Accepted : ListenerSign;

    /// <summary>Any other result: the event is to be given to somebody once more.</summary>
    public sealed record Rejected : ListenerSign;

    /// <summary>It is <see cref="ListenerState.Unknown"/> from now on.</summary>
    /// <param name="BadResult">The line that should have been a result; null when it spoke out of turn. With it, the event is not dealt with.</param>
    public sealed record Broken(string? BadResult) : ListenerSign;
}

/// <summary>
/// The listener's side of the conversation, read byte by byte: <c>READY\n</c>, then, for each event, <c>RESULT n\n</c> and n bytes, then <c>READY\n</c> again. It does
/// no I/O and keeps no more than one short line.
/// </summary>
public sealed class ListenerProtocol
{
    /// <summary>A longer line is no result.</summary>
    public const int ResultLineMax = 100;

    /// <summary>A longer result is refused like a line that is none; "OK" and "FAIL" are what there is to say.</summary>
    public const int ResultBytesMax = 1 << 20;

    private static ReadOnlySpan<byte> ReadyToken => "READY\n"u8;

    private static ReadOnlySpan<byte> Success => "OK"u8;

    private readonly byte[] _line = new byte[ResultLineMax];
    private int _lineLength;
    private int _readyMatched;
    private int? _resultLength;
    private int _resultTaken;
    private bool _isSuccess;

    public ListenerState State { get; private set; } = ListenerState.Acknowledged;

    /// <summary>The listener is being sent an event.</summary>
    public void BeginEvent()
    {
        if (State != ListenerState.Ready)
            throw new InvalidOperationException($"a listener that is {State} cannot be given an event");

        State = ListenerState.Busy;
        (_lineLength, _resultLength) = (0, null);
    }

    /// <summary>Takes what the listener has written, in pieces of any size.</summary>
    public IReadOnlyList<ListenerSign> Take(ReadOnlySpan<byte> bytes)
    {
        var signs = new List<ListenerSign>();
        while (!bytes.IsEmpty && State != ListenerState.Unknown)
        {
            if (State == ListenerState.Busy && _resultLength is { } length)
            {
                int count = Math.Min(bytes.Length, length - _resultTaken);
                TakeResult(bytes[..count], signs);
                bytes = bytes[count..];
                continue;
            }

            Take(bytes[0], signs);
            bytes = bytes[1..];
        }

        return signs;
    }

    private void Take(byte one, List<ListenerSign> signs)
    {
        switch (State)
        {
            case ListenerState.Acknowledged when one == ReadyToken[_readyMatched]:
                if (++_readyMatched < ReadyToken.Length)
                    break;
                _readyMatched = 0;
                State = ListenerState.Ready;
                signs.Add(new ListenerSign.Ready());
                break;

            case ListenerState.Busy when one == '\n':
                ReadResultLine(signs);
                break;

            case ListenerState.Busy when _lineLength < ResultLineMax:
                _line[_lineLength++] = one;
                break;

            case ListenerState.Busy:
                Break(LineText(), signs);
                break;

            default:
                Break(badResult: null, signs);
                break;
        }
    }

    private void ReadResultLine(List<ListenerSign> signs)
    {
        // As Python's int() takes it: white space around the number is no mistake, such as the \r of a listener that ends its lines so.
        string line = LineText();
        const string Token = "RESULT ";
        bool isResult = line.StartsWith(Token, StringComparison.Ordinal)
            & int.TryParse(line.AsSpan(Math.Min(line.Length, Token.Length)).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int length);
        if (!isResult || length > ResultBytesMax)
        {
            Break(line, signs);
            return;
        }

        (_resultLength, _resultTaken, _isSuccess) = (length, 0, length == Success.Length);
        if (length == 0)
            TakeResult([], signs);
    }

    private void TakeResult(ReadOnlySpan<byte> bytes, List<ListenerSign> signs)
    {
        for (int i = 0; i < bytes.Length && _isSuccess; i++)
            _isSuccess = bytes[i] == Success[_resultTaken + i];

        _resultTaken += bytes.Length;
        if (_resultTaken < _resultLength)
            return;

        State = ListenerState.Acknowledged;
        _resultLength = null;
        signs.Add(_isSuccess ? new ListenerSign.Accepted() : new ListenerSign.Rejected());
    }

    private void Break(string? badResult, List<ListenerSign> signs)
    {
        State = ListenerState.Unknown;
        signs.Add(new ListenerSign.Broken(badResult));
    }

    private string LineText() => Encoding.UTF8.GetString(_line, 0, _lineLength);
}
