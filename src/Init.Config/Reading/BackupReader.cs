using System.Collections.Immutable;
using System.Globalization;
using Init.Base;

namespace Init.Config.Reading;

/// <summary>Reads <c>[backup]</c>. What the file does not say, the environment of the original may.</summary>
internal static class BackupReader
{
    private const int TargetsMax = 1000;

    private static readonly TimeSpan Year = TimeSpan.FromDays(366);

    /// <summary>What git takes for a branch, and a little less.</summary>
    private static readonly System.Buffers.SearchValues<char> BranchCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+");

    /// <summary>Variables that may hold the token: only the backup program sees them.</summary>
    /// <param name="section">The table, seen with the process's own variables; null when there is none.</param>
    public static ImmutableArray<string> ReadTokenVariables(Section? section)
    {
        if (section?.NonEmptyString("token_env") is not { } text)
            return BackupOptions.TokenVariablesDefault;
        if (NameRules.IsVariable(text.Value) && !KnownNames.OwnVariables.Contains(text.Value))
            return [text.Value];

        section.Report("token_env", $"{text.Quoted} is not a name of a variable", "it names the variable that holds the token; the token itself does not belong into the file");
        return BackupOptions.TokenVariablesDefault;
    }

    /// <param name="section">The table, or an empty one.</param>
    /// <param name="environment">Of Init.</param>
    /// <param name="tokenVariables">Where the token may be.</param>
    /// <param name="stateDirectory">Init's.</param>
    /// <param name="chatData">The chat API's data, which belong to the backup unless somebody says what does; null: there is none.</param>
    /// <param name="warnings">What is valid and deserves a word.</param>
    public static BackupOptions Read(
        Section section, IReadOnlyDictionary<string, string> environment, ImmutableArray<string> tokenVariables, string stateDirectory, string? chatData, List<ConfigProblem> warnings)
    {
        section.Has("token_env"); // Read before everything else.
        OriginalVariables original = new(section, environment);
        string own = Path.Combine(stateDirectory, "backup");
        BackupOptions defaults = new(own, "", "");
        string? remote = ReadRemote(section) ?? original.Repository();
        string @base = section.Path("base") ?? defaults.Base;
        BackupOptions options = new(own, section.Path("ready_file") ?? original.AbsolutePath("READINESS_FILE") ?? Path.Combine(own, ".backup.ready"), remote ?? stateDirectory.TrimEnd('/') + "-backup.git")
        {
            Base = @base,
            Targets = ReadTargets(section, @base, original, chatData),
            Exclude = ReadExclude(section),
            IsRemoteGiven = remote is not null,
            Branch = ReadBranch(section) ?? original.Branch(IsBranch) ?? defaults.Branch,
            User = section.NonEmptyString("user")?.Value ?? original.Text("GITHUB_USER"),
            Token = tokenVariables.Select(environment.GetValueOrDefault).FirstOrDefault(value => !string.IsNullOrEmpty(value)),
            Interval = section.Duration("interval", TimeSpan.FromSeconds(1), Year) ?? original.Seconds("SCAN_INTERVAL_SECS") ?? original.Seconds("BACKUP_INTERVAL_SECONDS") ?? defaults.Interval,
            Watch = section.Boolean("watch", defaults.Watch),
            Quiet = section.Duration("quiet", TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)) ?? defaults.Quiet,
            QuietMax = section.Duration("quiet_max", TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)) ?? defaults.QuietMax,
            LargeThreshold = ReadThreshold(section, original) ?? defaults.LargeThreshold,
            ReleaseTag = section.NonEmptyString("release_tag")?.Value ?? original.Text("RELEASE_TAG") ?? defaults.ReleaseTag,
            DownloadRetry = section.SmallInteger("download_retry", 0, 100) ?? (int?)original.Number("DOWNLOAD_RETRY", 0, 100) ?? defaults.DownloadRetry,
            Unreachable = section.Choice("unreachable", defaults.Unreachable, ("wait", UnreachablePolicy.Wait), ("start", UnreachablePolicy.Start)),
            UnreachableLimit = section.Duration("unreachable_limit", TimeSpan.FromSeconds(1), Year) ?? defaults.UnreachableLimit,
            ShutdownLimit = section.Duration("shutdown_limit", TimeSpan.Zero, TimeSpan.FromHours(1)) ?? defaults.ShutdownLimit,
            History = section.Table("history") is { } history ? ReadHistory(history, defaults.History) : defaults.History,
            StoreMax = section.Size("store_max") ?? defaults.StoreMax,
            Verify = section.Table("verify") is { } verify ? ReadVerification(verify, defaults.Verify) : defaults.Verify,
            AllowPublic = section.Boolean("allow_public", defaults.AllowPublic),
            LeaseTime = section.Duration("lease_time", TimeSpan.FromSeconds(3), TimeSpan.FromHours(1)) ?? defaults.LeaseTime,
            Author = ReadAuthor(section, original) ?? defaults.Author,
            GitHubApi = ReadApi(section) ?? defaults.GitHubApi,
        };
        if (options.QuietMax < options.Quiet)
            section.Report("quiet_max", "is less than quiet", "it is after what time a change is backed up although more go on");

        bool isVerified = section.Boolean("verify_sha", otherwise: true) && original.Text("VERIFY_SHA") is not ("false" or "0" or "no");
        if (!isVerified)
            warnings.Add(new ConfigProblem(section.PositionOf("verify_sha"), section.Has("verify_sha") ? section.KeyOf("verify_sha") : "VERIFY_SHA", "has no effect: what is restored is always verified"));
        if (options is { Token: null, IsRemoteGiven: true } && !options.Remote.StartsWith('/'))
            warnings.Add(new ConfigProblem(section.PositionOf("remote"), section.KeyOf("remote"), "there is no token for it", $"set {string.Join(" or ", tokenVariables)}, unless everybody may write there"));

        CheckPlaces(section, options, stateDirectory);
        section.Finish();
        return options;
    }

    /// <summary>What Init keeps for the backup must not be backed up by it: each backup would change the next.</summary>
    private static void CheckPlaces(Section section, BackupOptions options, string stateDirectory)
    {
        foreach (string target in options.Targets)
        {
            string path = Path.Combine(options.Base, target);
            if (IsWithin(stateDirectory, path))
                section.Report("targets", $"{ConfigText.Quote(path)} holds state_dir, {ConfigText.Quote(stateDirectory)}", "set [init] state_dir to a directory that is in no target");
            else if (IsWithin(path, options.StateDirectory))
                section.Report("targets", $"{ConfigText.Quote(path)} is where Init keeps the backups themselves", "leave it out");
            else if (options.Remote.StartsWith('/') && options.IsRemoteGiven == section.Has("remote") && (IsWithin(options.Remote, path) || IsWithin(path, options.Remote)))
                section.Report(section.Has("remote") ? "remote" : "targets", $"the repository {ConfigText.Quote(options.Remote)} and the target {ConfigText.Quote(path)} are one within the other", "a backup cannot be in what it backs up");
            if (!IsWithin(options.StateDirectory, path) && IsWithin(options.ReadyFile, path))
                section.Report("ready_file", $"{ConfigText.Quote(options.ReadyFile)} is in the target {ConfigText.Quote(path)}", "it would be restored, and open the gate too early: put it outside");
        }
    }

    private static bool IsWithin(string path, string directory) =>
        directory == "/" || path == directory.TrimEnd('/') || path.StartsWith(directory.TrimEnd('/') + "/", StringComparison.Ordinal);

    private static string? ReadRemote(Section section)
    {
        if (section.NonEmptyString("remote") is not { } text)
            return null;

        if (text.Value.StartsWith('/') || text.Value.StartsWith("./", StringComparison.Ordinal) || text.Value.StartsWith("../", StringComparison.Ordinal))
            return section.Path("remote");

        // Neither the value nor the URL is shown: a token may be in it.
        if (!Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url is not { Query: "", Fragment: "", Host.Length: > 0 })
            section.Report("remote", $"{text.Quoted} is no repository that can be used", "write \"https://github.com/OWNER/REPOSITORY.git\", or an absolute path");
        else if (url.UserInfo.Length > 0)
            section.Report("remote", "has a user or a password in it", "they would end up in logs: use user and token_env");
        else if (url.Scheme == "http" && !url.IsLoopback)
            section.Report("remote", "would send the token where everybody on the way can read it", "use https");
        else
            return text.Value;
        return null;
    }

    private static ImmutableArray<string> ReadTargets(Section section, string @base, OriginalVariables original, string? chatData)
    {
        if (!section.Has("targets"))
            return original.Words("TARGETS") is { Length: > 0 } words ? [.. words.Select(word => Relative(word, @base)).OfType<string>()] : [.. BackupOptions.TargetsDefault, .. chatData is not null && Relative(chatData, @base) is { } chat ? [chat] : ImmutableArray<string>.Empty];

        ImmutableArray<string>.Builder targets = ImmutableArray.CreateBuilder<string>();
        ImmutableArray<Text> texts = section.Strings("targets");
        if (texts.IsEmpty || texts.Length > TargetsMax)
            section.Report("targets", texts.IsEmpty ? "names nothing to back up" : $"has more than {TargetsMax} entries");
        foreach (Text text in texts)
        {
            if (Relative(text.Value, @base) is { } target)
                targets.Add(target);
            else
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is not below base, {ConfigText.Quote(@base)}", "write a directory or a file within it");
        }

        return targets.ToImmutable();
    }

    /// <summary>Null: it is not below <paramref name="base"/>, or is all of it.</summary>
    private static string? Relative(string target, string @base)
    {
        string full = Path.GetFullPath(target, @base).TrimEnd('/');
        string prefix = @base.TrimEnd('/') + "/";
        return full.Length > prefix.Length && full.StartsWith(prefix, StringComparison.Ordinal) ? full[prefix.Length..] : null;
    }

    private static ImmutableArray<string> ReadExclude(Section section)
    {
        ImmutableArray<string>.Builder patterns = ImmutableArray.CreateBuilder<string>();
        foreach (Text text in section.Strings("exclude"))
        {
            if (text.Value.Trim('/').Length == 0)
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} excludes nothing or everything");
            else
                patterns.Add(text.Value);
        }

        return patterns.ToImmutable();
    }

    private static string? ReadBranch(Section section)
    {
        if (section.NonEmptyString("branch") is not { } text)
            return null;
        if (IsBranch(text.Value))
            return text.Value;

        section.Report("branch", $"{text.Quoted} is not a name of a branch", "use letters, digits and - _ . /");
        return null;
    }

    /// <summary>Stricter than git-check-ref-format(1): it goes into refs of ours, too.</summary>
    private static bool IsBranch(string text) =>
        text.Length is > 0 and <= 200 && !text.AsSpan().ContainsAnyExcept(BranchCharacters) && !text.Contains("..", StringComparison.Ordinal) && !text.Contains("//", StringComparison.Ordinal)
        && text[0] is not ('-' or '.' or '/') && text[^1] is not ('.' or '/') && !text.EndsWith(".lock", StringComparison.Ordinal) && !text.Contains("/.", StringComparison.Ordinal)
        && !text.StartsWith("init/", StringComparison.Ordinal);

    private static ByteSize? ReadThreshold(Section section, OriginalVariables original)
    {
        const long Smallest = 1024 * 1024, Largest = 100 * 1000 * 1000;
        if (section.Size("large_threshold") is not { } size)
            return original.Number("LARGE_THRESHOLD", Smallest, Largest) is { } bytes ? new ByteSize(bytes) : null;
        if (size.Bytes is >= Smallest and <= Largest)
            return size;

        section.Report("large_threshold", $"{section.WrittenOf("large_threshold")} must be from 1MiB to 100MB", "GitHub takes no larger file in a repository");
        return null;
    }

    private static BackupHistory ReadHistory(Section section, BackupHistory defaults)
    {
        BackupHistory history = new(
            section.Duration("keep", TimeSpan.FromMinutes(1), Year * 100) ?? defaults.Keep,
            section.Duration("daily", TimeSpan.Zero, Year * 100) ?? defaults.Daily,
            section.Duration("weekly", TimeSpan.Zero, Year * 100) ?? defaults.Weekly,
            section.Size("max_size") ?? defaults.MaxSize);
        section.Finish();
        return history;
    }

    private static BackupVerification ReadVerification(Section section, BackupVerification defaults)
    {
        BackupVerification verification = new(
            section.Duration("sample_every", TimeSpan.Zero, Year) ?? defaults.SampleEvery,
            section.SmallInteger("sample", 1, 1_000_000) ?? defaults.Sample,
            section.Duration("full_every", TimeSpan.Zero, Year) ?? defaults.FullEvery);
        section.Finish();
        return verification;
    }

    private static string? ReadAuthor(Section section, OriginalVariables original)
    {
        if (section.NonEmptyString("author") is not { } text)
            return original.Author(IsAuthor);
        if (IsAuthor(text.Value))
            return text.Value;

        section.Report("author", $"{text.Quoted} is no author", "write it as git does: \"Name <mail@example.com>\"");
        return null;
    }

    private static bool IsAuthor(string text) =>
        text.IndexOf('<', StringComparison.Ordinal) is > 1 and var open && text[open - 1] == ' ' && text[^1] == '>' && text.Count(c => c is '<' or '>') == 2 && !text.Any(char.IsControl);

    private static string? ReadApi(Section section)
    {
        if (section.NonEmptyString("github_api") is not { } text)
            return null;
        if (Uri.TryCreate(text.Value, UriKind.Absolute, out Uri? url) && url is { UserInfo: "", Query: "", Fragment: "" } && (url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback)))
            return text.Value.TrimEnd('/');

        section.Report("github_api", $"{text.Quoted} is no address of an API", "write it like \"https://api.github.com\"");
        return null;
    }

    /// <summary>What people have set for the original. No value is shown in a message.</summary>
    private sealed class OriginalVariables(Section section, IReadOnlyDictionary<string, string> environment)
    {
        public string? Text(string name) => environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

        public string[] Words(string name) => Text(name)?.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) ?? [];

        public long? Number(string name, long min, long max)
        {
            if (Text(name) is not { } text)
                return null;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= min && number <= max)
                return number;

            Report(name, $"is not a number from {min} to {max}");
            return null;
        }

        public TimeSpan? Seconds(string name) => Number(name, 1, (long)Year.TotalSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

        public string? AbsolutePath(string name)
        {
            if (Text(name) is not { } text || text.StartsWith('/'))
                return Text(name) is { } path ? Path.GetFullPath(path) : null;

            Report(name, "is not an absolute path");
            return null;
        }

        public string? Branch(Func<string, bool> isBranch)
        {
            if (Text("GIT_BRANCH") is not { } text || isBranch(text))
                return Text("GIT_BRANCH");

            Report("GIT_BRANCH", "is not a name of a branch");
            return null;
        }

        /// <summary>"owner/repo", as the original wants it.</summary>
        public string? Repository()
        {
            string name = Text("GITHUB_REPO") is null ? "github_project" : "GITHUB_REPO";
            if (Text(name) is not { } text)
                return null;
            if (text.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } repository] && (owner + repository).All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
                return $"https://github.com/{owner}/{(repository.EndsWith(".git", StringComparison.Ordinal) ? repository : repository + ".git")}";

            Report(name, "is not written as OWNER/REPOSITORY");
            return null;
        }

        public string? Author(Func<string, bool> isAuthor)
        {
            if (Text("GIT_USER_NAME") is null && Text("GIT_USER_EMAIL") is null)
                return null;

            string author = $"{Text("GIT_USER_NAME") ?? "init-backup"} <{Text("GIT_USER_EMAIL") ?? "backup@init"}>";
            if (isAuthor(author))
                return author;

            Report("GIT_USER_NAME", "and GIT_USER_EMAIL are no author");
            return null;
        }

        private void Report(string name, string message) =>
            section.Context.Problems.Add(section.At, name, message, "it is a variable of the environment; the keys of [backup] win over it");
    }
}
