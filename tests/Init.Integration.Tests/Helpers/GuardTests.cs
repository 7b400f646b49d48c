using System.Globalization;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Helpers;

/// <summary><c>init guard</c>: what a supervisor that was killed leaves behind is ended, wherever it has gone, and nothing else is.</summary>
public sealed class GuardTests
{
    [Fact]
    public void Guard_WhenItsPipeEnds_EndsTheInstanceAndNoOther()
    {
        string instance = Guid.NewGuid().ToString("N");
        using TestProcess willing = StartMember(instance, "say", "ready", "pause");
        using TestProcess escaped = StartMember(instance, "daemon", "ignore", "15", "pid", "pause"); // Ignores TERM, in a session of its own.
        using TestProcess stopped = StartMember(instance, "say", "ready", "stop", "pause");
        using TestProcess other = StartMember(instance + "-other", "say", "ready", "pause");
        willing.ReadUntil("ready");
        other.ReadUntil("ready");
        stopped.ReadUntil("ready");
        stopped.WaitUntil(() => ProcFs.Read(stopped.Pid) is { State: 'T' }, "it to stop");
        int daemon = int.Parse(escaped.ReadLine().Split(' ')[1], CultureInfo.InvariantCulture);
        SpawnResult result = Guard.Start(TestPaths.Init, instance, TimeSpan.FromMilliseconds(300), out int pipe);
        int guard = Assert.IsType<SpawnResult.Spawned>(result).Pid;
        Assert.NotNull(ProcFs.Read(daemon));

        // Signals to the group of the supervisor, or to the guard itself, do not end it.
        willing.WaitUntil(() => ProcFs.Read(guard) is { Name: "init" } info && info.Session == guard && Blocks(guard, Signals.SIGTERM), "the guard to start");
        Processes.Kill(guard, Signals.SIGTERM);
        Processes.Kill(guard, Signals.SIGHUP);
        Files.Close(pipe);

        Assert.Equal(ExitStatus.Exited(0), Reaper.WaitFor(guard));
        Assert.Equal(ExitStatus.Signalled(Signals.SIGTERM), willing.WaitForExit());
        Assert.Equal(ExitStatus.Signalled(Signals.SIGTERM), stopped.WaitForExit());
        Assert.True(ProcFs.Read(daemon) is null or { IsZombie: true });
        Assert.Equal('S', ProcFs.Read(other.Pid)!.Value.State);
    }

    [Fact]
    public void Guard_WhenThereIsNothingToEnd_EndsAtOnce()
    {
        SpawnResult result = Guard.Start(TestPaths.Init, Guid.NewGuid().ToString("N"), TimeSpan.FromHours(1), out int pipe);
        Files.Close(pipe);

        Assert.Equal(ExitStatus.Exited(0), Reaper.WaitFor(Assert.IsType<SpawnResult.Spawned>(result).Pid));
    }

    /// <summary>Between its execve(2) and the first instructions of its own, any process can be ended by a signal.</summary>
    private static bool Blocks(int pid, int signal)
    {
        string? line = File.ReadAllLines($"/proc/{pid}/status").FirstOrDefault(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
        return line is not null && (ulong.Parse(line["SigBlk:".Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) == 1;
    }

    private static TestProcess StartMember(string instance, params string[] commands) =>
        TestProcess.Start([TestPaths.Dummy, .. commands], [$"{Guard.InstanceVariable}={instance}"]);
}
