using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Engine.Control;
using Init.Linux;

namespace Init.Control.Tests.Server;

public class ControlServerTests
{
    private const string Version = "{\"v\":1,\"id\":1,\"op\":\"version\"}";
    private const string StartLater = "{\"v\":1,\"id\":5,\"op\":\"start\",\"names\":[\"later\"]}";
    private const string Follow = "{\"v\":1,\"id\":6,\"op\":\"events\"}";

    [Fact]
    public void Request_IsAnswered()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();

        JsonElement answer = client.Ask(Version);

        Assert.Equal("{\"id\":1,\"ok\":true,\"result\":{\"server\":{\"version\":\"1.2.3\",\"protocol\":1,\"pid\":1,\"state\":\"running\",\"started_at\":0,\"identifier\":\"supervisor\"}}}", answer.GetRawText());
        Assert.Equal(Environment.ProcessId, fixture.OnLoop(() => fixture.Handler.LastPeer!.Value.Pid));
    }

    [Fact]
    public void Socket_IsTheOwnersOnly()
    {
        using ServerFixture fixture = new();

        Assert.Equal(0x180, Files.StatusOf(fixture.SocketPath)!.Value.Mode); // 0600
    }

    [Fact]
    public void Server_WhenAnotherOneListens_SaysSo()
    {
        using ServerFixture fixture = new();
        using EventLoop loop = new();

        SyscallException exception = Assert.Throws<SyscallException>(() => new ControlServer(loop, fixture.SocketPath, new FakeHandler(), _ => { }));

        Assert.StartsWith($"cannot listen on control socket {fixture.SocketPath}: Address already in use", exception.Message);
        using RawClient client = fixture.Connect();
        Assert.True(client.Ask(Version).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Server_WhenTheOneBeforeWasKilled_TakesItsPlace()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("init-control-").FullName, "control.sock");
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
            dead.Listen();
            File.Move(path, path + ".kept"); // .NET removes the file it has bound.
        }

        File.Move(path + ".kept", path);
        using EventLoop loop = new();

        new ControlServer(loop, path, new FakeHandler(), _ => { }).Dispose();

        Assert.False(File.Exists(path));
        Directory.Delete(Path.GetDirectoryName(path)!);
    }

    [Fact]
    public void Socket_WhenItIsNoLongerOurs_IsLeftAlone()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("init-control-").FullName, "control.sock");
        using EventLoop loop = new();
        ControlServer server = new(loop, path, new FakeHandler(), _ => { });
        File.Delete(path);
        File.WriteAllText(path, "somebody else's");

        server.Dispose();

        Assert.Equal("somebody else's", File.ReadAllText(path));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void Requests_WhenSentTogetherAndInPieces_AreAnsweredInOrder()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();
        StringBuilder text = new();
        for (int id = 0; id < 100; id++)
            text.Append(CultureInfo.InvariantCulture, $"{{\"v\":1,\"id\":{id},\"op\":\"version\"}}\r\n\n");

        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        foreach (byte[] piece in bytes.Chunk(37))
            client.Send(piece);

        for (int id = 0; id < 100; id++)
            Assert.Equal(id, client.ReadLine()!.Value.GetProperty("id").GetInt32());
    }

    [Fact]
    public void Reply_MayComeLater_AndOutOfOrder()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();
        client.Send(StartLater + "\n" + Version + "\n");
        Assert.Equal(1, client.ReadLine()!.Value.GetProperty("id").GetInt32());

        fixture.OnLoop(() =>
        {
            IControlReply reply = fixture.Handler.Waiting[0];
            reply.Send(new ControlItem.Outcome("later", OutcomeCode.Started));
            reply.Complete();
            reply.Complete();
            reply.Fail(new ControlError("too", "late"));
            return reply.Send(new ControlItem.Outcome("too", "late"));
        });

        Assert.Equal("{\"id\":5,\"item\":{\"name\":\"later\",\"code\":\"started\"}}", client.ReadLine()!.Value.GetRawText());
        Assert.Equal("{\"id\":5,\"ok\":true}", client.ReadLine()!.Value.GetRawText());
        Assert.Equal(1, client.Ask(Version).GetProperty("id").GetInt32());
        Assert.Equal(0, fixture.OnLoop(() => fixture.Handler.ClientsLeft));
    }

    [Fact]
    public void Handler_WhenTheClientLeaves_IsToldOnce()
    {
        using ServerFixture fixture = new();
        RawClient client = fixture.Connect();
        client.Send(StartLater + "\n" + Follow + "\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 1, "the request was read");

        client.Dispose();

        fixture.Await(() => fixture.Handler.ClientsLeft == 2, "the handler was told");
        Assert.Equal(0, fixture.OnLoop(() => fixture.Server.ConnectionCount));
    }

    [Fact]
    public void Client_WhenItSendsAndLeaves_IsStillObeyed()
    {
        using ServerFixture fixture = new();
        using (RawClient client = fixture.Connect())
            client.Send(Version + "\n");

        fixture.Await(() => fixture.Handler.Handled == 1, "the request was carried out");
        fixture.Await(() => fixture.Server.ConnectionCount == 0, "the connection is gone");
    }

    [Fact]
    public void Client_WhenItOnlyShutsItsWritingHalf_GetsItsAnswers()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();
        client.Send(StartLater + "\n" + Version + "\n");
        client.Socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(1, client.ReadLine()!.Value.GetProperty("id").GetInt32());

        fixture.OnLoop(() =>
        {
            fixture.Handler.Waiting[0].Complete();
            return true;
        });

        Assert.Equal(5, Assert.Single(client.ReadToEnd()).GetProperty("id").GetInt32());
    }

    [Fact]
    public void Client_WhenItForgetsTheNewline_IsTold()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();
        client.Send(Version);
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Contains("does not end with a newline", Message(Assert.Single(client.ReadToEnd())));
    }

    [Fact]
    public void Connection_WhenARequestIsBad_GoesOn()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();

        Assert.Equal("bad-request", Code(client.Ask("nonsense")));
        Assert.Equal("unsupported-version", Code(client.Ask("{\"v\":9,\"id\":1,\"op\":\"version\"}")));
        Assert.Equal("unknown-op", Code(client.Ask("{\"v\":1,\"id\":1,\"op\":\"x\"}")));
        Assert.True(client.Ask(Version).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Handler_WhenItThrows_CostsTheRequestOnly()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();

        Assert.Equal("internal", Code(client.Ask("{\"v\":1,\"id\":1,\"op\":\"env\",\"name\":\"a\"}")));
        Assert.True(client.Ask(Version).GetProperty("ok").GetBoolean());
        Assert.Contains(fixture.Reports, line => line.Contains("the handler is broken", StringComparison.Ordinal));
    }

    [Fact]
    public void Handler_WhenItsCleanUpThrows_CostsNothing()
    {
        using ServerFixture fixture = new();
        using (RawClient client = fixture.Connect())
            client.Send("{\"v\":1,\"id\":1,\"op\":\"explain\",\"name\":\"unset\"}\n");

        fixture.Await(() => fixture.Reports.Any(line => line.Contains("and so is its clean-up", StringComparison.Ordinal)), "it was reported");
        using RawClient next = fixture.Connect();
        Assert.True(next.Ask(Version).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Request_WhenItIsTooLong_EndsTheConnection()
    {
        using ServerFixture fixture = new();
        foreach (string end in new[] { "", "\n" })
        {
            using RawClient client = fixture.Connect();
            client.Send(new string(' ', ControlProtocol.RequestBytesMax - end.Length + 1) + end);

            Assert.Equal("too-large", Code(Assert.Single(client.ReadToEnd())));
        }
    }

    [Fact]
    public void Request_WhenItIsAsLongAsAllowed_IsAnswered()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();

        Assert.True(client.Ask(Version.PadRight(ControlProtocol.RequestBytesMax - 1)).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Request_WhenItComesDropByDrop_IsGivenUp()
    {
        using ServerFixture fixture = new(new ControlServerLimits { RequestTime = TimeSpan.FromMilliseconds(300) });
        using RawClient client = fixture.Connect();
        client.Socket.ReceiveTimeout = 20;
        List<JsonElement> answers = [];
        long end = Environment.TickCount64 + (long)ServerFixture.Deadline.TotalMilliseconds;

        // Each byte comes well within the time; the whole does not.
        while (answers.Count == 0 && Environment.TickCount64 < end)
        {
            try
            {
                client.Send(" ");
                answers = client.ReadToEnd();
            }
            catch (SocketException)
            {
                // Nothing to read yet; or closed while the next byte was sent, and then the answer is there.
            }
        }

        Assert.Equal("timed-out", Code(Assert.Single(answers)));
        Assert.Equal(0, fixture.OnLoop(() => fixture.Server.ConnectionCount));
    }

    [Fact]
    public void Requests_WhenTooManyAreUnderWay_AreRefused()
    {
        using ServerFixture fixture = new(new ControlServerLimits { OutstandingMax = 2 });
        using RawClient client = fixture.Connect();

        client.Send(StartLater + "\n" + StartLater + "\n");
        Assert.Equal("too-many-requests", Code(client.Ask(Version)));

        fixture.OnLoop(() =>
        {
            fixture.Handler.Waiting[0].Complete();
            return true;
        });
        Assert.Equal(5, client.ReadLine()!.Value.GetProperty("id").GetInt32());
        Assert.True(client.Ask(Version).GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Connections_WhenThereAreTooMany_TheQuietestMakesRoom()
    {
        using ServerFixture fixture = new(new ControlServerLimits { ConnectionsMax = 3 });
        using RawClient waiting = fixture.Connect(), following = fixture.Connect(), idle = fixture.Connect();
        waiting.Send(StartLater + "\n");
        following.Send(Follow + "\n");
        idle.Ask(Version);
        fixture.Await(() => fixture.Handler.Followers.Count == 1 && fixture.Handler.Waiting.Count == 1, "all have asked");

        using RawClient fourth = fixture.Connect();
        Assert.True(fourth.Ask(Version).GetProperty("ok").GetBoolean());
        Assert.Equal("too-many-connections", Code(Assert.Single(idle.ReadToEnd())));

        fourth.Send(StartLater + "\n");
        fixture.Await(() => fixture.Handler.Waiting.Count == 2, "the fourth waits too");
        using RawClient fifth = fixture.Connect();
        Assert.True(fifth.Ask(Version).GetProperty("ok").GetBoolean());
        Assert.Equal("too-many-connections", Code(Assert.Single(following.ReadToEnd())));
        fixture.Await(() => fixture.Handler.Followers.Count == 0, "the handler knows");
    }

    [Fact]
    public void Operator_WhenHundredsOfClientsMisbehave_GetsIn()
    {
        using ServerFixture fixture = new();
        List<RawClient> hostile = [];
        for (int i = 0; i < 500; i++)
        {
            RawClient client = fixture.Connect();
            hostile.Add(client);
            switch (i % 5)
            {
                case 1:
                    client.Send("{\"v\":1,\"id\":1,");
                    break;
                case 2:
                    client.Send(Follow + "\n");
                    break;
                case 3:
                    // Never read.
                    client.Send("{\"v\":1,\"id\":1,\"op\":\"status\"}\n{\"v\":1,\"id\":1,\"op\":\"status\"}\n");
                    break;
                case 4:
                    client.Send(StartLater + "\n");
                    break;
                default:
                    break;
            }
        }

        using RawClient own = fixture.Connect();
        for (int i = 0; i < 20; i++)
            Assert.Equal(100, own.Ask("{\"v\":1,\"id\":1,\"op\":\"status\"}").GetProperty("result").GetProperty("programs").GetArrayLength());

        Assert.True(fixture.OnLoop(() => fixture.Server.ConnectionCount) <= 256);
        foreach (RawClient client in hostile)
            client.Dispose();
        fixture.Await(() => fixture.Server is { ConnectionCount: 1, BacklogBytes: 0 }, "all of them are gone");
        Assert.Equal(0, fixture.OnLoop(() => fixture.Handler.Waiting.Count + fixture.Handler.Followers.Count));
    }

    [Fact]
    public void Follower_WhenItDoesNotRead_LosesItemsAndIsTold()
    {
        using ServerFixture fixture = new(new ControlServerLimits { BacklogBytesMax = 64 * 1024, ReadTime = TimeSpan.FromMilliseconds(50) });
        using RawClient slow = fixture.Connect(), quick = fixture.Connect();
        slow.Send(Follow + "\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 1, "it follows");
        string message = new('m', 1000);

        int sent = 0;
        for (int i = 0; i < 2000; i++)
            sent += fixture.OnLoop(() => fixture.Handler.Emit(message));

        Assert.InRange(sent, 1, 1999);
        Assert.InRange(fixture.OnLoop(() => fixture.Server.BacklogBytes), 1, 64 * 1024);
        Assert.True(quick.Ask(Version).GetProperty("ok").GetBoolean());

        int received = 0;
        long dropped = 0;
        while (received + dropped < 2000)
        {
            JsonElement line = slow.ReadLine()!.Value;
            if (line.TryGetProperty("dropped", out JsonElement count))
                dropped += count.GetInt64();
            else
                received++;
        }

        Assert.Equal((sent, 2000 - sent), (received, (int)dropped));
    }

    [Fact]
    public void Client_WhenItDoesNotReadItsAnswer_IsClosed()
    {
        using ServerFixture fixture = new(new ControlServerLimits { ReadTime = TimeSpan.FromMilliseconds(50) });
        using RawClient client = fixture.Connect();

        client.Send("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"bytes\":1000000}\n");

        fixture.Await(() => fixture.Handler.Handled == 1 && fixture.Server.ConnectionCount == 0, "it is closed");
        Assert.Equal(0, fixture.OnLoop(() => fixture.Server.BacklogBytes));
    }

    [Fact]
    public void Client_WhileItDoesNotRead_IsNotReadEither()
    {
        using ServerFixture fixture = new();
        using RawClient client = fixture.Connect();
        string request = "{\"v\":1,\"id\":1,\"op\":\"status\"}\n";

        // 2000 answers of 40 KB would be 80 MB.
        client.Send(string.Concat(Enumerable.Repeat(request, 2000)));
        using (RawClient other = fixture.Connect())
            other.Ask(Version);

        Assert.InRange(fixture.OnLoop(() => fixture.Server.BacklogBytes), 1, 256 * 1024);
        for (int i = 0; i < 2000; i++)
            Assert.True(client.ReadLine()!.Value.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Backlog_WhenAllTogetherIsTooMuch_TheLargestGoes()
    {
        using ServerFixture fixture = new(new ControlServerLimits { TotalBacklogBytesMax = 3_000_000 });
        List<RawClient> clients = [.. Enumerable.Range(0, 8).Select(_ => fixture.Connect())];

        foreach (RawClient client in clients)
        {
            client.Send("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"bytes\":1000000}\n");
            fixture.Await(() => fixture.Server.BacklogBytes <= 3_000_000, "the backlog is bounded");
        }

        fixture.Await(() => fixture.Handler.Handled == 8 && fixture.Server.ConnectionCount is > 0 and < 8, "some were closed");
        Assert.Contains(fixture.Reports, line => line.Contains("does not read what it asked for", StringComparison.Ordinal));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Handler_WhenAClientBreaksWhileItSends_IsNotCalledBackInBetween()
    {
        using ServerFixture fixture = new(new ControlServerLimits { TotalBacklogBytesMax = 20_000 });
        List<RawClient> clients = [.. Enumerable.Range(0, 20).Select(_ => fixture.Connect())];
        foreach (RawClient client in clients)
            client.Send(Follow + "\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 20, "all follow");

        // More than the total: connections are given up in the midst of the walk over the followers, and half of them are gone anyway.
        fixture.OnLoop(() =>
        {
            clients.Take(10).ToList().ForEach(client => client.Dispose());
            return fixture.Handler.Emit(new string('m', 8000));
        });

        fixture.Await(() => fixture.Handler.Followers.Count is > 0 and <= 10, "the departed are forgotten");
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Answer_WhenItIsTooLarge_IsAnError()
    {
        using ServerFixture fixture = new();
        fixture.Handler.Programs = [.. Enumerable.Range(0, 1000).Select(i => Samples.Running($"p{i}") with { Problem = new string('x', 10_000) })];
        using RawClient client = fixture.Connect();

        Assert.Equal("too-large", Code(client.Ask("{\"v\":1,\"id\":1,\"op\":\"status\"}")));
        Assert.True(client.Ask("{\"v\":1,\"id\":1,\"op\":\"status\",\"names\":[\"p7\"]}").GetProperty("ok").GetBoolean());
    }

    [Fact]
    public void Loop_WhileClientsAreIdle_Sleeps()
    {
        using ServerFixture fixture = new();
        using RawClient idle = fixture.Connect(), following = fixture.Connect(), waiting = fixture.Connect();
        idle.Ask(Version);
        following.Send(Follow + "\n");
        waiting.Send(StartLater + "\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 1 && fixture.Handler.Waiting.Count == 1, "all have asked");

        long before = fixture.WakeUps();
        Thread.Sleep(500); // The claim is about a stretch of time.

        // Looking is one wake-up itself.
        Assert.Equal(before + 1, fixture.WakeUps());
    }

    private static string Code(JsonElement answer) => answer.GetProperty("error").GetProperty("code").GetString()!;

    private static string Message(JsonElement answer) => answer.GetProperty("error").GetProperty("message").GetString()!;
}
