using System.Text;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Helpers;

/// <summary><c>init exec-child</c>, by way of the side of it that the supervisor uses.</summary>
public sealed class ExecChildTests
{
    private static ExecChildSpec Dummy(params string[] commands) =>
        new() { Path = TestPaths.Dummy, Argv = ["dummy", .. commands], Environment = ["A=1"] };

    [Fact]
    public void Launch_WithoutWishes_IsACleanProcess()
    {
        var (_, output, failure) = Run(Dummy("masks", "fds", "env", "A", "env", "PATH"));

        Assert.Null(failure);
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nfds 0 1 2\nA=1\nPATH unset\n", output);
    }

    [RootFact]
    public void Launch_AsRoot_CarriesOutEveryWish()
    {
        ExecChildSpec spec = Dummy("ids", "cwd") with
        {
            User = "12345:23456",
            Umask = 0x1F, // 0037
            Nice = 7,
            OomScoreAdjust = 321,
            OpenFiles = 111,
            CoreBytes = 4096,
            NoNewPrivileges = true,
            Directory = "/usr",
        };

        var (status, output, failure) = Run(spec);

        Assert.Null(failure);
        Assert.Equal(ExitStatus.Exited(0), status);
        Assert.Equal(
            "ids 12345 23456\ngroups 23456\numask 0037\nnice 7\nno_new_privs 1\noom_score_adj 321\nopen_files 111 111\ncore 4096 4096\n/usr\n", output);
    }

    [RootFact]
    public void Launch_AsAKnownUser_HasItsGroups()
    {
        UserIdentity daemon = Users.Resolve("daemon", out _)!;

        var (_, output, _) = Run(Dummy("ids") with { User = "daemon" });

        Assert.StartsWith($"ids {daemon.Uid} {daemon.Gid}\ngroups {string.Join(' ', daemon.Groups)}\n", output, StringComparison.Ordinal);
    }

    /// <summary>The steps that can fail for root.</summary>
    public static TheoryData<ExecChildStep, int> Failures => new()
    {
        { ExecChildStep.EnterCgroup, Errno.ENOENT },
        { ExecChildStep.SetOomScore, Errno.EINVAL },
        { ExecChildStep.LimitOpenFiles, Errno.EPERM },
        { ExecChildStep.ResolveUser, 0 },
        { ExecChildStep.EnterDirectory, Errno.ENOENT },
        { ExecChildStep.Execute, Errno.EACCES },
    };

    [RootTheory]
    [MemberData(nameof(Failures))]
    public void Launch_WhenAStepFails_TellsStepAndErrno(ExecChildStep step, int errno)
    {
        var (status, output, failure) = Run(step switch
        {
            ExecChildStep.EnterCgroup => Dummy() with { CgroupProcs = "/no/such/cgroup" },
            ExecChildStep.SetOomScore => Dummy() with { OomScoreAdjust = 5000 },
            ExecChildStep.LimitOpenFiles => Dummy() with { OpenFiles = long.MaxValue },
            ExecChildStep.ResolveUser => Dummy() with { User = "no-such-user" },
            ExecChildStep.EnterDirectory => Dummy() with { Directory = "/no/such/directory" },
            _ => Dummy() with { Path = "/etc/passwd" },
        });

        Assert.Equal(new ExecChildFailure(step, errno), failure);
        Assert.Equal((ExitStatus.Exited(126), ""), (status, output));
    }

    [RootTheory]
    [InlineData("0", ExecChildStep.SetGroups)]
    [InlineData("12345:12345", null)]
    public void Launch_WithoutPrivileges_CanBeNobodyElse(string user, ExecChildStep? expected)
    {

        // The launcher is this process, so the helper is put between: setpriv keeps its descriptors and becomes init.
        SpawnResult result = LaunchThrough(["setpriv", .. Namespaces.AsStranger[1..], TestPaths.Init, ExecChild.AppletName], Dummy("ids") with { User = user }, out int output, out int failurePipe);

        string text = Encoding.UTF8.GetString(Files.ReadToEnd(output, 1 << 20, out _)!);
        ExecChildFailure? failure = ExecChild.ReadFailure(failurePipe);
        Reaper.WaitFor(Assert.IsType<SpawnResult.Spawned>(result).Pid);
        Assert.Equal(expected, failure?.Step);
        Assert.Equal(expected is null, text.StartsWith("ids 12345 12345\n", StringComparison.Ordinal));
        Array.ForEach([output, failurePipe], Files.Close);
    }

    [Fact]
    public void Launch_WhenTheProgramRuns_SecretsAreInNoArgument()
    {
        string secret = Guid.NewGuid().ToString();
        var (read, write) = Pipes.Create();

        SpawnResult result = ExecChild.Launch(TestPaths.Init, Dummy("say", "running", "pause") with { Environment = [$"TOKEN={secret}"] }, new SpawnRequest { Path = "", Argv = [], Environment = [], Stdout = write }, out int failurePipe);
        int pid = Assert.IsType<SpawnResult.Spawned>(result).Pid;
        byte[] line = new byte[8];
        Files.Read(read, line);

        Assert.Equal("running\n", Encoding.UTF8.GetString(line));
        Assert.DoesNotContain(secret, File.ReadAllText($"/proc/{pid}/cmdline"), StringComparison.Ordinal);
        Assert.Contains(secret, File.ReadAllText($"/proc/{pid}/environ"), StringComparison.Ordinal);
        Processes.Kill(pid, Signals.SIGKILL);
        Reaper.WaitFor(pid);
        Array.ForEach([read, write, failurePipe], Files.Close);
    }

    private static (ExitStatus Status, string Output, ExecChildFailure? Failure) Run(ExecChildSpec spec)
    {
        Processes.MarkCloseOnExec(3);
        var (read, write) = Pipes.Create();
        SpawnResult result = ExecChild.Launch(TestPaths.Init, spec, new SpawnRequest { Path = "", Argv = [], Environment = [], Stdout = write, Stderr = SpawnRequest.Inherit }, out int failurePipe);
        Files.Close(write);
        string output = Encoding.UTF8.GetString(Files.ReadToEnd(read, 1 << 20, out _)!);
        ExecChildFailure? failure = ExecChild.ReadFailure(failurePipe);
        ExitStatus status = Reaper.WaitFor(Assert.IsType<SpawnResult.Spawned>(result).Pid);
        Array.ForEach([read, failurePipe], Files.Close);
        return (status, output, failure);
    }

    private static SpawnResult LaunchThrough(string[] command, ExecChildSpec spec, out int output, out int failurePipe)
    {
        OpenResult specFile = Files.CreateInMemory("test", spec.Encode());
        var (read, write) = Pipes.Create();
        (failurePipe, int failureWrite) = Pipes.Create();
        SpawnResult result = Spawner.Spawn(new SpawnRequest
        {
            Path = Assert.IsType<CommandLookup.Found>(CommandLookup.Find(command[0], null, null)).Path,
            Argv = command,
            Environment = [],
            Stdout = write,
            Stderr = SpawnRequest.Inherit,
            ExtraFds = [(specFile.Fd, ExecChild.SpecFd), (failureWrite, ExecChild.FailureFd)],
        });
        Array.ForEach([specFile.Fd, write, failureWrite], Files.Close);
        output = read;
        return result;
    }
}
