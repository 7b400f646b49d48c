using Init.Backup.GitHub;
using Init.Backup.History;
using Init.Backup.Manifest;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Sqlite;
using Init.Backup.Store;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Whether a backup can work on this machine, with this configuration, and what to do when it cannot. Changes nothing.</summary>
public static class BackupDoctor
{
    /// <summary>Configuration by the environment is of git 2.31; durable writes as we ask for them of 2.36.</summary>
    private static readonly Version GitOldest = new(2, 31), GitWanted = new(2, 36);

    private const long FreeLeast = 50L << 20, FreeWanted = 500L << 20;

    public static IReadOnlyList<DoctorCheck> Examine(BackupParts parts, TimeProvider time, CancellationToken cancel)
    {
        List<DoctorCheck> checks = [OfGit(), OfSqlite(), .. parts.Options.Targets.Select(target => OfTarget(parts, target)), OfState(parts)];
        if (checks[0].Outcome == CheckOutcome.Fail)
            return checks; // Whatever else asks git would say the same.

        using BackupStore? store = BackupStore.OpenForReading(parts.Settings.StorePath, parts.Settings.Branch);
        checks.Add(OfStore(store));
        checks.Add(OfIndex(parts, store));
        checks.Add(OfWatch(parts, store));
        if (parts.GitHub is { } gitHub)
            checks.AddRange(GitHubDoctor.Judge(GitHubDoctor.Examine(gitHub, time, cancel), parts.Options.AllowPublic, time.GetUtcNow()));
        else
            checks.Add(OfRemote(parts, cancel));
        if (checks.TrueForAll(check => check.Check != "clock"))
            checks.Add(OfClock(store, time.GetUtcNow()));
        return checks;
    }

    /// <param name="said">What "git version" prints.</param>
    public static DoctorCheck JudgeGit(string said)
    {
        string[] words = said.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] numbers = words.Length > 2 ? words[2].Split('.') : [];
        if (numbers.Length < 2 || !int.TryParse(numbers[0], out int major) || !int.TryParse(numbers[1], out int minor))
            return new("git", CheckOutcome.Warn, $"it says \"{said}\", which is no version that is known");

