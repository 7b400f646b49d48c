using Init.Base;
using Init.Config;
using Init.Engine.Programs;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Tests.Programs;

public sealed class SharedSocketsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-socket-").FullName;
    private readonly SharedSockets _sockets = new();

    private string SocketPath => Path.Combine(_directory, "app.sock");

    private SharedSocket Socket => new("app", SocketPath, Address: null, Port: 0, Backlog: null, Owner: null, Mode: 0x1B0 /* 0660 */);

    [Fact]
    public void Socket_OfAGroup_IsMadeOnceWithItsModeAndAcceptsBlocking()
    {
        Assert.Empty(_sockets.Configure([Program(Socket), Program(Socket)]));

        Assert.Equal(_sockets.Get(Socket), _sockets.Get(Socket));
        Assert.Equal(0x1B0, Files.StatusOf(SocketPath)!.Value.Mode);
        OpenResult client = UnixSockets.Connect(SocketPath);
        Assert.True(client.Succeeded);
        Files.Close(client.Fd);
    }

    [Fact]
    public void Socket_ThatNothingUsesAnyMore_IsTakenAway()
    {
        _sockets.Configure([Program(Socket)]);

        _sockets.Configure([Program(null)]);

        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void Socket_WhereSomebodyListens_IsLeftToThem()
    {
        int other = UnixSockets.Listen(SocketPath, 0x1B0, 5).OrThrow("listen on", SocketPath);

        Assert.Contains(SocketPath, Assert.Single(_sockets.Configure([Program(Socket)])), StringComparison.Ordinal);
        Assert.Throws<SyscallException>(() => _sockets.Get(Socket));

        // Dead, and its file still there: then it is ours at the next start.
        Files.Close(other);
        Assert.True(_sockets.Get(Socket) >= 0);
    }

    [Fact]
    public void Socket_WithAnOwnerWhoIsNotThere_IsNotMade()
    {
        Assert.Single(_sockets.Configure([Program(Socket with { Owner = "nobody-at-all" })]));
        Assert.False(File.Exists(SocketPath));
    }

    [Fact]
    public void Socket_OfTcp_CanBeConnectedTo()
    {
        SharedSocket socket = new("app", UnixPath: null, System.Net.IPAddress.Loopback, Port: 39_871, Backlog: 5, Owner: null, Mode: 0);

        Assert.Empty(_sockets.Configure([Program(socket)]));

        OpenResult client = TcpSockets.StartConnect(System.Net.IPAddress.Loopback, 39_871);
        Assert.True(client.Succeeded);
        Files.Close(client.Fd);
    }

    public void Dispose()
    {
        _sockets.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static ProgramDefinition Program(SharedSocket? socket) => new()
    {
        Policy = new ProgramPolicy { Name = "app", Program = "app" },
        Launch = new LaunchSpec { Command = ["true"], Socket = socket },
        At = new SourcePosition("x", 1, 1),
    };
}
