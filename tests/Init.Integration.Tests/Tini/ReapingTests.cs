using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Tini;

/// <summary><c>init -- COMMAND</c>: no zombie stays, whoever it belonged to.</summary>
public sealed class ReapingTests
{
    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Orphans_2000AtOnce_AreAllReaped(bool asPid1)
    {
        // The command forks a parent, which forks 2000 children and dies; they become init's, and then exit.
        using TestProcess process = TestProcess.Start(
            [.. asPid1 ? Namespaces.AsPid1 : [], TestPaths.Init, "--", TestPaths.Dummy, "fork", "1", "fork", "2000", "sleep", "2000", "then", "exit", "0", "then", "say", "ready", "pause"]);
        process.ReadUntil("ready");
        int init = asPid1 ? Namespaces.Pid1Of(process) : process.Pid;
        process.WaitUntil(() => ChildrenOf(init) > 1000, "the orphans to arrive");

        process.WaitUntil(() => ChildrenOf(init) == 1, "all orphans to be reaped");

        Assert.Equal(0, Processes.Kill(init, Signals.SIGTERM));
        Assert.Equal(ExitStatus.Exited(128 + Signals.SIGTERM), process.WaitForExit());
    }

    [Fact]
    public void Orphan_ThatEscapedWithSetsid_IsReapedAndTold()
    {
        using TestProcess process = TestProcess.StartInit(
            "-w", "--", TestPaths.Dummy, "fork", "1", "daemon", "pid", "sleep", "50", "exit", "5", "then", "say", "ready", "pause");
        string pid = "";
        process.WaitUntil(() => (pid = process.Stdout.Split('\n').FirstOrDefault(line => line.StartsWith("pid ", StringComparison.Ordinal)) ?? "").Length > 0, "the daemon");

        process.WaitForStderr($"init: reaped orphan process {pid.Split(' ')[1]} (exit code 5)\n");

        process.Signal(Signals.SIGTERM);
        process.WaitForExit();
    }

    [Fact]
    public void Command_ThatEndsBeforeItsChildren_EndsInitAtOnce()
    {
        using TestProcess process = TestProcess.StartInit("--", TestPaths.Dummy, "fork", "1", "close", "1", "close", "2", "pause", "then", "exit", "6");

        Assert.Equal(ExitStatus.Exited(6), process.WaitForExit());
    }

    private static int ChildrenOf(int pid) => ProcFs.ListProcesses().FindAll(process => process.ParentPid == pid).Count;
}
