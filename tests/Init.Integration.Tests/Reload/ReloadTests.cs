using Init.Control;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Reload;

/// <summary>HUP and <c>update</c>: what has changed is touched, and nothing else.</summary>
public sealed class ReloadTests
{
    private const string Before = """
        [program.kept]
        command = ["${DUMMY}", "pause"]
        start_grace = "0s"
        [program.changed]
        command = ["${DUMMY}", "say", "old", "pause"]
        start_grace = "0s"
        [program.live]
        command = ["${DUMMY}", "ignore", "15", "pause"]
        start_grace = "0s"
        stop = { grace = "1h" }
        [program.removed]
        command = ["${DUMMY}", "sleep", "100020"]
        start_grace = "0s"
        [program.held]
        command = ["${DUMMY}", "say", "held is up", "pause"]
        start_grace = "0s"
        """;

    private static readonly string After = Before
        .Replace("\"say\", \"old\"", "\"say\", \"new\"", StringComparison.Ordinal)
        .Replace("grace = \"1h\"", "grace = \"100ms\"", StringComparison.Ordinal)
        .Replace("[program.removed]", "[program.added]", StringComparison.Ordinal)
        .Replace("100020", "100021", StringComparison.Ordinal)
        .Replace("held is up", "held is changed", StringComparison.Ordinal);

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reload_TouchesOnlyWhatHasChanged(bool bySignal)
    {
        using InitUnderTest init = InitUnderTest.Start(Before);
        int kept = init.WaitForReady("kept").Pid!.Value;
        int changed = init.WaitForReady("changed").Pid!.Value;
        int live = init.WaitForReady("live").Pid!.Value;
        init.WaitForReady("removed");
        init.WaitForReady("held");
        init.StopProgram("held");
        init.WriteConfig(After);

        // What it would do is said first, and done by nobody.
        ControlResult.Changes foretold = init.Ask<ControlResult.Changes>(new ControlRequest.Reread());
        Assert.False(foretold.Applied);
        Assert.Equal(
            [
                "program.added added start", "program.changed changed restart command", "program.held changed none command",
                "program.live changed apply stop.grace", "program.removed removed stop",
            ],
            foretold.Items.Select(item => string.Join(' ', [item.Name, item.Change, item.Action, .. item.Fields])).Order(StringComparer.Ordinal));
        Assert.Equal(changed, init.StatusOf("changed").Pid);

        if (bySignal)
            init.Signal(Linux.Signals.SIGHUP);
        else
            Assert.True(init.Ask<ControlResult.Changes>(new ControlRequest.Update()).Applied);

        init.WaitForLine("changed | new");
        init.WaitForReady("added");
        Assert.NotEqual(changed, init.WaitForReady("changed").Pid);
        init.WaitUntil(() => init.TryStatusOf("removed") is null, "the removed program to be forgotten");
        Assert.DoesNotContain(init.CommandsInside(), line => line.EndsWith("sleep 100020", StringComparison.Ordinal));
        Assert.Equal(kept, init.StatusOf("kept").Pid);
        Assert.Equal(live, init.StatusOf("live").Pid);
        Assert.Equal("STOPPED", init.StatusOf("held").State);

        Assert.Equal(["live: stopped"], init.StopProgram("live")); // Within its new grace.
        Assert.Empty(init.Ask<ControlResult.Changes>(new ControlRequest.Reread()).Items);
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("held is changed", StringComparison.Ordinal));
    }

    [RootFact]
    public void Reload_OfAnInvalidFile_ChangesNothingAndSaysWhy()
    {
        using InitUnderTest init = InitUnderTest.Start(Before);
        int changed = init.WaitForReady("changed").Pid!.Value;
        init.WaitForReady("removed");
        init.WriteConfig(After + "\nstopp = { grace = \"1 parsec\" }\n[program.other]\ncommand = []\n");

        ControlAnswer answer = init.AskOrRefuse(new ControlRequest.Update(), out _);
        init.Signal(Linux.Signals.SIGHUP);
        init.WaitForLine("cannot reload the configuration");

        ControlError error = Assert.IsType<ControlAnswer.Refused>(answer).Error;
        Assert.Equal("invalid-config", error.Code);
        Assert.Contains(error.Problems ?? [], problem => problem.Contains("stopp", StringComparison.Ordinal) && problem.Contains("supervisor.toml:", StringComparison.Ordinal));
        init.WaitForLine("did you mean \"stop\"?");
        Assert.Equal(changed, init.StatusOf("changed").Pid);
        Assert.Equal("RUNNING", init.StatusOf("removed").State);
        Assert.Null(init.TryStatusOf("added"));

        // And a good file is taken after a bad one.
        init.WriteConfig(After);
        init.Signal(Linux.Signals.SIGHUP);
        init.WaitForReady("added");
        init.EndInOrder();
    }

    [RootFact]
    public void Reload_ManyTimesWhileProgramsRestart_KeepsOneProcessEach()
    {
        using InitUnderTest init = InitUnderTest.Start(Before);
        init.WaitForReady("changed");
        for (int i = 0; i < 20; i++)
        {
            init.WriteConfig(i % 2 == 0 ? After : Before);
            init.Signal(Linux.Signals.SIGHUP);
            init.SignalInside(init.StatusOf("kept").Pid ?? 0, Linux.Signals.SIGKILL);
        }

        init.WriteConfig(Before);
        init.Ask<ControlResult.Changes>(new ControlRequest.Update());
        foreach (string name in (string[])["kept", "changed", "live", "removed"])
            init.WaitForReady(name);
        init.WaitUntil(() => init.TryStatusOf("added") is null, "the added one to be gone again");

        init.WaitUntil(() => init.CommandsInside().Count is 4 or 5, "one process for each program"); // "held" is down after its change of command, or up.
        init.WriteConfig(After);
        init.Ask<ControlResult.Changes>(new ControlRequest.Update());
        init.EndInOrder();
    }
}
