using System.Net.Sockets;
using Init.Control;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Supervision;

/// <summary>Whatever execve(2), fork(2) and pipe(2) can say no to is a failed try of one program, is told in words, and is tried again.</summary>
public sealed class StartFailureTests
{
    /// <summary>Both ways to start a process: posix_spawn alone, and through <c>init exec-child</c> (umask).</summary>
    [RootTheory]
    [InlineData("")]
    [InlineData("umask = \"022\"")]
    public void Start_WhenTheCommandCannotBeExecuted_SaysWhyAndGivesUp(string setup)
    {
        string limits = $"backoff = {{ initial = \"10ms\", attempts = 2 }}\n{setup}";
        using InitUnderTest init = InitUnderTest.Start(
            $$"""
            [program.missing]
            command = ["/nowhere/program"]
            {{limits}}
            [program.unlisted]
            command = ["no-such-command"]
            {{limits}}
            [program.plain]
            command = ["${DIR}/supervisor.toml"]
            {{limits}}
            [program.format]
            command = ["${DIR}/format"]
            {{limits}}
            [program.interpreter]
            command = ["${DIR}/interpreter"]
            {{limits}}
            [program.directory]
            command = ["${DIR}"]
            {{limits}}
            [program.nowhere]
            command = ["true"]
            directory = "/nowhere"
            {{limits}}
            [program.big]
            command = ["true"]
            environment = { BIG = "{{new string('x', 140_000)}}" }
            {{limits}}
            [program.good]
            command = ["sleep", "100000"]
            start_grace = "0s"
            {{setup}}
            """,
            new InitOptions { Files = new Dictionary<string, string> { ["format"] = "no program\n", ["interpreter"] = "#!/nowhere/sh\n" } });
        init.WaitForReady("good");

        Dictionary<string, string> expected = new()
        {
            ["missing"] = "/nowhere/program: No such file or directory (errno 2)",
            ["unlisted"] = "no-such-command",
            ["plain"] = "Permission denied (errno 13)",
            ["format"] = "Exec format error (errno 8)",
            ["interpreter"] = "No such file or directory (errno 2)",
            ["directory"] = init.Directory,
            ["nowhere"] = "/nowhere",
            ["big"] = "Argument list too long (errno 7)",
        };
        foreach (var (name, words) in expected)
        {
            ProgramStatus status = init.WaitForState(name, "FATAL");
            Assert.StartsWith("cannot ", status.Problem, StringComparison.Ordinal);
            Assert.Contains(words, status.Problem, StringComparison.Ordinal);
            Assert.Equal(2, status.Restarts);
            Assert.Null(status.Pid);
        }

        init.EndInOrder();
    }

    /// <summary>Both an even and an odd number: pipes come in pairs, so that one descriptor may be left that no program can use, or none.</summary>
    [RootTheory]
    [InlineData(63)]
    [InlineData(64)]
    public void Start_WhenDescriptorsRunOut_IsTriedAgainUntilThereAreSome(int openFiles)
    {
        // Two pipes for each program: 40 programs need more than there are.
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.many]
            command = ["sleep", "100000"]
            replicas = 40
            start_grace = "0s"
            stdout = { mirror = true, file = "" }
            stderr = { mirror = true, file = "" }
            backoff = { initial = "100ms", max = "200ms", attempts = 0 }
            """,
            new InitOptions { Wrapper = ["prlimit", $"--nofile={openFiles}:{openFiles}"] });
        init.WaitForLine("Too many open files (errno 24)");
        List<ProgramStatus> all = StatusOfAll(init);
        Assert.Contains(all, status => status.State == "RUNNING");
        string[] lacking = [.. all.Where(status => status.State is "BACKOFF" or "STARTING").Select(status => status.Name)];
        Assert.NotEmpty(lacking);

        string[] toStop = [.. all.Where(status => status.State == "RUNNING").Select(status => status.Name)];
        init.Ask(new ControlRequest.Stop(toStop, Wait: true));

        foreach (string name in lacking.Take(toStop.Length / 2))
            init.WaitForState(name, "RUNNING");
        init.EndInOrder();
    }

    /// <summary>As after a kill: a child that the dead Init was about to start holds its socket for a moment.</summary>
    [RootFact]
    public void Start_WhenTheControlSocketIsTaken_SaysSoOnceAndListensWhenItIsFree()
    {
        string path = Path.Combine(Path.GetTempPath(), $"init-control-{Guid.NewGuid():N}.sock");
        using Socket other = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        other.Bind(new UnixDomainSocketEndPoint(path));
        other.Listen(16);
        using InitUnderTest init = InitUnderTest.Start(
            $"""
            [init]
            control = "{path}"
            [program.good]
            command = ["sleep", "100000"]
            start_grace = "0s"
            """);
        init.WaitForLine("cannot listen on control socket");
        init.WaitForLine("good: ready"); // Programs do not wait for it.

        other.Dispose();

        ControlClient? client = null;
        init.WaitUntil(() => (client = ControlClient.Connect(path, out _)) is not null, "the control socket");
        using (client)
            Assert.IsType<ControlAnswer.Done>(client!.Ask(new ControlRequest.Status([])));
        Assert.Single(init.Lines, line => line.Contains("cannot listen on control socket", StringComparison.Ordinal));
        init.EndInOrder();
    }

    [RootFact]
    public void Start_WhenTheUserMayHaveNoMoreProcesses_IsTriedAgainUntilItMay()
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.many]
            command = ["sleep", "100000"]
            replicas = 30
            start_grace = "0s"
            backoff = { initial = "100ms", max = "200ms", attempts = 0 }
            """,
            new InitOptions { Uid = 12351, Wrapper = ["prlimit", "--nproc=20"] });
        init.WaitForLine("Resource temporarily unavailable (errno 11)");
        init.WaitUntil(() => StatusOfAll(init).Count(status => status.State == "RUNNING") >= 8, "some to run");
        List<ProgramStatus> all = StatusOfAll(init);
        string[] running = [.. all.Where(status => status.State == "RUNNING").Select(status => status.Name)];
        string[] lacking = [.. all.Where(status => status.State == "BACKOFF").Select(status => status.Name)];
        Assert.NotEmpty(lacking);

        init.Ask(new ControlRequest.Stop(running, Wait: true));

        foreach (string name in lacking.Take(running.Length / 2))
            init.WaitForState(name, "RUNNING");
        init.EndInOrder();
    }

    private static List<ProgramStatus> StatusOfAll(InitUnderTest init) => [.. init.Ask<ControlResult.Status>(new ControlRequest.Status([])).Programs];
}
