using Init.Base;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Robustness;

/// <summary>Systems that lack what others have.</summary>
public sealed class SystemTests
{
    private const string TwoPrograms = """
        [program.main]
        command = ["${DUMMY}", "say", "hello", "pause"]
        start_grace = "0s"
        [program.dying]
        command = ["${DUMMY}", "sleep", "50"]
        start_grace = "0s"
        backoff = { attempts = 0, initial = "10ms", max = "10ms" }
        """;

    [RootTheory]
    [InlineData(0)]
    [InlineData(12345)]
    public void Root_ThatIsReadOnly_WithOneWritableDirectory_IsEnough(int uid)
    {
        using InitUnderTest init = InitUnderTest.Start(
            TwoPrograms, new InitOptions { Uid = uid, Prelude = "mount --bind $DIR $DIR && mount -o remount,bind,ro / && ! touch /tmp/x 2> /dev/null" });

        init.WaitForReady("main");
        init.WaitForState("dying", "RUNNING", status => status.Restarts > 5);

        Assert.Equal("hello\n", init.ReadLog("main.log"));
        init.EndInOrder();
    }

    [RootFact]
    public void Root_ThatIsReadOnly_WithNoWritableDirectory_IsSaidAndSurvived()
    {
        using InitUnderTest init = InitUnderTest.Start(TwoPrograms, new InitOptions { Uid = 12345, Prelude = "mount -o remount,bind,ro /" });

        init.WaitForLine("cannot make directory");
        for (int i = 0; i < 5; i++)
            init.WaitForLine("dying: BACKOFF -> STARTING");

        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(0)]
    [InlineData(12345)]
    public void Proc_ThatIsNotMounted_IsNotNeededToSupervise(int uid)
    {
        using InitUnderTest init = InitUnderTest.Start(TwoPrograms, new InitOptions { Uid = uid, Prelude = "mount -t tmpfs -o ro tmpfs /proc" });

        init.WaitForReady("main");
        init.WaitForState("dying", "RUNNING", status => status.Restarts > 5);

        Assert.Equal(["main: stopped"], init.StopProgram("main"));
        Assert.Equal(["main: started"], init.StartProgram("main"));
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData("printf '{\"version\":1,\"last_ru' > $DIR/state/state.json")]
    [InlineData("head -c 5000 /dev/urandom > $DIR/state/state.json")]
    [InlineData("head -c 3000000 /dev/zero > $DIR/state/state.json")]
    [InlineData("mkdir $DIR/state/state.json")]
    [InlineData("mkfifo $DIR/state/state.json")]
    [InlineData("ln -s /dev/zero $DIR/state/state.json")]
    public void StateFile_ThatIsCorrupt_IsSetAsideAndReported(string corrupt)
    {
        using InitUnderTest init = InitUnderTest.Start(TwoPrograms, new InitOptions { Prelude = $"mkdir $DIR/state && {corrupt}" });

        init.WaitForLine("state.json");
        init.WaitForReady("main");

        Assert.Contains(init.Lines, line => line.Contains("cannot use", StringComparison.Ordinal) && line.Contains("it is kept as", StringComparison.Ordinal));
        Assert.NotEmpty(Directory.GetFileSystemEntries(Path.Combine(init.Directory, "state"), "state.json.corrupt-*"));
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData("echo precious > $DIR/state/control.sock")]
    [InlineData("ln -s /nowhere $DIR/state/control.sock")]
    [InlineData("mkdir $DIR/state/control.sock")]
    public void ControlSocket_WhosePlaceIsTaken_DoesNotStopThePrograms(string taken)
    {
        using InitUnderTest init = InitUnderTest.Start(TwoPrograms, new InitOptions { Prelude = $"mkdir $DIR/state && {taken}" });

        init.WaitForLine("cannot listen on control socket"); // It removes nothing that is not a socket nobody listens on.
        init.WaitForLine("dying: BACKOFF -> STARTING");

        init.EndInOrder();
    }

    [RootFact]
    public void ControlSocket_OfAnInitThatWasKilled_IsReplaced()
    {
        using InitUnderTest init = InitUnderTest.Start(
            TwoPrograms,
            new InitOptions { Prelude = "python3 -c 'import os, socket; os.mkdir(\"'$DIR'/state\"); s = socket.socket(socket.AF_UNIX); s.bind(\"'$DIR'/state/control.sock\")'" });

        init.WaitForReady("main");

        init.EndInOrder();
    }

    [RootTheory]
    [InlineData("/nowhere/supervisor.toml", "cannot")]
    [InlineData("/", "cannot")]
    public void Configuration_ThatCannotBeRead_IsSaidWithExitCode78(string path, string words)
    {
        var (status, _, stderr) = TestProcess.Run(TestPaths.Init, "run", "-c", path);

        Assert.Equal(ExitStatus.Exited(78), status);
        Assert.Contains(words, stderr, StringComparison.Ordinal);
    }

    [RootFact]
    public void Deadlines_AreNeverSetOnTheWallClock()
    {
        // CLOCK_REALTIME belongs to no namespace, so the tests cannot set it for one Init alone; Init.Engine.Tests set it for the scheduler. Here, the
        // kernel is not asked for any timer on it, so that it may jump as it likes.
        using InitUnderTest init = InitUnderTest.Start(
            TwoPrograms + "\n[program.every]\ncommand = [\"true\"]\nevery = \"1s\"\n",
            new InitOptions { AsPid1 = false, Wrapper = ["strace", "-o", "/proc/self/fd/2", "-e", "trace=execve,timerfd_create,timer_create,setitimer"] });

        init.WaitForLine("every: STARTING -> ");
        init.WaitForLine("every: EXITED -> STARTING");

        Assert.Contains("execve(", init.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("CLOCK_REALTIME", init.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("ITIMER_REAL", init.Stderr, StringComparison.Ordinal);
    }
}
