using System.Text;
using System.Text.Json;
using Init.Backup.Service;
using Init.Base;

namespace Init.Applets.Backup;

/// <summary>Commands that ask the role.</summary>
internal static class ClientCommands
{
    public static int Status(BackupArguments arguments) => Ask(arguments, client =>
    {
        BackupAnswer answer = client.Ask("status");
        if (answer is not BackupAnswer.Done { Result: { } result })
            return Complain(answer);
        Terminal.Say(arguments.Flags.Contains("--json") ? result.GetRawText() : Describe(ServiceJson.ReadStatus(Encoding.UTF8.GetBytes(result.GetRawText()))!));
        return result.GetProperty("ready").GetBoolean() && !result.TryGetProperty("problem", out JsonElement _) && !result.TryGetProperty("proof_problem", out JsonElement _) ? ExitCode.Success : ExitCode.Failure;
    });

    public static int Now(BackupArguments arguments) => Ask(arguments, client =>
    {
        bool waits = arguments.Flags.Contains("--wait");
        BackupAnswer answer = client.Ask("now", waits ? "\"wait\":true" : "");
        if (answer is not BackupAnswer.Done done)
            return Complain(answer);
        if (waits && done.Result is { } result && ServiceJson.ReadStatus(Encoding.UTF8.GetBytes(result.GetRawText())) is { } status)
            Terminal.Say($"backed up: {status.Acknowledged?.Commit ?? "there is nothing to back up"}");
        return ExitCode.Success;
    });

    private static int Ask(BackupArguments arguments, Func<BackupClient, int> ask)
    {
        if (BackupConfiguration.Socket(arguments) is not { } socket)
            return ExitCode.Configuration;

        using BackupClient? client = BackupClient.Connect(socket);
        if (client is not null)
            return ask(client);

        Terminal.Complain($"cannot ask the backup: nobody answers at {socket} (is a program with builtin = \"backup\" running, and are you its user?)");
        return ExitCode.NotRunning;
    }

    private static int Complain(BackupAnswer answer)
    {
        Terminal.Complain(answer switch
        {
            BackupAnswer.Refused refused => refused.Message,
            BackupAnswer.Lost lost => $"cannot ask the backup: {lost.Why}",
            _ => "cannot ask the backup: the answer is empty",
        });
        return ExitCode.Failure;
    }

    private static string Describe(ServiceStatus status)
    {
        StringBuilder text = new();
        text.Append($"{(status.Ready ? "ready" : "not ready")}, {status.Stage}: {status.Text}\n");
        text.Append($"remote        {status.Remote}, branch {status.Branch}\n");
        text.Append($"acknowledged  {(status.Acknowledged is { } acknowledged ? $"{acknowledged.Commit[..12]}, {Age(acknowledged.At)} ago" : "nothing yet")}\n");
        if (status.Last is { } last)
            text.Append($"last run      {Age(last.At)} ago: {last.Changed} changed, {last.Deleted} deleted of {last.Entries}, in {last.Seconds:0.0} s\n");
        if (status.NextAt is { } next)
            text.Append($"next look     in {HumanText.Delay(Math.Max(0, (next - Now()) / 1000.0))}, changes noticed as they happen: {status.Watch}\n");
        if (status.Restored is { } restored)
            text.Append($"restored      {restored.Written} of {restored.Files} entries, {Age(restored.At)} ago, in {restored.Seconds:0.0} s\n");
        text.Append($"proved        {Describe(status.Proof)}\n");
        if (status.FullProof is { } full && full.At != status.Proof?.At)
            text.Append($"proved fully  {Describe(full)}\n");
        if (status.LeaseOf is { } other)
            text.Append($"lease         held by {other}\n");
        if (status.Problem is { } problem)
            text.Append($"problem       {problem} ({status.Failures} in a row)\n");
        if (status.ProofProblem is { } unproved)
            text.Append($"problem       {unproved}\n");
        if (status.ProofWarning is { } warning)
            text.Append($"warning       {warning}\n");
        foreach (StatusNote note in status.Notes)
            text.Append($"note          {(note.Path is null ? "" : note.Path + ": ")}{note.Text}\n");
        if (status.NotesTotal > status.Notes.Count)
            text.Append($"note          and {status.NotesTotal - status.Notes.Count} more\n");
        return text.ToString().TrimEnd('\n');
    }

    private static string Describe(ProofState? proof) => proof is null
        ? "not yet: nothing has been restored to see that it can be"
        : $"{Age(proof.At)} ago, {(proof.Full ? "all of it" : "a sample")}: {(proof.Failures.Count == 0 ? "" : "FAILED, ")}{proof.Files} files of {proof.Commit[..12]} from {proof.Source}, in {proof.Seconds:0.0} s";

    private static string Age(long at) => HumanText.Delay((Now() - at) / 1000.0);

    private static long Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
}
