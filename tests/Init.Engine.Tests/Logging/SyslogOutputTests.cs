using System.Text;
using Init.Base;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed class SyslogOutputTests
{
    private readonly InitLog _log = new(TimeProvider.System, LogLevel.Debug, () => { });

    [Fact]
    public void Send_Lines_GivesTheLoggerEachAsAMessageOfItsOwn()
    {
        string address = $"@init-syslog-{Guid.NewGuid():N}";
        int logger = UnixSockets.BindDatagram(address, mode: 0x180).OrThrow("bind", address);
        var syslog = new SyslogOutput(_log, address);

        syslog.Send("web", "one\ntwo"u8, new Instant(0));

        Assert.Equal("<14>supervisord: web one", Receive(logger));
        Assert.Equal("<14>supervisord: web two", Receive(logger));
        Files.Close(logger);
    }

    [Fact]
    public void Send_WhenNobodyListens_SaysSoOnceAndTriesAgainLater()
    {
        string address = $"@init-syslog-{Guid.NewGuid():N}";
        var syslog = new SyslogOutput(_log, address);
        syslog.Send("web", "lost\n"u8, new Instant(0));
        syslog.Send("web", "lost\n"u8, new Instant(0));
        Assert.Single(_log.Take());
        int logger = UnixSockets.BindDatagram(address, mode: 0x180).OrThrow("bind", address);

        syslog.Send("web", "too soon\n"u8, new Instant(0) + TimeSpan.FromSeconds(9));
        syslog.Send("web", "heard\n"u8, new Instant(0) + TimeSpan.FromSeconds(10));

        Assert.Equal("<14>supervisord: web heard", Receive(logger));
        Files.Close(logger);
    }

    private static string Receive(int socket)
    {
        byte[] buffer = new byte[10_000];
        return Encoding.UTF8.GetString(buffer, 0, UnixSockets.Receive(socket, buffer).Count);
    }
}
