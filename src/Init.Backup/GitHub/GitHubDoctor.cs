using System.Globalization;
using System.Net;
using System.Text.Json;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

public enum CheckOutcome
{
    Ok,

    /// <summary>Backups work, and a person should see to it.</summary>
    Warn,

    /// <summary>Backups do not work, or must not be made.</summary>
    Fail,
}

/// <param name="Check">A short name.</param>
/// <param name="Text">What was found.</param>
/// <param name="Remedy">What to do; null when there is nothing.</param>
public sealed record DoctorCheck(string Check, CheckOutcome Outcome, string Text, string? Remedy = null);

/// <summary>What GitHub says of a repository and a token.</summary>
/// <param name="Problem">Why the rest is not known; null when it is.</param>
/// <param name="Scopes">Of a classic token; null: it is a fine-grained one, of which GitHub says none.</param>
/// <param name="TokenExpires">Null: never, or GitHub does not say.</param>
/// <param name="ClockAhead">How far our clock is before GitHub's; null when it is not known.</param>
/// <param name="SizeBytes">Of the repository, without its releases.</param>
/// <param name="ReleasesProblem">Why its releases cannot be used; null when they can.</param>
public sealed record GitHubFacts(
    RemoteException? Problem, string? Scopes, DateTimeOffset? TokenExpires, bool IsPrivate, bool IsArchived, bool MayPush, long SizeBytes, int? RateRemaining, int? RateLimit,
    TimeSpan? ClockAhead, string? ReleasesProblem, bool HasImmutableReleases);

/// <summary>Whether a backup to GitHub can work, and what to do when it cannot.</summary>
public static class GitHubDoctor
{
    private const long SizeAdvice = 5L << 30;
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan ExpiresSoon = TimeSpan.FromDays(14);

    /// <summary>Asks GitHub; three requests that change nothing.</summary>
    public static GitHubFacts Examine(GitHubSettings settings, TimeProvider time, CancellationToken cancel)
    {
        using GitHubClient client = new(settings, time);
        try
        {
            GitHubAnswer answer = client.GetAsync($"/repos/{settings.Repository}", cancel).GetAwaiter().GetResult();
            TimeSpan? ahead = answer.Date is { } date ? time.GetUtcNow() - date : null;
            if (answer.Status == HttpStatusCode.NotFound)
                return Unknown(new RemoteException(RemoteProblem.NotFound, $"GitHub knows no repository {settings.Repository}, or this token may not see it"), answer, ahead);
            if (!answer.IsSuccess)
                return Unknown(new RemoteException(RemoteProblem.Failed, $"GitHub answers {answer.Message}"), answer, ahead);

            var (releasesProblem, hasImmutable) = ExamineReleases(client, settings.Repository, cancel);
            return answer.Read(json => new GitHubFacts(
                null, answer.Header("X-OAuth-Scopes"), ExpiryOf(answer), GitHubJson.IsTrue(json, "private"), GitHubJson.IsTrue(json, "archived"),
                json.TryGetProperty("permissions", out JsonElement rights) && GitHubJson.IsTrue(rights, "push"),
                json.TryGetProperty("size", out JsonElement size) && size.TryGetInt64(out long kilobytes) ? kilobytes * 1024 : 0,
                Number(answer.Header("X-RateLimit-Remaining")), Number(answer.Header("X-RateLimit-Limit")), ahead, releasesProblem, hasImmutable));
        }
        catch (RemoteException exception)
        {
            return Unknown(exception, null, client.LastDate is { } date ? time.GetUtcNow() - date : null);
        }
    }

    /// <param name="facts">By <see cref="Examine"/>.</param>
    /// <param name="allowPublic">Whether the configuration allows a public repository.</param>
    /// <param name="now">Wall-clock time.</param>
    public static IReadOnlyList<DoctorCheck> Judge(GitHubFacts facts, bool allowPublic, DateTimeOffset now)
    {
        List<DoctorCheck> checks = [OfConnection(facts)];
        if (facts.ClockAhead is { } ahead)
            checks.Add(OfClock(ahead));
        if (facts.Problem is not null)
            return checks;

        checks.Add(OfToken(facts, now));
        checks.Add(OfRights(facts));
        checks.Add(OfVisibility(facts, allowPublic));
        checks.Add(facts.SizeBytes > SizeAdvice
            ? new("size", CheckOutcome.Warn, $"the repository has {facts.SizeBytes >> 20} MB, and GitHub advises less than 5 GB", "shorten backup.history, or exclude what need not be kept")
            : new("size", CheckOutcome.Ok, $"the repository has {facts.SizeBytes >> 20} MB"));
        if (facts is { RateRemaining: { } remaining, RateLimit: { } limit })
        {
            checks.Add(remaining > limit / 10
                ? new("rate limit", CheckOutcome.Ok, $"{remaining} of {limit} requests are left this hour")
                : new("rate limit", CheckOutcome.Warn, $"only {remaining} of {limit} requests are left this hour", "another program uses the same account; give the backup a longer interval, or an account of its own"));
        }

        checks.Add(facts.ReleasesProblem is { } problem
            ? new("releases", CheckOutcome.Fail, problem, "large files cannot be stored: give the token \"Contents: read and write\", or the scope \"repo\"")
            : new("releases", CheckOutcome.Ok, facts.HasImmutableReleases ? "they can be read; they are immutable here, so that each large file gets a release of its own" : "they can be read"));
        return checks;
    }

