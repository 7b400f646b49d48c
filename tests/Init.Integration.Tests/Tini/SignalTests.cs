using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Tini;

/// <summary><c>init -- COMMAND</c>: signals go to the command.</summary>
public sealed class SignalTests
{
    /// <summary>All that can be caught, less the faults, CHLD (which is our own), TTIN and TTOU (from the terminal), and 34 (the runtime's).</summary>
    private static readonly int[] Passed =
        [1, 2, 3, 10, 12, 13, 14, 15, 16, 18, 20, 23, 24, 25, 26, 27, 28, 29, 30, .. Enumerable.Range(35, 30)];

    [RootTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Signal_ThatCanBeCaught_IsPassedOn(bool asPid1)
    {
        using TestProcess process = TestProcess.Start([.. asPid1 ? Namespaces.AsPid1 : [], TestPaths.Init, "--", TestPaths.Dummy, "report-all", "say", "ready", "pause"]);
        process.ReadUntil("ready");
        int init = asPid1 ? Namespaces.Pid1Of(process) : process.Pid;

        foreach (int signal in Passed)
        {
            Assert.Equal(0, Processes.Kill(init, signal));
            Assert.Equal($"signal {signal}", process.ReadLine());
        }
    }

    [Fact]
    public void Signal_ThatEndsTheCommand_EndsInit()
    {
        foreach (int signal in (int[])[1, 2, 3, 10, 12, 14, 15])
        {
            using TestProcess process = TestProcess.StartInit("--", TestPaths.Dummy, "say", "ready", "pause");
            process.ReadUntil("ready");

            process.Signal(signal);

            Assert.Equal(ExitStatus.Exited(128 + signal), process.WaitForExit());
        }
    }

    [Fact]
    public void Signal_AtAnyMomentOfTheStart_IsNotLost()
    {
        // The command ends by the signal, or init does if it comes before init has started at all: it never goes on for ever.
        for (int i = 0; i < 60; i++)
        {
            using TestProcess process = TestProcess.StartInit("--", "sleep", "1000");
            Instant until = MonotonicClock.Now + TimeSpan.FromMicroseconds(i * 100);
            while (MonotonicClock.Now < until)
                Thread.SpinWait(10);

            process.Signal(Signals.SIGTERM);

            Assert.Equal(128 + Signals.SIGTERM, process.WaitForExit().ShellCode);
        }
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void Signal_WithGroupOption_ReachesTheWholeGroup(bool group, int expected)
    {
        using TestProcess process = TestProcess.Start(
            [TestPaths.Init, .. group ? (string[])["-g"] : [], "--", TestPaths.Dummy, "report", "10", "exit-on", "15", "0", "fork", "1", "say", "ready", "pause", "then", "say", "ready", "pause"]);
        process.ReadUntil("ready");
        process.ReadUntil("ready");
        ProcessInfo command = process.Children()[0];

        process.Signal(Signals.SIGUSR1);
        process.ReadUntil("signal 10");
        if (group)
            process.ReadUntil("signal 10");

        // What comes after it in the same queue proves that no second one is under way.
        Assert.Equal(0, Processes.KillGroup(command.ProcessGroup, Signals.SIGTERM));
        Assert.Equal(ExitStatus.Exited(0), process.WaitForExit());
        Assert.Equal(expected, process.Stdout.Split("signal 10").Length - 1);
    }

    [Fact]
    public void Signal_WhenTheCommandIsStopped_ActsOnceItGoesOn()
    {
        using TestProcess process = TestProcess.StartInit("--", TestPaths.Dummy, "say", "ready", "stop", "exit", "4");
        process.ReadUntil("ready");
        process.WaitUntil(() => process.Children() is [{ State: 'T' }], "the command to stop");

        process.Signal(Signals.SIGCONT);

        Assert.Equal(ExitStatus.Exited(4), process.WaitForExit());
    }
}
