using System.Diagnostics;
using Init.Base;
using Init.Engine.Notify;
using Init.Linux;

namespace Init.Engine.Tests.Notify;

public sealed class NotifySocketTests : LoopTest
{
    private readonly string _state = MakeTemporaryDirectory();
    private readonly List<(NotifyMessage Message, int Pid, int Uid)> _received = [];

    public override void Dispose()
    {
        base.Dispose();
        Directory.Delete(_state, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Open_WhenTheDirectoryIsOurs_IsAPathForUsAlone()
    {
        using NotifySocket socket = Open("worker:0");

        Assert.Equal(_state + "/notify/worker:0.sock", socket.Address);
        FileStatus status = Files.StatusOf(socket.Address)!.Value;
        Assert.Equal((FileKind.Socket, 0x180), (status.Kind, status.Mode));
        socket.Dispose();
        Assert.Null(Files.StatusOf(socket.Address));
    }

    [Fact]
    public void Open_WhenAnEarlierInitWasKilled_ReplacesItsSocket()
    {
        Directory.CreateDirectory(_state + "/notify");
        OpenResult stale = UnixSockets.BindDatagram(_state + "/notify/web.sock", 0x180);
        Files.Close(stale.Fd);

        using NotifySocket socket = Open("web");

        Assert.Equal(_state + "/notify/web.sock", socket.Address);
        Hear(socket, "READY=1");
    }

    [Theory]
    [InlineData("long")]
    [InlineData("slash")]
    [InlineData("unwritable")]
    [InlineData("other-user")]
    public void Open_WhenAPathWillNotDo_IsAbstract(string why)
    {
        string instance = why switch { "long" => new string('x', 100), "slash" => "../escape", _ => "web" };
        if (why == "unwritable")
            File.WriteAllText(_state + "/notify", "not a directory"); // Permissions would not stop root.

        using NotifySocket socket = Open(instance, why == "other-user" ? 65534 : null);

        Assert.Matches("^@init/[0-9a-f]{32}$", socket.Address);
        Hear(socket, "READY=1");
    }

    [Fact]
    public void Receive_WhenSent_TellsTheMessageAndTheSender()
    {
        using NotifySocket socket = Open("web");
        UnixSockets.SendDatagram(socket.Address, "READY=1\nSTATUS=up"u8);
        UnixSockets.SendDatagram(socket.Address, ""u8);
        UnixSockets.SendDatagram(socket.Address, "WATCHDOG=1"u8);
        RunUntil(() => _received.Count == 3, "all three are received");

        Assert.Equal(
            [new NotifyMessage { Ready = true, Status = "up" }, new NotifyMessage(), new NotifyMessage { Watchdog = WatchdogSign.Alive }],
            _received.Select(received => received.Message));
        Assert.All(_received, received => Assert.Equal((Environment.ProcessId, (int)Linux.Processes.GetUid()), (received.Pid, received.Uid)));
    }

    [Fact]
    public void Receive_WhenTooLong_IsRefused()
    {
        using NotifySocket socket = Open("web");
        byte[] message = new byte[NotifyMessage.BytesMax + 1];
        "READY=1\n"u8.CopyTo(message);
        UnixSockets.SendDatagram(socket.Address, message);
        Hear(socket, "STOPPING=1");

        Assert.Equal(new NotifyMessage { Stopping = true }, Assert.Single(_received).Message);
        Assert.Equal(1, socket.Refused);
    }

    [Fact]
    public void Receive_WhenDescriptorsComeAlong_ClosesThem()
    {
        using NotifySocket socket = Open("web");
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 5; i++)
        {
            var (read, write) = Pipes.Create(nonBlockingRead: true);
            DescriptorSender.Send(socket.Address, "BARRIER=1", [.. Enumerable.Repeat(write, 1 + (i * 50))]);
            Files.Close(write);
            Assert.True(Files.Read(read, new byte[1]).WouldBlock); // The message in flight still holds the other end.

            RunUntil(() => Files.Read(read, new byte[1]).IsEndOfFile, "the sender sees its barrier fall");
            Files.Close(read);
        }

        Assert.Equal(5, _received.Count(received => received.Message.Barrier));
        Assert.Equal(before, Directory.GetFiles("/proc/self/fd").Length);
    }

    [Fact]
    public void Receive_WhenFlooded_LeavesTheLoopToOthers()
    {
        using NotifySocket flooded = Open("flooded");
        using NotifySocket other = NotifySocket.TryOpen(Loop, _state, "other", null, (message, _, _) => _received.Add((message, 0, 0)), out _)!;
        _received.Clear();
        bool stop = false;
        Thread flooder = new(() =>
        {
            while (!Volatile.Read(ref stop))
                UnixSockets.SendDatagram(flooded.Address, "READY=1"u8);
        });
        flooder.Start();
        try
        {
            RunUntil(() => _received.Count > 200, "the flood is under way");

            // Every pass takes a bounded part of the flood, and a timer and another program have their turn in between.
            for (int i = 0; i < 20; i++)
            {
                int before = _received.Count;
                Instant due = MonotonicClock.Now + TimeSpan.FromMilliseconds(5);
                bool fired = false;
                Loop.At(due, () => fired = true);
                UnixSockets.SendDatagram(other.Address, "STOPPING=1"u8);
                int passes = 0;
                while (!fired)
                {
                    Loop.RunOnce(due);
                    passes++;
                }

                Assert.InRange(_received.Count - before, 1, passes * 33);
                Assert.Contains(_received.Skip(before), received => received.Message.Stopping);
            }

            // At most 32 in 10 ms, however fast they come.
            int taken = _received.Count;
            Instant start = MonotonicClock.Now;
            RunFor(TimeSpan.FromMilliseconds(100));
            Assert.InRange(_received.Count - taken, 0, (((int)(MonotonicClock.Now - start).TotalMilliseconds / 10) + 2) * 32);
        }
        finally
        {
            Volatile.Write(ref stop, value: true);
            RunUntil(() => !flooder.IsAlive, "the flooder ends");
        }
    }

    [Fact]
    public void Dispose_WhenCalledByTheReceiver_IsTheEnd()
    {
        NotifySocket? socket = null;
        int heard = 0;
        socket = NotifySocket.TryOpen(Loop, _state, "web", null, (_, _, _) => Stop(), out _)!;
        UnixSockets.SendDatagram(socket.Address, "READY=1"u8);
        UnixSockets.SendDatagram(socket.Address, "READY=1"u8);
        RunUntil(() => heard > 0, "the first is heard");
        RunFor(TimeSpan.FromMilliseconds(30));
        Assert.Equal(1, heard);

        void Stop()
        {
            heard++;
            socket!.Dispose();
        }
    }

    /// <summary>The protocol's own client, with its barrier: it ends only when the descriptor it sent is closed.</summary>
    [ToolFact("systemd-notify")]
    public void Receive_WhenSystemdNotifySpeaks_Understands()
    {
        foreach (int? programUid in new int?[] { null, 65534 })
        {
            _received.Clear();
            using NotifySocket socket = Open("web", programUid);
            using Process client = Spawn(socket.Address, "systemd-notify", "--ready", "--status=serving");
            RunUntil(() => client.HasExited, "systemd-notify ends");
            Assert.Equal(0, client.ExitCode);
            Assert.Contains(_received, received => received.Message is { Ready: true, Status: "serving" });
        }
    }

    [ToolFact("setpriv", "systemd-notify", RootOnly = true)]
    public void Receive_WhenAStrangerSends_DoesNotHear()
    {
        using NotifySocket closed = Open("web", programUid: 65533);
        using (Process stranger = Spawn(closed.Address, "setpriv", "--reuid=65534", "--clear-groups", "systemd-notify", "--ready", "--no-block"))
            RunUntil(() => stranger.HasExited && closed.Refused > 0, "the stranger is refused");
        Assert.Empty(_received);

        using NotifySocket open = Open("web", programUid: 65534);
        using Process program = Spawn(open.Address, "setpriv", "--reuid=65534", "--clear-groups", "systemd-notify", "--ready", "--no-block");
        RunUntil(() => program.HasExited && _received.Count > 0, "the program is heard");
        Assert.Equal(65534, _received[0].Uid);
    }

    private static Process Spawn(string address, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false };
        start.Environment["NOTIFY_SOCKET"] = address;
        return Process.Start(start)!;
    }

    private NotifySocket Open(string instance, int? programUid = null)
    {
        NotifySocket? socket = NotifySocket.TryOpen(
            Loop, _state, instance, programUid, (message, pid, uid) => _received.Add((message, pid, uid)), out string? problem);
        Assert.Null(problem);
        Assert.NotNull(socket);
        return socket;
    }

    private void Hear(NotifySocket socket, string text)
    {
        int before = _received.Count;
        IoResult sent = UnixSockets.SendDatagram(socket.Address, System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(0, sent.Errno);
        RunUntil(() => _received.Count > before, $"{text} is received");
    }
}
