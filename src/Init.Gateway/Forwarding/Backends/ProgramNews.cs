using System.Collections.Immutable;
using Init.Admin.Backend;
using Init.Control;
using Init.Panel.Rules;
using Init.Routing.Actions;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>Asks the supervisor about the program behind a backend, when somebody has to be told why it does not answer. While all goes well nothing is asked and nothing is kept.</summary>
internal sealed class ProgramNews(IControlBackend supervisor, BackendPrograms programs, BackupNews? backup)
{
    /// <summary>A page without the program's name is better than one that comes late.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);

    public bool Knows(RouteRule? rule, BackendUrl backend) => programs.Behind(rule, backend) is not null;

    /// <returns>Null when no program is known to be behind it, or the supervisor does not say.</returns>
    public async Task<ProgramSituation?> AskAsync(RouteRule? rule, BackendUrl backend)
    {
        if (programs.Behind(rule, backend) is not { } name || await ProgramsAsync() is not { } all || ProgramSituation.Of(name, all) is not { } situation)
            return null;
        if (backup?.Program is not { } program || !ProgramSituation.LeadsTo(program, situation.WaitingFor, all))
            return situation;

        // In words of ours: what the role says names repositories and hosts, which is nothing for strangers.
        RestoreStage? stage = await backup.AskAsync();
        return situation with { StatusText = stage?.Words, Restore = stage };
    }

    /// <summary>Every backend of these rules, once: healthy when no rule says otherwise.</summary>
    public async Task<IReadOnlyList<BackendSight>> SightsAsync(RouteTable table, BackendBoard board)
    {
        ImmutableArray<BackendReport> reports = board.Report(table, programs);
        IReadOnlyList<ProgramStatus> all = reports.Any(report => report.Program is not null) ? await ProgramsAsync() ?? [] : [];
        return
        [
            .. reports.GroupBy(report => report.Url).Select(ofUrl =>
            {
                string? program = ofUrl.Select(report => report.Program).FirstOrDefault(name => name is not null);
                return new BackendSight(ofUrl.Key, ofUrl.All(report => report.IsHealthy), program, program is null ? null : ProgramSituation.Of(program, all)?.State);
            }),
        ];
    }

    private async Task<IReadOnlyList<ProgramStatus>?> ProgramsAsync()
    {
        try
        {
            ControlAnswer answer = await supervisor.AskAsync(new ControlRequest.Status([], Usage: false)).WaitAsync(Patience);
            return answer is ControlAnswer.Done(ControlResult.Status status) ? status.Programs : null;
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
