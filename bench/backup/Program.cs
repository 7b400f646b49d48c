// One backup or restore, for bench/backup/run: what it took, in one line.
using System.Diagnostics;
using Init.Backup;
using Init.Backup.Names;
using Init.Backup.Restore;
using Init.Backup.Store;

if (args is not [var action and ("backup" or "restore"), var @base, var state, .. var repeat])
{
    Console.Error.WriteLine("usage: BackupBench backup|restore BASE STATE [TIMES]    the target is BASE/t");
    return 2;
}

BackupSettings settings = new(Path.GetFullPath(@base), [BytePath.Of("t")], Path.GetFullPath(state));
for (int time = repeat is [var times] ? int.Parse(times) : 1; time > 0; time--)
{
    long start = Stopwatch.GetTimestamp();
    using BackupStore store = BackupStore.Open(settings.StorePath, settings.Branch);
    string said = action == "backup"
        ? Said(BackupRun.Execute(settings, store, DateTimeOffset.UtcNow))
        : RestoreRun.Execute(settings, store, new RestoreRequest(store.Head()!, null, []), DateTimeOffset.UtcNow) is { IsComplete: true, Written: var written } ? $"written={written}" : "FAILED";
    string peak = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(':')[1].Trim();
    Console.WriteLine($"{action} {Stopwatch.GetElapsedTime(start).TotalSeconds:F3} s, {said}, peak {peak}");
}

return 0;

static string Said(BackupResult result) => $"new={result.IsNew} entries={result.Entries} read={result.Read} changed={result.Changed} notes={result.Notes.Total}";
