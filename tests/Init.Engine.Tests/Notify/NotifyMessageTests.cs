using System.Text;
using Init.Engine.Notify;

namespace Init.Engine.Tests.Notify;

public sealed class NotifyMessageTests
{
    public static TheoryData<string, NotifyMessage> Messages => new()
    {
        { "", new() },
        { "READY=1", new() { Ready = true } },
        { "READY=1\n", new() { Ready = true } },
        { "READY=1\nSTATUS=serving on 80\nMAINPID=17", new() { Ready = true, Status = "serving on 80", MainPid = 17 } },
        { "\n\nRELOADING=1\n\nMONOTONIC_USEC=123\n", new() { Reloading = true } },
        { "STOPPING=1", new() { Stopping = true } },
        { "WATCHDOG=1", new() { Watchdog = WatchdogSign.Alive } },
        { "WATCHDOG=trigger", new() { Watchdog = WatchdogSign.Trigger } },
        { "BARRIER=1", new() { Barrier = true } },
        { "ERRNO=2", new() { Errno = 2 } },
        { "EXTEND_TIMEOUT_USEC=1500000", new() { ExtendTimeout = TimeSpan.FromSeconds(1.5) } },
        { "EXTEND_TIMEOUT_USEC=18446744073709551615", new() { ExtendTimeout = NotifyMessage.ExtensionMax } },

        { "STATUS=", new() { Status = "" } },
        { "STATUS=a=b", new() { Status = "a=b" } },
        { "STATUS=one\nSTATUS=two", new() { Status = "two" } },
        { "STATUS=läuft 🚀", new() { Status = "läuft 🚀" } },
        { "STATUS=\u001b[31mred\u001b[0m\ttab\u007f\u0085", new() { Status = " [31mred [0m tab  " } },
        { "STATUS=\u202eevil\u2028", new() { Status = " evil " } },

        { "X_INIT_EVENT=backup.failed\nX_INIT_EVENT_TEXT=cannot \u001bpush", new() { Event = "backup.failed", EventText = "cannot  push" } },

        { "READY=0", new() },
        { "READY=11", new() },
        { "READY= 1", new() },
        { "READY=1\r\n", new() },
        { "ready=1", new() },
        { "READY", new() },
        { "=1", new() },
        { " READY=1", new() },
        { "NOTREADY=1", new() },
        { "X_OWN=1", new() },
        { "MAINPID=0\nMAINPID=-5\nMAINPID=99999999999\nMAINPID=1x\nMAINPID=", new() },
        { "ERRNO=4096\nERRNO=+2", new() },
        { "EXTEND_TIMEOUT_USEC=99999999999999999999", new() },
        { "WATCHDOG=0", new() },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public void Parse_WhenRead_SaysWhatTheMessageSays(string text, NotifyMessage expected) =>
        Assert.Equal(expected, NotifyMessage.Parse(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Parse_WhenNotUtf8_KeepsTheRest() =>
        Assert.Equal("a\uFFFDb", NotifyMessage.Parse("STATUS=a\u00ff"u8[..8].ToArray().Append((byte)0xFF).Append((byte)'b').ToArray()).Status);

    [Fact]
    public void Parse_WhenTheStatusIsLong_CutsItBetweenCharacters()
    {
        string? status = NotifyMessage.Parse(Encoding.UTF8.GetBytes("STATUS=x" + string.Concat(Enumerable.Repeat("🚀", 600)))).Status;
        Assert.Equal(NotifyMessage.StatusCharactersMax - 1, status!.Length);
        Assert.EndsWith("🚀", status, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_WhenTooLong_LooksAtTheBeginningOnly()
    {
        byte[] message = Encoding.UTF8.GetBytes(new string('\n', NotifyMessage.BytesMax - 7) + "READY=1\nSTOPPING=1");
        Assert.Equal(new NotifyMessage { Ready = true }, NotifyMessage.Parse(message));
    }

    [Fact]
    public void Parse_WhenGivenAnything_NeverThrowsAndStaysInBounds()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        string[] words =
        [
            "READY", "STATUS", "WATCHDOG", "MAINPID", "ERRNO", "EXTEND_TIMEOUT_USEC", "BARRIER", "=", "=", "=", "1", "\n", "\n", "trigger", "18446744073709551616",
            "\u001b", "\uD83D\uDE80", "-", "\0", "2147483648",
        ];
        for (int round = 0; round < 50_000; round++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => words[random.Next(words.Length)]));
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);

            NotifyMessage message = NotifyMessage.Parse(bytes);

            string where = $"seed {seed}, round {round}, {Convert.ToHexString(bytes)}";
            Assert.True(message.Status is null || !message.Status.Any(char.IsControl), where);
            Assert.True((message.Status?.Length ?? 0) <= bytes.Length, where);
            Assert.True(message.MainPid is null or > 0, where);
            Assert.True(message.Errno is null or (>= 0 and <= 4095), where);
            Assert.True(message.ExtendTimeout is null || (message.ExtendTimeout >= TimeSpan.Zero && message.ExtendTimeout <= NotifyMessage.ExtensionMax), where);
        }
    }
}
