using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.Probes;
using Init.Linux;

namespace Init.Engine.Tests.Probes;

public sealed class ProberTests : LoopTest
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(150);
    private static readonly LaunchSpec Launch = new() { Command = ["/bin/web"], Environment = ["A=1"], Directory = "/srv", User = "1000" };
    private static readonly ProbeSubject Subject = new("web", Launch);

    private readonly FakeCommands _commands = new();
    private readonly Prober _prober;

    public ProberTests() => _prober = new Prober(Loop, _commands);

    [Fact]
    public void Tcp_WhenSomebodyListens_Succeeds()
    {
        using ScriptedServer server = new(_ => { });
        Assert.Equal(ProbeResult.Yes, Ask(new Probe.Tcp(IPAddress.Loopback, server.Port)));
    }

    [Fact]
    public void Tcp_WhenSomebodyListensOnV6_Succeeds()
    {
        using ScriptedServer server = new(_ => { }, IPAddress.IPv6Loopback);
        Assert.Equal(ProbeResult.Yes, Ask(new Probe.Tcp(IPAddress.IPv6Loopback, server.Port)));
        Assert.False(Ask(new Probe.Tcp(IPAddress.Loopback, server.Port)).Success);
    }

    [Fact]
    public void Tcp_WhenNobodyListens_SaysConnectionRefused()
    {
        int port = FreePort();
        Assert.Equal(
            ProbeResult.No($"cannot connect to 127.0.0.1:{port}: connection refused"), Ask(new Probe.Tcp(IPAddress.Loopback, port)));
    }

    [Fact]
    public void Tcp_WhenNobodyAnswers_EndsWithTheTimeout()
    {
        // A listener whose queue is full: the kernel drops further SYNs, as a host behind a firewall would.
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        IPEndPoint target = (IPEndPoint)listener.LocalEndPoint!;
        List<OpenResult> fillers = [.. Enumerable.Range(0, 4).Select(_ => TcpSockets.StartConnect(target.Address, target.Port))];

        var (result, took) = AskTimed(new Probe.Tcp(target.Address, target.Port), Short);

        Assert.Equal(ProbeResult.No($"cannot connect to {target}: no answer in 150ms"), result);
        Assert.InRange(took, Short, Short + TimeSpan.FromSeconds(1));
        fillers.ForEach(filler => Files.Close(filler.Fd));
    }

    [Fact]
    public void Tcp_WhenConnectedToItself_IsNoAnswer()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Connect(socket.LocalEndPoint!);
        Assert.True(TcpSockets.IsConnectedToItself((int)socket.Handle));

        using ScriptedServer server = new(_ => { });
        using Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Connect(IPAddress.Loopback, server.Port);
        Assert.False(TcpSockets.IsConnectedToItself((int)other.Handle));
    }

    [Fact]
    public void Start_WhenTheAnswerIsThereAtOnce_TellsItLater()
    {
        ProbeResult? result = null;
        _prober.Start(new Probe.PathExists("/proc"), Subject, Long, answer => result = answer);
        Assert.Null(result);
        RunUntil(() => result is not null, "the probe is answered");
        Assert.Equal(ProbeResult.Yes, result);
    }

    [Fact]
    public void Start_WhenTheProbeIsNotOneToAsk_Throws()
    {
        foreach (Probe probe in new Probe[] { new Probe.Notify(), new Probe.Exit(), new Probe.LogLine("x"), new Probe.Delay(Long) })
            Assert.Throws<ArgumentException>(() => _prober.Start(probe, Subject, Long, _ => { }));
    }

    [Fact]
    public void Path_WhenSomethingIsMissing_SaysWhat()
    {
        string directory = MakeTemporaryDirectory();
        File.WriteAllText(directory + "/file", "");
        File.CreateSymbolicLink(directory + "/link", directory + "/nowhere");

        Assert.Equal(ProbeResult.Yes, Ask(new Probe.PathExists(directory + "/file")));
        Assert.Equal($"{directory}/x does not exist", Ask(new Probe.PathExists(directory + "/x")).Detail);
        Assert.Equal($"{directory}/a does not exist", Ask(new Probe.PathExists(directory + "/a/b/c")).Detail);
        Assert.Equal($"{directory}/file is not a directory", Ask(new Probe.PathExists(directory + "/file/x")).Detail);
        Assert.Equal(
            $"{directory}/link is a symbolic link to {directory}/nowhere, which does not exist", Ask(new Probe.PathExists(directory + "/link")).Detail);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Http_WhenAsked_SendsAnOrdinaryRequest()
    {
        string? request = null;
        using ScriptedServer server = new(connection =>
        {
            request = ScriptedServer.ReadRequest(connection);
            connection.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
        });

        Assert.Equal(ProbeResult.Yes, Ask(new Probe.Http(IPAddress.Loopback, server.Port, "web.local:81", "/health?x=1", BodyContains: null)));
        Assert.StartsWith("GET /health?x=1 HTTP/1.1\r\nHost: web.local:81\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "status 404")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nre\r\n3\r\nady\r\n0\r\n\r\n", null)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nnot yet", "status 200, but the body does not contain the expected text")]
    [InlineData("", "closed the connection without an answer")]
    [InlineData("+OK POP3\r\n", "the answer is not HTTP")]
    public void Http_WhenAnswered_JudgesTheAnswer(string answer, string? reason)
    {
        using ScriptedServer server = ScriptedServer.Answering(answer);
        ProbeResult result = Ask(Http(server, "ready"));
        Assert.Equal(reason is null ? null : $"127.0.0.1:{server.Port}: {reason}", result.Detail);
        Assert.Equal(reason is null, result.Success);
    }

    [Fact]
    public void Http_WhenTheServerDripsForEver_EndsWithTheTimeout()
    {
        using ScriptedServer server = new(connection =>
        {
            connection.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
            while (true)
            {
                connection.Send("."u8);
                Thread.Sleep(5);
            }
        });

        var (result, took) = AskTimed(Http(server, "ready"), Short);

        Assert.Equal(ProbeResult.No($"no complete answer from 127.0.0.1:{server.Port} in 150ms"), result);
        Assert.InRange(took, Short, Short + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void Http_WhenTheServerResets_SaysSo()
    {
        using ScriptedServer server = new(connection =>
        {
            ScriptedServer.ReadRequest(connection);
            connection.LingerState = new LingerOption(enable: true, seconds: 0);
            connection.Close();
        });

        Assert.Equal(ProbeResult.No($"127.0.0.1:{server.Port} reset the connection"), Ask(Http(server, "ready")));
    }

    [Fact]
    public void Http_WhenTheServerAnswersAndClosesBeforeItIsAsked_TakesTheAnswer()
    {
        using ScriptedServer server = new(connection =>
        {
            connection.Send("HTTP/1.1 503 Too Busy To Listen\r\n\r\n"u8);
            connection.Shutdown(SocketShutdown.Both);
        });

        Assert.Equal($"127.0.0.1:{server.Port}: status 503", Ask(Http(server, null)).Detail);
    }

    [Fact]
    public void Http_WhenTheBodyNeverEnds_StopsAtTheLimit()
    {
        long sent = 0;
        using ScriptedServer server = new(connection =>
        {
            connection.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
            byte[] filler = new byte[64 * 1024];
            while (true)
                sent += connection.Send(filler);
        });

        Assert.Equal(
            $"127.0.0.1:{server.Port}: status 200, but the first 1 MiB of the body does not contain the expected text", Ask(Http(server, "ready")).Detail);
    }

    [Fact]
    public void Http_WhenTheRequestIsLargerThanTheSocketBuffer_IsSentInPieces()
    {
        int received = 0;
        string path = "/" + new string('a', 8 * 1024 * 1024);
        using ScriptedServer server = new(connection =>
        {
            Thread.Sleep(50); // Lets the sender run into the full buffer.
            byte[] buffer = new byte[64 * 1024];
            int count;
            do
                received += count = connection.Receive(buffer);
            while (!buffer.AsSpan(0, count).EndsWith("\r\n\r\n"u8));
            connection.Send("HTTP/1.1 200 OK\r\n\r\n"u8);
        });

        Assert.Equal(ProbeResult.Yes, Ask(new Probe.Http(IPAddress.Loopback, server.Port, "h", path, BodyContains: null)));
        Assert.True(received > path.Length);
    }

    [Fact]
    public void Exec_WhenAsked_RunsAsTheProgramWould()
    {
        Probe.Exec probe = new(["check", "--fast"]);
        ProbeResult? result = null;
        _prober.Start(probe, Subject, Short, answer => result = answer);

        CommandRequest request = Assert.Single(_commands.All).Request;
        Assert.Equal<string>(["check", "--fast"], request.Command);
        Assert.Equal<string>(Launch.Environment, request.Environment);
        Assert.Equal("/srv", request.Directory);
        Assert.Same(Launch, request.As);
        Assert.Equal(Short, request.Limit);
        _commands.All[0].Exit(0);
        Assert.Equal(ProbeResult.Yes, result);
    }

    [Fact]
    public void Exec_WhenTheCommandFails_SaysHow()
    {
        List<ProbeResult> results = [];
        for (int i = 0; i < 3; i++)
            _prober.Start(new Probe.Exec(["check"]), Subject, Short, results.Add);

        _commands.All[0].Exit(3);
        _commands.All[1].End(new CommandOutcome(ExitStatus.Signalled(9), Problem: null, TimedOut: true));
        _commands.All[2].End(new CommandOutcome(Status: null, "cannot execute check: No such file or directory (errno 2)", TimedOut: false));

        Assert.Equal(
            [
                "check: exit code 3", "check: it took longer than 150ms and was killed",
                "check: cannot execute check: No such file or directory (errno 2)",
            ],
            results.Select(result => result.Detail));
        Assert.All(results, result => Assert.False(result.Success));
        Assert.Equal(0, _prober.InFlight);
    }

    [Fact]
    public void Exec_WhenItCannotEvenBeKilled_IsGivenUp()
    {
        ProbeResult? result = null;
        _prober.Start(new Probe.Exec(["stuck"]), Subject, TimeSpan.FromMilliseconds(1), answer => result = answer);
        RunUntil(() => result is not null, "the probe is given up");
        Assert.Equal("stuck: it took longer than 1ms and could not be killed", result!.Detail);
        Assert.True(_commands.All[0].IsAbandoned);
    }

    [Fact]
    public void Cancel_WhenUnderWay_TellsNothingAndKeepsNothing()
    {
        using ScriptedServer server = new(connection => connection.Receive(new byte[1]));
        int before = CountSockets();
        List<IRunningProbe> probes = [];
        foreach (Probe probe in new Probe[] { Http(server, null), new Probe.PathExists("/proc"), new Probe.Exec(["x"]), new Probe.Tcp(IPAddress.Loopback, 1) })
            probes.Add(_prober.Start(probe, Subject, Short, _ => Assert.Fail("it was cancelled")));
        Assert.True(CountSockets() > before);

        probes.ForEach(probe => probe.Cancel());
        probes.ForEach(probe => probe.Cancel());

        Assert.Equal(0, _prober.InFlight);
        Assert.True(_commands.All[0].IsAbandoned);
        _commands.All[0].Exit(0);
        RunFor(Short * 2);
        server.Dispose();
        Assert.True(CountSockets() <= before);
    }

    [Fact]
    public void Cancel_WhenAnswered_ChangesNothing()
    {
        IRunningProbe? probe = null;
        int told = 0;
        probe = _prober.Start(new Probe.Tcp(IPAddress.Loopback, FreePort()), Subject, Long, _ =>
        {
            told++;
            probe!.Cancel();
        });
        RunUntil(() => told > 0, "the probe is answered");
        probe.Cancel();
        Assert.Equal((1, 0), (told, _prober.InFlight));
    }

    [Fact]
    public void Start_WhenAThousandAskAtOnce_HoldsAFewAndAnswersAll()
    {
        using ScriptedServer server = ScriptedServer.Answering("HTTP/1.1 200 OK\r\n\r\n");
        int mostInFlight = 0;
        List<ProbeResult> results = [];
        for (int i = 0; i < 1000; i++)
        {
            _prober.Start(Http(server, null), Subject, Long, results.Add);
            mostInFlight = Math.Max(mostInFlight, _prober.InFlight);
        }

        Assert.Equal(1000 - Prober.InFlightMax, _prober.Waiting);
        RunUntil(() => results.Count == 1000, "all are answered");

        Assert.All(results, result => Assert.Equal(ProbeResult.Yes, result));
        Assert.Equal((Prober.InFlightMax, 0, 0), (mostInFlight, _prober.InFlight, _prober.Waiting));
    }

    [Fact]
    public void Start_WhenFull_WaitersComeInOrderAndTheirTimeRunsFromTheirTurn()
    {
        List<IRunningProbe> holders = [];
        for (int i = 0; i < Prober.InFlightMax; i++)
            holders.Add(_prober.Start(new Probe.Exec(["holder"]), Subject, Long, _ => { }));

        List<string> answered = [];
        _prober.Start(new Probe.Exec(["first"]), Subject, Short, _ => answered.Add("first"));
        IRunningProbe second = _prober.Start(new Probe.Exec(["second"]), Subject, Short, _ => answered.Add("second"));
        _prober.Start(new Probe.Exec(["third"]), Subject, Short, _ => answered.Add("third"));
        _prober.Start(new Probe.PathExists("/proc"), Subject, Short, _ => answered.Add("path"));
        second.Cancel();
        RunFor(Short * 2);
        Assert.Equal(["path"], answered); // It needs no place.
        Assert.Equal(Prober.InFlightMax, _commands.All.Count); // The others have not begun.

        holders[0].Cancel();
        holders[1].Cancel();
        Assert.Equal(["first", "third"], _commands.Running.Skip(Prober.InFlightMax - 2).Select(command => command.Request.Command[0]));
        Assert.Equal(0, _prober.Waiting);
    }

    [Fact]
    public void Start_WhenThereAreNoDescriptorsForAMoment_TriesAgain()
    {
        using ScriptedServer server = new(_ => { });
        Ask(new Probe.Tcp(IPAddress.Loopback, server.Port)); // All code is loaded now: that takes descriptors too.

        List<int> hoard = [];
        for (OpenResult one = Files.Open("/dev/null", OpenFlags.Read); one.Succeeded; one = Files.Duplicate(one.Fd))
            hoard.Add(one.Fd);
        ProbeResult? result = null;
        _prober.Start(new Probe.Tcp(IPAddress.Loopback, server.Port), Subject, Long, answer => result = answer);
        Loop.RunOnce(Loop.Now);
        bool answeredTooSoon = result is not null;
        hoard.ForEach(Files.Close);

        Assert.False(answeredTooSoon);
        Assert.NotEmpty(hoard);
        RunUntil(() => result is not null, "the probe is answered");
        Assert.Equal(ProbeResult.Yes, result);
    }

    [Fact]
    public void Start_WhenAnsweredManyTimes_LeavesNoDescriptors()
    {
        using ScriptedServer good = ScriptedServer.Answering("HTTP/1.1 200 OK\r\n\r\n");
        using ScriptedServer bad = ScriptedServer.Answering("x");
        int refused = FreePort();
        Ask(Http(good, null));
        int before = CountSockets() - good.Accepted;
        for (int i = 0; i < 50; i++)
        {
            Ask(Http(good, null));
            Ask(Http(bad, null));
            Ask(new Probe.Tcp(IPAddress.Loopback, refused));
            Ask(new Probe.Tcp(IPAddress.Loopback, good.Port));
        }

        RunUntil(() => good.Accepted == 101 && bad.Accepted == 50, "the servers have seen all of us");
        Assert.Equal(before, CountSockets() - good.Accepted - bad.Accepted);
    }

    private static Probe.Http Http(ScriptedServer server, string? bodyContains) =>
        new(IPAddress.Loopback, server.Port, "localhost", "/", bodyContains);

    private static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private ProbeResult Ask(Probe probe) => AskTimed(probe, Long).Result;

    private (ProbeResult Result, TimeSpan Took) AskTimed(Probe probe, TimeSpan timeout)
    {
        ProbeResult? result = null;
        long start = Stopwatch.GetTimestamp();
        _prober.Start(probe, Subject, timeout, answer => result = answer);
        Assert.Null(result);
        RunUntil(() => result is not null, "the probe is answered");
        Assert.Equal((0, 0), (_prober.InFlight, _prober.Waiting));
        return (result!, Stopwatch.GetElapsedTime(start));
    }
}
