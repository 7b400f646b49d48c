using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Init.Linux.Tests;

public sealed class SocketTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-sockets-").FullName;

    private string At => Path.Combine(_directory, "sock");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(0x180)]
    [InlineData(0x1B6)]
    public void Listen_OnPath_HasTheModeAndTellsThePeer(int mode)
    {
        OpenResult listener = UnixSockets.Listen(At, mode, backlog: 8);
        Assert.Equal(mode, Files.StatusOf(At)!.Value.Mode);
        Assert.Equal(Errno.EAGAIN, UnixSockets.Accept(listener.Fd).Errno);

        OpenResult client = UnixSockets.Connect(At);
        OpenResult server = UnixSockets.Accept(listener.Fd);

        Assert.Equal(new SocketCredentials(Environment.ProcessId, (int)Processes.GetUid(), (int)Processes.GetGid()), UnixSockets.PeerOf(server.Fd));
        Assert.Equal(2, UnixSockets.Send(client.Fd, "hi"u8).Count);
        byte[] buffer = new byte[8];
        Assert.Equal(2, Files.Read(server.Fd, buffer).Count);
        Files.Close(client.Fd);
        Assert.Equal(Errno.EPIPE, UnixSockets.Send(server.Fd, "x"u8).Errno);
        Array.ForEach([server.Fd, listener.Fd], Files.Close);
    }

    [Fact]
    public void Listen_WhenASupervisorLeftItsSocketBehind_ReplacesIt()
    {
        OpenResult dead = UnixSockets.Listen(At, 0x180, backlog: 8);
        Files.Close(dead.Fd);
        Assert.Equal(Errno.ECONNREFUSED, UnixSockets.Connect(At).Errno);

        OpenResult listener = UnixSockets.Listen(At, 0x180, backlog: 8);

        Assert.True(listener.Succeeded);
        Assert.True(UnixSockets.Connect(At).Succeeded);
        Files.Close(listener.Fd);
    }

    [Fact]
    public void Listen_WhenAnotherListens_LeavesItAlone()
    {
        OpenResult other = UnixSockets.Listen(At, 0x180, backlog: 8);

        Assert.Equal(Errno.EADDRINUSE, UnixSockets.Listen(At, 0x180, backlog: 8).Errno);
        Assert.True(UnixSockets.Connect(At).Succeeded);
        Files.Close(other.Fd);
    }

    [Fact]
    public async Task Listen_WhenAnotherHangsWithItsBacklogFull_DoesNotWaitForIt()
    {
        OpenResult hanging = UnixSockets.Listen(At, 0x180, backlog: 0);
        OpenResult waiting = UnixSockets.Connect(At); // Fills the backlog: nobody accepts.

        Task<OpenResult> second = Task.Run(() => UnixSockets.Listen(At, 0x180, backlog: 8));
        bool answered = await Task.WhenAny(second, Task.Delay(TimeSpan.FromSeconds(30))) == second;
        Files.Close(hanging.Fd); // Lets a connect that waits go, so that a failing test ends.

        Assert.True(answered, "it waits for a supervisor that hangs");
        Assert.Equal(Errno.EADDRINUSE, (await second).Errno);
        Files.Close(waiting.Fd);
    }

    [Fact]
    public void Listen_WhenAFileIsInTheWay_DoesNotDeleteIt()
    {
        File.WriteAllText(At, "precious");

        Assert.Equal(Errno.EADDRINUSE, UnixSockets.Listen(At, 0x180, backlog: 8).Errno);
        Assert.Equal("precious", File.ReadAllText(At));
    }

    [Fact]
    public void Listen_WhenThePathIsTooLong_IsENAMETOOLONG() =>
        Assert.Equal(Errno.ENAMETOOLONG, UnixSockets.Listen("/tmp/" + new string('x', 103), 0x180, backlog: 8).Errno);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Receive_Datagram_TellsTextAndSender(bool isAbstract)
    {
        string address = isAbstract ? $"@init-test-{Environment.ProcessId}" : At;
        OpenResult socket = UnixSockets.BindDatagram(address, 0x180);
        Assert.True(socket.Succeeded);

        Assert.Equal(7, UnixSockets.SendDatagram(address, "READY=1"u8).Count);
        byte[] buffer = new byte[64];
        ReceivedDatagram datagram = UnixSockets.Receive(socket.Fd, buffer);

        Assert.Equal("READY=1", Encoding.ASCII.GetString(buffer, 0, datagram.Count));
        Assert.Equal(Environment.ProcessId, datagram.Sender!.Value.Pid);
        Assert.False(datagram.WasTruncated);
        Assert.Equal(Errno.EAGAIN, UnixSockets.Receive(socket.Fd, buffer).Errno);

        UnixSockets.SendDatagram(address, new byte[65]);
        Assert.True(UnixSockets.Receive(socket.Fd, buffer).WasTruncated);
        Files.Close(socket.Fd);
    }

    [Fact]
    public void Receive_WhenTheSenderPassesDescriptors_ClosesThem()
    {
        OpenResult socket = UnixSockets.BindDatagram(At, 0x180);
        int before = Directory.GetFiles("/proc/self/fd").Length;

        // python3 because .NET cannot pass descriptors.
        SpawnResult python = Spawner.Spawn(new SpawnRequest
        {
            Path = "/usr/bin/env",
            Argv = ["env", "python3", "-c", $"import socket,array; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.connect('{At}'); s.sendmsg([b'FDSTORE=1'],[(socket.SOL_SOCKET,socket.SCM_RIGHTS,array.array('i',[0,1,2]))])"],
            Environment = [$"PATH={Environment.GetEnvironmentVariable("PATH")}"],
            Stderr = SpawnRequest.Inherit,
        });
        Assert.Equal(0, Reaper.WaitFor(Assert.IsType<SpawnResult.Spawned>(python).Pid).ShellCode);

        ReceivedDatagram datagram = UnixSockets.Receive(socket.Fd, new byte[64]);

        Assert.Equal(9, datagram.Count);
        Assert.NotNull(datagram.Sender);
        Assert.Equal(before, Directory.GetFiles("/proc/self/fd").Length);
        Files.Close(socket.Fd);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public void StartConnect_ToAListener_BecomesWritableWithoutError(string address)
    {
        using TcpListener listener = new(IPAddress.Parse(address), 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;

        OpenResult socket = TcpSockets.StartConnect(IPAddress.Parse(address), port);

        Assert.Equal(0, WaitForAnswer(socket));
        Files.Close(socket.Fd);
    }

    [Fact]
    public void StartConnect_ToNobody_IsRefused()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        OpenResult socket = TcpSockets.StartConnect(IPAddress.Loopback, port);

        Assert.Equal(Errno.ECONNREFUSED, socket.Succeeded ? WaitForAnswer(socket) : socket.Errno);
    }

    private static int WaitForAnswer(OpenResult socket)
    {
        using EventLoop loop = new();
        int error = -1;
        loop.Watch(socket.Fd, IoEvents.Writable, _ => error = TcpSockets.PendingError(socket.Fd));
        loop.RunOnce(MonotonicClock.Now + TimeSpan.FromSeconds(10));
        return error;
    }
}
