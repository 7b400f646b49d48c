using Init.Base;

namespace Init.Linux.Tests;

public sealed class SpawnerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("init-spawn-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Spawn_Always_GivesChildCleanSignalsAndOnlyItsOwnDescriptors()
    {
        string[] lines = TestChild.Start("masks", "fds").ReadAllLines();

        Assert.Equal(["SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000", "fds 0 1 2"], lines);
    }

    [Fact]
    public void Spawn_WithMaskAndKeptIgnored_PassesThemOn()
    {
        // The .NET runtime itself ignores SIGPIPE.
        string[] lines = TestChild.Start(
            request => request with { SignalMask = SignalSet.Of(Signals.SIGUSR2), KeepIgnored = SignalSet.Of(Signals.SIGPIPE) }, "masks").ReadAllLines();

        Assert.Equal(["SigBlk:\t0000000000000800", "SigIgn:\t0000000000001000"], lines);
    }

    [Theory]
    [InlineData(SpawnSession.New)]
    [InlineData(SpawnSession.NewGroup)]
    [InlineData(SpawnSession.Inherited)]
    public void Spawn_InSession_HasGroupAndSession(SpawnSession session)
    {
        TestChild child = TestChild.Start(request => request with { Session = session }, "pid");

        int[] ids = [.. child.ReadAllLines()[0].Split(' ').Skip(1).Select(int.Parse)];

        ProcessInfo self = ProcFs.Read(Environment.ProcessId)!.Value;
        Assert.Equal(child.Pid, ids[0]);
        Assert.Equal(Environment.ProcessId, ids[1]);
        Assert.Equal(session == SpawnSession.Inherited ? self.ProcessGroup : child.Pid, ids[2]);
        Assert.Equal(session == SpawnSession.New ? child.Pid : self.Session, ids[3]);
    }

    [Fact]
    public void Spawn_WithEnvironmentAndDirectory_ChildSeesThem()
    {
        string[] lines = TestChild.Start(
            request => request with { Environment = ["NAME=käse = x", "EMPTY="], Directory = _directory }, "env", "NAME", "env", "EMPTY", "env", "PATH", "cwd").ReadAllLines();

        Assert.Equal(["NAME=käse = x", "EMPTY=", "PATH unset", _directory], lines);
    }

    [Fact]
    public void Spawn_WhenSourceAndTargetNumbersCross_EachDescriptorArrives()
    {
        // Two pipes whose read ends are swapped: the number of each is the target of the other.
        var (readA, writeA) = Pipes.Create();
        var (readB, writeB) = Pipes.Create();
        Files.WriteAll(writeA, "from a\n"u8);
        Files.WriteAll(writeB, "from b\n"u8);

        string[] lines = TestChild.Start(
            request => request with { ExtraFds = [(readA, readB), (readB, readA)] }, "echo", $"{readA}", "echo", $"{readB}", "fds").ReadAllLines();

        Assert.Equal(["from b", "from a", $"fds 0 1 2 {Math.Min(readA, readB)} {Math.Max(readA, readB)}"], lines);
        Array.ForEach([readA, writeA, readB, writeB], Files.Close);
    }

    [Fact]
    public void Spawn_WhenExtraKeepsItsNumber_IsOpenInChild()
    {
        var (read, write) = Pipes.Create();
        Files.WriteAll(write, "same number\n"u8);

        string[] lines = TestChild.Start(request => request with { ExtraFds = [(read, read)] }, "echo", $"{read}").ReadAllLines();

        Assert.Equal(["same number"], lines);
        Array.ForEach([read, write], Files.Close);
    }

    [Fact]
    public void Spawn_WhenFileIsMissing_FailsAtOnceWithErrnoAndNoChild()
    {
        SpawnResult result = Spawner.Spawn(new SpawnRequest { Path = "/no/such/file", Argv = ["x"], Environment = [] });

        Assert.Equal(new SpawnResult.Failed(Errno.ENOENT, "cannot execute /no/such/file: No such file or directory (errno 2)"), result);
    }

    [Fact]
    public void Spawn_WhenDirectoryIsMissing_SaysSo()
    {
        SpawnResult result = Spawner.Spawn(
            new SpawnRequest { Path = TestChild.Path, Argv = ["x"], Environment = [], Directory = "/no/such/directory" });

        Assert.Equal(new SpawnResult.Failed(Errno.ENOENT, "cannot enter directory /no/such/directory: No such file or directory (errno 2)"), result);
    }

    [Theory]
    [InlineData("#!/no/such/interpreter\n", Errno.ENOENT, "interpreter or loader is what is missing")]
    [InlineData("neither this nor that", Errno.ENOEXEC, "neither a program for this machine nor a script")]
    public void Spawn_WhenFileIsNoProgram_SaysWhy(string content, int errno, string message)
    {
        string path = Path.Combine(_directory, "script");
        File.WriteAllText(path, content);
        Files.ChangeMode(path, 0x1ED);

        SpawnResult result = Spawner.Spawn(new SpawnRequest { Path = path, Argv = ["x"], Environment = [] });

        SpawnResult.Failed failed = Assert.IsType<SpawnResult.Failed>(result);
        Assert.Equal(errno, failed.Errno);
        Assert.Contains(message, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Spawn_WhenArgumentIsTooLong_IsE2BIG()
    {
        SpawnResult result = Spawner.Spawn(new SpawnRequest { Path = TestChild.Path, Argv = ["x", new string('x', 200_000)], Environment = [] });

        Assert.Equal(Errno.E2BIG, Assert.IsType<SpawnResult.Failed>(result).Errno);
    }

    [Fact]
    public void Reap_AfterExitAndSignal_TellsHowItEnded()
    {
        Assert.Equal(ExitStatus.Exited(255), TestChild.Start("exit", "255").WaitForExit());
        Assert.Equal(ExitStatus.Signalled(Signals.SIGKILL), TestChild.Start("die", "9").WaitForExit());
    }

    [Fact]
    public void TryPeekExited_WhenChildEnded_LeavesItToBeReaped()
    {
        TestChild child = TestChild.Start("exit", "3");
        WaitUntilZombie(child.Pid);

        Assert.True(Reaper.TryPeekExited(out int first));
        Assert.True(Reaper.TryPeekExited(out int second));
        Assert.Equal((child.Pid, child.Pid), (first, second));
        Assert.Equal(ExitStatus.Exited(3), Reaper.Reap(child.Pid));
        Assert.Null(Reaper.Reap(child.Pid));
        Assert.False(Reaper.TryPeekExited(out _));
    }

    private static void WaitUntilZombie(int pid)
    {
        using EventLoop loop = new();
        OpenResult handle = Processes.OpenHandle(pid);
        bool ended = false;
        loop.Watch(handle.Fd, IoEvents.Readable, _ => ended = true);
        loop.RunOnce(MonotonicClock.Now + TimeSpan.FromSeconds(10));
        Files.Close(handle.Fd);
        Assert.True(ended);
    }
}