    private static DoctorCheck OfConnection(GitHubFacts facts) => facts.Problem switch
    {
        null => new("repository", CheckOutcome.Ok, "GitHub answers, and knows the repository"),
        { Problem: RemoteProblem.Unreachable } problem => new("connection", CheckOutcome.Fail, problem.Message, "see whether this machine may reach GitHub by HTTPS (port 443), and what HTTPS_PROXY says"),
        { Problem: RemoteProblem.Refused } problem => new("token", CheckOutcome.Fail, problem.Message, "make a token at https://github.com/settings/tokens, and set it in the environment (GITHUB_PAT)"),
        { Problem: RemoteProblem.NotFound } problem => new("repository", CheckOutcome.Fail, problem.Message, "make the repository (private), see how its name is written (owner/repo), and that the token is for it"),
        { Problem: RemoteProblem.Limited } problem => new("rate limit", CheckOutcome.Fail, problem.Message, "wait as long as GitHub says; another program may be using the same account"),
        { } problem => new("repository", CheckOutcome.Fail, problem.Message),
    };

    private static DoctorCheck OfClock(TimeSpan ahead) => ahead.Duration() <= ClockTolerance
        ? new("clock", CheckOutcome.Ok, $"it agrees with GitHub's to {ahead.Duration().TotalSeconds:0} s")
        : new("clock", CheckOutcome.Warn, $"it is {Describe(ahead.Duration())} {(ahead > TimeSpan.Zero ? "ahead of" : "behind")} GitHub's", "set the clock of the machine; until then, times of backups are wrong");

    private static DoctorCheck OfToken(GitHubFacts facts, DateTimeOffset now)
    {
        string kind = facts.Scopes is null ? "a fine-grained token" : "a classic token";
        return facts.TokenExpires is { } expires && expires - now < ExpiresSoon
            ? new("token", CheckOutcome.Warn, $"{kind}, which expires in {Describe(expires - now)}", "make a new one before that")
            : new("token", CheckOutcome.Ok, facts.TokenExpires is { } later ? $"{kind}, which expires on {later.UtcDateTime:yyyy-MM-dd}" : kind);
    }

    private static DoctorCheck OfRights(GitHubFacts facts)
    {
        if (facts.IsArchived)
            return new("rights", CheckOutcome.Fail, "the repository is archived: nothing can be written to it", "unarchive it, or use another one");
        if (!facts.MayPush)
            return new("rights", CheckOutcome.Fail, "the token's user may not write to the repository", "use a token of its owner, or make the user a collaborator with write access");
        if (facts.Scopes is null)
            return new("rights", CheckOutcome.Ok, "the token's user may write; of a fine-grained token GitHub does not say more, it needs \"Contents: read and write\"");

        string[] scopes = facts.Scopes.Split(',', StringSplitOptions.TrimEntries);
        return scopes.Contains("repo") || (!facts.IsPrivate && scopes.Contains("public_repo"))
            ? new("rights", CheckOutcome.Ok, "the token may write")
            : new("rights", CheckOutcome.Fail, $"the token lacks the scope \"repo\" (it has: {(facts.Scopes.Length == 0 ? "none" : facts.Scopes)})", "make a token with the scope \"repo\"");
    }

    private static DoctorCheck OfVisibility(GitHubFacts facts, bool allowPublic) => (facts.IsPrivate, allowPublic) switch
    {
        (true, _) => new("visibility", CheckOutcome.Ok, "the repository is private"),
        (false, true) => new("visibility", CheckOutcome.Warn, "the repository is public: everybody can read what is backed up, passwords and messages included", "make it private in its settings"),
        (false, false) => new("visibility", CheckOutcome.Fail, "the repository is public, and everybody could read what is backed up: nothing is pushed", "make it private in its settings; if it is to be public, say allow_public = true"),
    };

    private static (string? Problem, bool HasImmutable) ExamineReleases(GitHubClient client, string repository, CancellationToken cancel)
    {
        try
        {
            GitHubAnswer answer = client.GetAsync($"/repos/{repository}/releases?per_page=30", cancel).GetAwaiter().GetResult();
            return answer.IsSuccess
                ? (null, answer.Read(json => json.EnumerateArray().Any(release => GitHubRelease.Read(release).IsImmutable)))
                : ($"its releases cannot be listed: GitHub answers {answer.Message}", false);
        }
        catch (RemoteException exception)
        {
            return (exception.Message, false);
        }
    }

    private static GitHubFacts Unknown(RemoteException problem, GitHubAnswer? answer, TimeSpan? ahead) =>
        new(problem, answer?.Header("X-OAuth-Scopes"), null, false, false, false, 0, null, null, ahead, null, false);

    /// <summary>"2026-12-01 10:00:00 UTC", or with an offset.</summary>
    private static DateTimeOffset? ExpiryOf(GitHubAnswer answer) =>
        DateTimeOffset.TryParse(answer.Header("GitHub-Authentication-Token-Expiration")?.Replace(" UTC", "Z", StringComparison.Ordinal), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset expires)
            ? expires
            : null;

    private static int? Number(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;

    private static string Describe(TimeSpan span) =>
        span.TotalDays >= 2 ? $"{span.TotalDays:0} days" : span.TotalHours >= 2 ? $"{span.TotalHours:0} hours" : $"{Math.Max(0, span.TotalMinutes):0} minutes";
}
