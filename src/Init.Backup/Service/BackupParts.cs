using System.Security.Cryptography;
using System.Text;
using Init.Backup.GitHub;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Scan;
using Init.Backup.Store;
using Init.Config;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>The one place where the role is put together: what is backed up, and where to.</summary>
/// <param name="Settings">For backups and restores.</param>
/// <param name="MakeRemote">For a store that is open; the instance is the second.</param>
public sealed record BackupParts(BackupOptions Options, BackupSettings Settings, Func<BackupStore, string, IBackupRemote> MakeRemote)
{
    /// <summary>The repository at GitHub that the remote is, with the rights that the token gives; null: it is none.</summary>
    public GitHubSettings? GitHub { get; init; }

    /// <summary>The least time between the beginnings of two runs; null: what the remote wants.</summary>
    public TimeSpan? Pace { get; init; }

    public string SocketPath => Path.Combine(Settings.StateDirectory, "backup.sock");

    public string StatusPath => Path.Combine(Settings.StateDirectory, "status.json");

    public string InstancePath => Path.Combine(Settings.StateDirectory, "instance");

    /// <param name="options">As configured.</param>
    /// <param name="makeRemote">Tests have their own.</param>
    public static BackupParts Of(BackupOptions options, Func<BackupOptions, BackupStore, string, IBackupRemote> makeRemote)
    {
        BackupSettings settings = new(options.Base, [.. options.Targets.Select(BytePath.Of)], options.StateDirectory, options.Branch, options.Author)
        {
            Excluded = new GlobSet(options.Exclude),
            LargeThreshold = options.LargeThreshold.Bytes,
        };
        Uri api = new(options.GitHubApi);
        GitHubSettings? gitHub = options.Token is { } token && GitHubSettings.RepositoryOf(options.Remote, api) is { } repository
            ? new GitHubSettings(repository, token) { Api = api, ReleaseTag = options.ReleaseTag, ScratchPath = settings.FetchedPath, DownloadRetries = options.DownloadRetry }
            : null;
        if (gitHub is not null)
            settings = settings with { LargeFiles = new ReleaseFiles(gitHub) }; // One for the life of the role: it remembers limits and its pace.
        return new BackupParts(options, settings, (store, instance) => makeRemote(options, store, instance)) { GitHub = gitHub };
    }

    /// <summary>The random id of this disk; made when there is none. Who has the same disk has the same id, and is the same writer.</summary>
    /// <exception cref="SyscallException">It cannot be kept.</exception>
    public string Instance()
    {
        const int Characters = 32;
        byte[]? kept = Files.ReadAll(InstancePath, 1024, out _);
        if (kept is not null && Encoding.UTF8.GetString(kept).Trim() is { Length: Characters } known && known.All(char.IsAsciiHexDigitLower))
            return known;

        string made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Characters / 2));
        int errno = StateFiles.Write(InstancePath, Encoding.ASCII.GetBytes(made + "\n"), 0x180 /* 0600 */);
        return errno == 0 ? made : throw new SyscallException("write", InstancePath, errno);
    }
}
