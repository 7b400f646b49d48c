using System.Collections.Immutable;
using Init.Base;

namespace Init.Config;

/// <summary>What the backup does while the remote cannot be reached at boot.</summary>
public enum UnreachablePolicy
{
    /// <summary>Waits for as long as it takes: nobody starts on an empty disk.</summary>
    Wait,

    /// <summary>Opens the gate after <see cref="BackupOptions.UnreachableLimit"/>, with what the disk has.</summary>
    Start,
}

/// <summary>How old backups are thinned out. Within <paramref name="Keep"/> all of them stay, then one a day, then one a week.</summary>
/// <param name="Keep">From now.</param>
/// <param name="Daily">From now.</param>
/// <param name="Weekly">From now.</param>
/// <param name="MaxSize">Of the repository; beyond it older ones go first.</param>
public sealed record BackupHistory(TimeSpan Keep, TimeSpan Daily, TimeSpan Weekly, ByteSize MaxSize);

/// <summary>How often it is proved that a backup can be restored.</summary>
/// <param name="SampleEvery">Zero: never.</param>
/// <param name="Sample">Files in a sample.</param>
/// <param name="FullEvery">Zero: never.</param>
public sealed record BackupVerification(TimeSpan SampleEvery, int Sample, TimeSpan FullEvery);

/// <summary><c>[backup]</c>, with what the environment of the original says. All paths are absolute, but for the targets.</summary>
/// <param name="StateDirectory">Where the role keeps its own: <c>state_dir/backup</c>.</param>
/// <param name="ReadyFile">Written when everything is restored; in no target.</param>
/// <param name="Remote">An HTTP or HTTPS URL without user and password, or a path.</param>
public sealed record BackupOptions(string StateDirectory, string ReadyFile, string Remote)
{
    /// <summary>Variables that the token is looked for in, unless <c>token_env</c> names one.</summary>
    public static ImmutableArray<string> TokenVariablesDefault { get; } = ["GITHUB_PAT", "github_secret"];

    /// <summary>What the original saves, relative to <see cref="Base"/>, and the panel's password (as a hash), which the original had in its rules.</summary>
    public static ImmutableArray<string> TargetsDefault { get; } =
    [
        "home/user/AstrBot/data", "home/user/config", "app/napcat/config", "home/user/nginx/admin_config.json", "app/.config/QQ", "home/user/gemini-data",
        "home/user/gemini-balance-main/.env", "home/user/nginx/admin.json",
    ];

    public string Base { get; init; } = "/";

    /// <summary>Relative to <see cref="Base"/>, without a leading slash.</summary>
    public ImmutableArray<string> Targets { get; init; } = TargetsDefault;

    /// <summary>Globs of what is not backed up.</summary>
    public ImmutableArray<string> Exclude { get; init; } = [];

    /// <summary>False: nobody said where, and <see cref="Remote"/> is a repository that is made beside the state directory.</summary>
    public bool IsRemoteGiven { get; init; }

    public string Branch { get; init; } = "main";

    /// <summary>At the remote; null: none is needed, or the token says it.</summary>
    public string? User { get; init; }

    /// <summary>A secret; null: the remote needs none.</summary>
    public string? Token { get; init; }

    /// <summary>Between two looks for changes.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Whether changes of files are noticed as they happen.</summary>
    public bool Watch { get; init; } = true;

    /// <summary>How long nothing may have changed before a noticed change is backed up.</summary>
    public TimeSpan Quiet { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After this a noticed change is backed up although more go on.</summary>
    public TimeSpan QuietMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>From this size on a file that is no database is not kept as one blob.</summary>
    public ByteSize LargeThreshold { get; init; } = new(50 * 1024 * 1024);

    /// <summary>Of the GitHub release that large files are assets of.</summary>
    public string ReleaseTag { get; init; } = "blobs";

    /// <summary>How often a large file's download is tried again that was cut, or came damaged.</summary>
    public int DownloadRetry { get; init; } = 3;

    public UnreachablePolicy Unreachable { get; init; } = UnreachablePolicy.Wait;

    public TimeSpan UnreachableLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the last backup may take.</summary>
    public TimeSpan ShutdownLimit { get; init; } = TimeSpan.FromSeconds(15);

    public BackupHistory History { get; init; } = new(TimeSpan.FromHours(48), TimeSpan.FromDays(30), TimeSpan.FromDays(366), new ByteSize(2_000_000_000));

    /// <summary>What the local store may take on disk.</summary>
    public ByteSize StoreMax { get; init; } = new(4_000_000_000);

    public BackupVerification Verify { get; init; } = new(TimeSpan.FromHours(24), 50, TimeSpan.FromDays(7));

    /// <summary>Whether a repository that everybody can read is taken.</summary>
    public bool AllowPublic { get; init; }

    /// <summary>How long another instance may take to show that it lives.</summary>
    public TimeSpan LeaseTime { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>As git has it: "name &lt;mail&gt;".</summary>
    public string Author { get; init; } = "init-backup <backup@init>";

    /// <summary>Base URL of GitHub's API.</summary>
    public string GitHubApi { get; init; } = "https://api.github.com";

    public bool Equals(BackupOptions? other) =>
        other is not null && Targets.SequenceEqual(other.Targets) && Exclude.SequenceEqual(other.Exclude) && History == other.History && Verify == other.Verify
        && (StateDirectory, ReadyFile, Remote, Base, IsRemoteGiven, Branch, User) == (other.StateDirectory, other.ReadyFile, other.Remote, other.Base, other.IsRemoteGiven, other.Branch, other.User)
        && (Token, Interval, Watch, Quiet, QuietMax, LargeThreshold, ReleaseTag) == (other.Token, other.Interval, other.Watch, other.Quiet, other.QuietMax, other.LargeThreshold, other.ReleaseTag)
        && (DownloadRetry, Unreachable, UnreachableLimit, ShutdownLimit, StoreMax) == (other.DownloadRetry, other.Unreachable, other.UnreachableLimit, other.ShutdownLimit, other.StoreMax)
        && (AllowPublic, LeaseTime, Author, GitHubApi) == (other.AllowPublic, other.LeaseTime, other.Author, other.GitHubApi);

    public override int GetHashCode() => HashCode.Combine(StateDirectory, ReadyFile, Remote, Base, Branch, Targets.Length, Token);

    public override string ToString() => $"backup of {Base} to {Remote}"; // Nothing prints the token by accident.
}
