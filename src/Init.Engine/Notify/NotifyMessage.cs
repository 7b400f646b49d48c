using System.Buffers.Text;
using System.Text;

namespace Init.Engine.Notify;

/// <summary>What a WATCHDOG= line says.</summary>
public enum WatchdogSign
{
    None,

    /// <summary>WATCHDOG=1: the program is alive.</summary>
    Alive,

    /// <summary>WATCHDOG=trigger: the program itself asks to be treated as if it had been silent for too long.</summary>
    Trigger,
}

/// <summary>
/// One message of the notification protocol, sd_notify(3): lines of KEY=VALUE. Keys that are unknown and values that make no sense
/// are ignored, as the protocol wants it; when a key comes twice, the last one counts.
/// </summary>
public sealed record NotifyMessage
{
    /// <summary>Longer datagrams are refused as a whole; systemd's limit too (PIPE_BUF).</summary>
    public const int BytesMax = 4096;

    /// <summary>A longer status is cut.</summary>
    public const int StatusCharactersMax = 512;

    /// <summary>A longer text of an event is cut.</summary>
    public const int EventCharactersMax = 2048;

    /// <summary>A longer extension of a time limit is taken for this one.</summary>
    public static readonly TimeSpan ExtensionMax = TimeSpan.FromDays(1);

    /// <summary>READY=1.</summary>
    public bool Ready { get; init; }

    /// <summary>RELOADING=1: followed by a READY=1 when it has reloaded.</summary>
    public bool Reloading { get; init; }

    /// <summary>STOPPING=1.</summary>
    public bool Stopping { get; init; }

    /// <summary>STATUS=, for people: one line without control characters. Null when the message says nothing of it; empty clears it.</summary>
    public string? Status { get; init; }

    public WatchdogSign Watchdog { get; init; }

    /// <summary>MAINPID=. Only to be shown: the process that Init started is the program, whatever it says.</summary>
    public int? MainPid { get; init; }

    /// <summary>ERRNO=: why the program has failed, as errno(3).</summary>
    public int? Errno { get; init; }

    /// <summary>EXTEND_TIMEOUT_USEC=: how much longer the program asks to be waited for, from now.</summary>
    public TimeSpan? ExtendTimeout { get; init; }

    /// <summary>
    /// BARRIER=1: the sender waits until the descriptor that came with the message is closed, which receiving it does; by then all its earlier
    /// messages have been handled.
    /// </summary>
    public bool Barrier { get; init; }

    /// <summary>X_INIT_EVENT=: the type of an event that has happened to the program, for hooks; see <see cref="ToldEvents"/>. Our own: sd_notify(3) leaves names that begin with X_ to everybody.</summary>
    public string? Event { get; init; }

    /// <summary>X_INIT_EVENT_TEXT=: about <see cref="Event"/>, for people, as <see cref="Status"/>.</summary>
    public string? EventText { get; init; }

    /// <summary>Never fails. Of anything longer than <see cref="BytesMax"/> only that much is looked at.</summary>
    public static NotifyMessage Parse(ReadOnlySpan<byte> datagram)
    {
        NotifyMessage message = new();
        ReadOnlySpan<byte> rest = datagram[..Math.Min(datagram.Length, BytesMax)];
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? [] : rest[(end + 1)..];

            int equals = line.IndexOf((byte)'=');
            if (equals > 0)
                message = message.With(line[..equals], line[(equals + 1)..]);
        }

        return message;
    }

    private NotifyMessage With(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        bool isOne = value.SequenceEqual("1"u8);
        if (key.SequenceEqual("READY"u8))
            return isOne ? this with { Ready = true } : this;
        if (key.SequenceEqual("RELOADING"u8))
            return isOne ? this with { Reloading = true } : this;
        if (key.SequenceEqual("STOPPING"u8))
            return isOne ? this with { Stopping = true } : this;
        if (key.SequenceEqual("BARRIER"u8))
            return isOne ? this with { Barrier = true } : this;
        if (key.SequenceEqual("STATUS"u8))
            return this with { Status = ReadText(value, StatusCharactersMax) };
        if (key.SequenceEqual("X_INIT_EVENT"u8))
            return this with { Event = ReadText(value, EventCharactersMax) };
        if (key.SequenceEqual("X_INIT_EVENT_TEXT"u8))
            return this with { EventText = ReadText(value, EventCharactersMax) };
        if (key.SequenceEqual("WATCHDOG"u8))
        {
            return isOne ? this with { Watchdog = WatchdogSign.Alive }
                : value.SequenceEqual("trigger"u8) ? this with { Watchdog = WatchdogSign.Trigger }
                : this;
        }

        if (key.SequenceEqual("MAINPID"u8))
            return ReadNumber(value) is { } pid and > 0 and <= int.MaxValue ? this with { MainPid = (int)pid } : this;

        // The kernel's numbers end at 4095 (MAX_ERRNO).
        if (key.SequenceEqual("ERRNO"u8))
            return ReadNumber(value) is { } errno and <= 4095 ? this with { Errno = (int)errno } : this;
        if (key.SequenceEqual("EXTEND_TIMEOUT_USEC"u8))
        {
            return ReadNumber(value) is { } microseconds
                ? this with { ExtendTimeout = TimeSpan.FromMicroseconds(Math.Min(microseconds, (ulong)ExtensionMax.TotalMicroseconds)) }
                : this;
        }

        return this;
    }

    /// <summary>Digits only; null for anything else, also for what does not fit.</summary>
    private static ulong? ReadNumber(ReadOnlySpan<byte> value) =>
        !value.IsEmpty && char.IsAsciiDigit((char)value[0]) && Utf8Parser.TryParse(value, out ulong number, out int used) && used == value.Length
            ? number
            : null;

    /// <summary>It ends up on terminals, so nothing in it may move a cursor or begin a line.</summary>
    private static string ReadText(ReadOnlySpan<byte> value, int charactersMax)
    {
        StringBuilder text = new();
        while (!value.IsEmpty)
        {
            // What is not valid UTF-8 comes out as U+FFFD.
            _ = Rune.DecodeFromUtf8(value, out Rune rune, out int used);
            value = value[used..];
            if (text.Length + rune.Utf16SequenceLength > charactersMax)
                break;

            text.Append(MayBeShown(rune) ? rune.ToString() : " ");
        }

        return text.ToString();
    }

    /// <summary>Not control characters (C0, DEL, C1), the two separators that end a line, or marks that turn the direction of writing.</summary>
    private static bool MayBeShown(Rune rune) =>
        !Rune.IsControl(rune) && rune.Value is not (0x2028 or 0x2029 or (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069));
}
