using System.Text;

namespace Init.Linux.Tests;

public sealed class ProcFsTests
{
    private const string Tail = " S 17 42 43 0 -1 4194560 1 2 3 4 150 50 7 8 20 0 1 0 987654 1000000 25 18446744073709551615 1 1 0";

    [Theory]
    [InlineData("(plain)", "plain")]
    [InlineData("(with space)", "with space")]
    [InlineData("(a) R 1 1 (b)", "a) R 1 1 (b")]
    [InlineData("(())", "()")]
    [InlineData("(line\nbreak)", "line\nbreak")]
    public void Parse_WithAnyName_FindsTheFieldsBehindIt(string name, string expected)
    {
        ProcessInfo process = ProcFs.Parse(Encoding.UTF8.GetBytes($"4711 {name}{Tail}\n"))!.Value;

        Assert.Equal((4711, expected, 'S', 17, 42, 43), (process.Pid, process.Name, process.State, process.ParentPid, process.ProcessGroup, process.Session));
        Assert.Equal(987654UL, process.StartTime);
        Assert.Equal(TimeSpan.FromSeconds(2), process.CpuTime); // 150 + 50 ticks of 10 ms.
        Assert.Equal(25 * Environment.SystemPageSize, process.ResidentBytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("4711")]
    [InlineData("4711 (x")]
    [InlineData("4711 (x) S 1 2")]
    public void Parse_WhenCutShort_IsNull(string stat) => Assert.Null(ProcFs.Parse(Encoding.UTF8.GetBytes(stat)));

    [Fact]
    public void ListProcesses_HasUsAndOurChild()
    {
        TestChild child = TestChild.Start(request => request with { Environment = ["OTHER=1", "INIT_INSTANCE=abc", "INIT_INSTANCE2=x"] }, "say", "ready", "pause");
        child.ReadLine();

        ProcessInfo found = Assert.Single(ProcFs.ListProcesses(), process => process.Pid == child.Pid);

        Assert.Equal((Environment.ProcessId, child.Pid, child.Pid, "dummy"), (found.ParentPid, found.ProcessGroup, found.Session, found.Name));
        Assert.InRange(found.ResidentBytes, 100_000, 10_000_000);
        Assert.Equal("abc", ProcFs.ReadEnvironmentValue(child.Pid, "INIT_INSTANCE"));
        Assert.Null(ProcFs.ReadEnvironmentValue(child.Pid, "INIT"));
        Assert.Contains(Environment.ProcessId, ProcFs.ListPids());
        Assert.Equal(0, Processes.KillExactly(child.Pid, found.StartTime, Signals.SIGKILL));
        child.WaitForExit();
        Assert.Null(ProcFs.Read(child.Pid));
    }

    [Fact]
    public void ReadEnvironmentValue_WhenEnvironmentIsLarge_FindsTheLast()
    {
        string[] environment = [.. Enumerable.Range(0, 40).Select(i => $"FILL{i}={new string('x', 5000)}"), "LAST=here"];
        TestChild child = TestChild.Start(request => request with { Environment = environment }, "say", "ready", "pause");
        child.ReadLine();

        Assert.Equal("here", ProcFs.ReadEnvironmentValue(child.Pid, "LAST"));
        Processes.Kill(child.Pid, Signals.SIGKILL);
        child.WaitForExit();
    }

    [Fact]
    public void KillExactly_WhenStartTimeDiffers_SignalsNobody()
    {
        TestChild child = TestChild.Start("say", "ready", "pause");
        child.ReadLine();
        ulong startTime = ProcFs.Read(child.Pid)!.Value.StartTime;

        Assert.Equal(Errno.ESRCH, Processes.KillExactly(child.Pid, startTime + 1, Signals.SIGKILL));
        Assert.Equal(0, Processes.KillGroup(child.Pid, 0)); // Still there.
        Assert.Equal(0, Processes.KillGroup(child.Pid, Signals.SIGTERM));
        Assert.Equal(Signals.SIGTERM, child.WaitForExit().Signal);
        Assert.Equal(Errno.ESRCH, Processes.KillExactly(child.Pid, startTime, Signals.SIGKILL));
    }

    [Fact]
    public void Kill_OfNobodyInParticular_IsRefused()
    {
        // kill(2) would take these for "our group" and "everyone".
        Assert.Equal(Errno.ESRCH, Processes.Kill(0, 0));
        Assert.Equal(Errno.ESRCH, Processes.Kill(-1, 0));
        Assert.Equal(Errno.ESRCH, Processes.KillGroup(1, 0));
        Assert.Equal(Errno.EPERM, Processes.KillAll(0));
    }
}