        Version version = new(major, minor);
        return version < GitOldest ? new("git", CheckOutcome.Fail, $"{said} is too old", $"install git {GitWanted} or later")
            : version < GitWanted ? new("git", CheckOutcome.Warn, $"{said} does not write as durably as it could", $"install git {GitWanted} or later")
            : new("git", CheckOutcome.Ok, said);
    }

    private static DoctorCheck OfGit()
    {
        try
        {
            return JudgeGit(new GitRunner("/").Run(GitRunner.ShortTime, [], "version")!);
        }
        catch (GitException exception)
        {
            return new("git", CheckOutcome.Fail, exception.Message, "install git");
        }
    }

    private static DoctorCheck OfSqlite()
    {
        try
        {
            using SqliteDatabase memory = new(":memory:"u8, SqliteNative.SQLITE_OPEN_READWRITE | SqliteNative.SQLITE_OPEN_CREATE, TimeSpan.Zero);
            return new("libsqlite3", CheckOutcome.Ok, $"version {memory.Query("select sqlite_version()", 1)[0]}");
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException or SqliteException)
        {
            return new("libsqlite3", CheckOutcome.Fail, "it cannot be loaded, and databases cannot be copied at one moment without it", "install libsqlite3 (Debian: libsqlite3-0)");
        }
    }

    private static DoctorCheck OfTarget(BackupParts parts, string target)
    {
        string path = Path.Combine(parts.Options.Base, target);
        const string Remedy = "see how it is written in targets, and who may read it";
        try
        {
            if (Directory.Exists(path))
                _ = Directory.EnumerateFileSystemEntries(path).Any();
            else if (File.Exists(path))
                File.OpenRead(path).Dispose();
            else
                return new("target", CheckOutcome.Warn, $"{path} is not there", "it may come with the first start of its program; else see how it is written in targets");
            return new("target", CheckOutcome.Ok, $"{path} can be read");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new("target", CheckOutcome.Fail, $"{path} cannot be read: {exception.Message}", Remedy);
        }
    }

    private static DoctorCheck OfState(BackupParts parts)
    {
        string path = parts.Settings.StateDirectory;
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } above)
            path = above;
        try
        {
            string trial = Path.Combine(path, $".init-doctor-{Environment.ProcessId}");
            File.WriteAllText(trial, "");
            File.Delete(trial);
            long free = new DriveInfo(path).AvailableFreeSpace;
            CheckOutcome outcome = free < FreeLeast ? CheckOutcome.Fail : free < FreeWanted ? CheckOutcome.Warn : CheckOutcome.Ok;
            return new("state directory", outcome, $"{path} can be written, {free >> 20} MB are free", outcome == CheckOutcome.Ok ? null : "make room, or put state_dir elsewhere");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new("state directory", CheckOutcome.Fail, $"{path} cannot be written: {exception.Message}", "give it to the user that the backup runs as, or set state_dir");
        }
    }

    private static DoctorCheck OfStore(BackupStore? store) =>
        store is null ? new("store", CheckOutcome.Ok, "there is none yet; it is made at the first start")
        : StoreCheck.FindProblem(store) is { } problem ? new("store", CheckOutcome.Fail, problem, "restart the role: it keeps the store aside, and fetches what the remote has")
        : new("store", CheckOutcome.Ok, store.Head() is { } head ? $"{head[..12]} can be read{(store.IsShallow ? "; older backups are only at the remote" : "")}" : "it has no backup yet");

    private static DoctorCheck OfIndex(BackupParts parts, BackupStore? store)
    {
        string? commit = IndexFile.CommitOf(parts.Settings.IndexPath);
        return commit is not null && commit == store?.Head() ? new("index", CheckOutcome.Ok, "it is that of the last backup")
            : store?.Head() is null ? new("index", CheckOutcome.Ok, "there is no backup yet")
            : new("index", CheckOutcome.Warn, commit is null ? "it is missing or cannot be read: the next backup reads every file" : "it is not that of the last backup: the next one reads every file");
    }

    private static DoctorCheck OfWatch(BackupParts parts, BackupStore? store)
    {
        const string Setting = "/proc/sys/fs/inotify/max_user_watches";
        if (!parts.Options.Watch)
            return new("inotify", CheckOutcome.Ok, "changes are looked for at the interval only: watch = false");
        long limit = Files.ReadAll(Setting, 64, out _) is { } text && long.TryParse(System.Text.Encoding.ASCII.GetString(text).Trim(), out long number) ? number : 0;
        long directories = 0;
        try
        {
            if (store?.Head() is { } head)
            {
                using HistoryReader reader = new(store, parts.Settings.Targets);
                CommitTree tree = reader.TreeOf(head, out ManifestHead manifest);
                directories = tree.ReadEntries(manifest).LongCount(entry => entry.Kind == EntryKind.Directory);
            }
        }
        catch (Exception exception) when (exception is GitException or ManifestException)
        {
            // The check of the store says it.
        }

        return directories < Math.Min(limit, TreeWatch.DirectoriesMax)
            ? new("inotify", CheckOutcome.Ok, $"{directories} directories, and {limit} may be watched")
            : new("inotify", CheckOutcome.Warn, $"{directories} directories, and {Math.Min(limit, TreeWatch.DirectoriesMax)} can be watched: changes in others are found at the interval", $"raise {Setting}, or exclude what need not be kept");
    }

    private static DoctorCheck OfRemote(BackupParts parts, CancellationToken cancel)
    {
        if (!parts.Options.IsRemoteGiven && !Directory.Exists(parts.Options.Remote))
            return new("remote", CheckOutcome.Warn, $"{parts.Options.Remote} is made at the first start, and is lost with this disk", "set remote and a token");

        // Not in the store: a look writes objects, and the role may be at work there.
        string scratch = Path.Combine(Path.GetTempPath(), $"init-doctor-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            using BackupStore store = BackupStore.Open(Path.Combine(scratch, "store.git"), parts.Settings.Branch);
            RemoteLook look = parts.MakeRemote(store, "doctor").Look(cancel);
            string found = look.Commit is { } commit ? $"it answers, its last backup is {commit[..12]}" : "it answers, and has no backup yet";
            return parts.Options.IsRemoteGiven ? new("remote", CheckOutcome.Ok, found) : new("remote", CheckOutcome.Warn, $"{found}; it is lost with this disk", "set remote and a token");
        }
        catch (RemoteException exception)
        {
            return new("remote", CheckOutcome.Fail, exception.Message, exception.Problem switch
            {
                RemoteProblem.Refused => "see user, token_env and the rights of the token",
                RemoteProblem.Unreachable => "see whether this machine can reach it, and what HTTPS_PROXY says",
                RemoteProblem.NotFound => "see how remote is written",
                _ => null,
            });
        }
        finally
        {
            if (Directory.Exists(scratch))
                Directory.Delete(scratch, recursive: true);
        }
    }

    private static DoctorCheck OfClock(BackupStore? store, DateTimeOffset now)
    {
        long last = store?.Head() is { } head && long.TryParse(store.Git.Run(GitRunner.ShortTime, [], "show", "-s", "--format=%ct", head), out long seconds) ? seconds : 0;
        return now.ToUnixTimeSeconds() + 300 < last
            ? new("clock", CheckOutcome.Warn, $"the last backup is of {DateTimeOffset.FromUnixTimeSeconds(last):yyyy-MM-dd HH:mm} UTC, which is yet to come", "set the clock of the machine; until then, times of backups are wrong")
            : new("clock", CheckOutcome.Ok, $"it is {now:yyyy-MM-dd HH:mm:ss} UTC");
    }
}
