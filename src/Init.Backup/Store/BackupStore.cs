using System.Diagnostics;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>The bare repository, with a lock: one process writes to it. Opening it puts away what a killed one left behind.</summary>
public sealed class BackupStore : IDisposable
{
    private readonly FileStream? _lock;

    private BackupStore(GitRunner git, string branch, FileStream? @lock)
    {
        Git = git;
        Branch = branch;
        _lock = @lock;
    }

    public GitRunner Git { get; }

    public string Branch { get; }

    /// <summary>Makes the repository when there is none.</summary>
    /// <param name="path">Of the repository; the lock is beside it.</param>
    /// <param name="wait">For another process to let go of it; normally 10 s, which a git whose backup was killed needs to notice.</param>
    /// <exception cref="GitException">Another process has it open, or it cannot be made.</exception>
    public static BackupStore Open(string path, string branch, TimeSpan? wait = null)
    {
        path = Path.GetFullPath(path); // Git runs in another directory.
        GitRunner git = new(path);
        MakeDirectory(Path.GetDirectoryName(path)!);
        FileStream @lock = Lock(path, wait ?? TimeSpan.FromSeconds(10));

        try
        {
            if (!File.Exists(Path.Combine(path, "refs", "heads", branch))) // Git has made it: then the name is one.
                _ = git.Run(GitRunner.ShortTime, [], "check-ref-format", "--branch", branch);
            BackupStore store = new(git, branch, @lock);
            if (File.Exists(Path.Combine(path, "HEAD")))
                store.RemoveLeftovers();
            else
                Create(path, branch);
            return store;
        }
        catch
        {
            @lock.Dispose();
            throw;
        }
    }

    /// <summary>To look into a repository that another process may be writing to: without the lock, and nothing is put away.</summary>
    /// <returns>Null when there is none.</returns>
    public static BackupStore? OpenForReading(string path, string branch) =>
        File.Exists(Path.Combine(path, "HEAD")) ? new BackupStore(new GitRunner(Path.GetFullPath(path)), branch, null) : null;

    /// <summary>The last commit of the branch; null when there is none.</summary>
    public string? Head() => HeadOf(Branch);

    /// <summary>Whether commits before our first ones are only at the remote.</summary>
    public bool IsShallow => File.Exists(Path.Combine(Git.Repository, "shallow"));

    /// <summary>What cannot be trusted is renamed, and an empty store takes its place. One that was put aside before is deleted: somebody has had the time to look.</summary>
    /// <returns>Where it is now.</returns>
    public string PutAside(DateTimeOffset now)
    {
        string path = Git.Repository;
        foreach (string older in Directory.EnumerateDirectories(Path.GetDirectoryName(path)!, Path.GetFileName(path) + ".broken-*"))
            Directory.Delete(older, recursive: true);
        string aside = $"{path}.broken-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}";
        Directory.Move(path, aside);
        Create(path, Branch);
        return aside;
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>Packs of a backup that came to no end go; nobody may be writing one.</summary>
    internal void SettlePacks() => PackMarks.Settle(PackDirectoryOf(Git), HeadOf);

    /// <summary>Git leaves what has come of a pack when the line is cut. A boot that tries again and again would fill the disk with them.</summary>
    internal void RemoveHalfPacks()
    {
        foreach (string half in EnumerateIn(PackDirectoryOf(Git), "tmp_pack_*").Concat(EnumerateIn(PackDirectoryOf(Git), "tmp_idx_*")).ToArray())
            File.Delete(half);
    }

    internal static string PackDirectoryOf(GitRunner git) => Path.Combine(git.Repository, "objects", "pack");

    /// <summary>For the owner alone: what is backed up are passwords and messages, too.</summary>
    /// <exception cref="SyscallException">It cannot be made.</exception>
    internal static void MakeDirectory(string path)
    {
        int errno = Files.MakeDirectories(path, 0x1C0 /* 0700 */);
        if (errno != 0)
            throw new SyscallException("make directory", path, errno);
    }

    /// <summary>
    /// Git inherits the lock: a git that outlives a killed backup, and may be about to move the branch, holds it until it has ended. Only then are leftovers leftovers. Who
    /// wants the lock ends it.
    /// </summary>
    private static FileStream Lock(string path, TimeSpan wait)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                FileStream @lock = new(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                _ = Files.SetCloseOnExec((int)@lock.SafeFileHandle.DangerousGetHandle(), false);
                return @lock;
            }
            catch (IOException) when (Stopwatch.GetElapsedTime(start) < wait)
            {
                AbandonedGit.End(path + ".lock", Stopwatch.GetElapsedTime(start));
                Thread.Sleep(50); // flock(2) can wait, but not for a limited time.
            }
            catch (IOException exception)
            {
                throw new GitException($"cannot lock {path}: {exception.Message} (if another backup is using it, wait for it or end it)");
            }
        }
    }

    private static void Create(string path, string branch)
    {
        // Beside and renamed: half a repository would be neither opened nor made again.
        string beside = path + ".new";
        if (Directory.Exists(beside))
            Directory.Delete(beside, recursive: true);
        MakeDirectory(beside);
        _ = new GitRunner(beside).Run(GitRunner.ShortTime, [], "init", "--quiet", "--bare", "--template=", "--initial-branch", branch, beside);
        Directory.Move(beside, path);
    }

    /// <summary>We hold the lock, so whoever made these is dead: locks of git, half packs, and marks that keep packs from ever being put together.</summary>
    private void RemoveLeftovers()
    {
        string path = Git.Repository;
        string packs = PackDirectoryOf(Git);
        string[] leftovers =
        [
            .. Directory.EnumerateFiles(path, "*.lock"),
            .. EnumerateIn(Path.Combine(path, "refs"), "*.lock"),
            .. EnumerateIn(packs, "tmp_*"),
            .. EnumerateIn(packs, "*.keep").Where(keep => File.ReadAllText(keep).StartsWith("fast-import", StringComparison.Ordinal)),
            .. Directory.EnumerateFiles(path, "fast_import_crash_*"),
        ];
        foreach (string leftover in leftovers)
            File.Delete(leftover);
        SettlePacks();
    }

    private string? HeadOf(string branch) => Git.ReadRef($"refs/heads/{branch}");

    private static IEnumerable<string> EnumerateIn(string directory, string pattern) =>
        Directory.Exists(directory) ? Directory.EnumerateFiles(directory, pattern, SearchOption.AllDirectories) : [];
}
