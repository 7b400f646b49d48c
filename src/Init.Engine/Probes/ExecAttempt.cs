using Init.Base;
using Init.Config;
using Init.Engine.Children;

namespace Init.Engine.Probes;

/// <summary>Does the command succeed? Its output goes nowhere: it is asked every few seconds, for ever.</summary>
internal sealed class ExecAttempt(Prober prober, Probe.Exec probe, ProbeSubject subject, TimeSpan timeout, Action<ProbeResult> done)
    : ProbeAttempt(prober, timeout + KillMargin, done)
{
    /// <summary>The runner kills the command when its time is over; we go without its word only if that word does not come either.</summary>
    private static readonly TimeSpan KillMargin = TimeSpan.FromSeconds(1);

    private IRunningCommand? _command;

    protected override string TimeoutDetail => $"{probe.Command[0]}: it took longer than {Durations.Text(timeout)} and could not be killed";

    protected override ProbeResult? Open()
    {
        CommandRequest request = new(
            probe.Command, subject.Launch.Environment, subject.Launch.Directory, timeout, new CommandOutput.Discard())
        {
            As = subject.Launch,
        };
        _command = Prober.Commands.Run(request, Ended);
        return null;
    }

    protected override void Close()
    {
        _command?.Abandon();
        _command = null;
    }

    private void Ended(CommandOutcome outcome)
    {
        _command = null;
        Finish(outcome.Success ? ProbeResult.Yes : ProbeResult.No($"{probe.Command[0]}: {outcome.Describe(timeout)}"));
    }
}
