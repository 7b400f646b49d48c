using System.Globalization;
using System.Text.RegularExpressions;

namespace Init.Backup.Remote;

/// <summary>
/// What a failure at the remote means. The status of HTTP decides where there is one, and git's words where not. The difference between "not there", "not allowed" and "not
/// reached" is what keeps an outage from being taken for an empty remote.
/// </summary>
internal static partial class RemoteDiagnosis
{
    /// <summary>What git says when the line, and not the remote, was the trouble.</summary>
    private static readonly string[] LineTroubles =
    [
        "Could not resolve", "Couldn't resolve", "Failed to connect", "Couldn't connect", "Connection refused", "Connection reset", "timed out", "Timeout was reached", "Empty reply",
        "early EOF", "unexpected disconnect", "hung up", "RPC failed", "transfer closed", "Operation too slow", "Recv failure", "Send failure", "Network is unreachable", "No route to host",
        "SSL", "certificate", "expected flush after ref listing", "expected 'acknowledgments'", "invalid server response", "not valid: is this a git repository",
    ];

    /// <summary>A file of authorities that is none, by OpenSSL and by GnuTLS.</summary>
    private static readonly string[] AuthorityWords = ["error setting certificate", "error adding trust anchors", "reading ca cert file", "SSL CA cert"];

    private static readonly string[] MovedWords =
    [
        "(stale info)", "(fetch first)", "(non-fast-forward)", "(already exists)", "(needs force)", "reference already exists", "but expected", "incorrect old value", "failed to update ref", "cannot lock ref",
        "(atomic push failed)", "atomic transaction failed",
    ];

    private static readonly string[] TooLargeWords = ["file size limit", "exceeds maximum allowed size", "GH001"];

    /// <param name="doing">"push to https://…": what cannot be done.</param>
    /// <param name="now">The wall clock, for GitHub's time of the next request.</param>
    public static RemoteException Of(string doing, NetworkAnswer answer, DateTimeOffset now)
    {
        string said = Said(answer);
        if (answer.SilentFor is { } silence)
            return new(RemoteProblem.Unreachable, $"cannot {doing}: nothing was heard for {silence.TotalSeconds:0} s");

        string all = string.Join('\n', answer.Errors) + "\n" + answer.Output;
        if (OfPush(doing, answer, all) is { } refusedPush)
            return refusedPush;
        if (answer.Response is { } response && OfHttp(doing, response, all, said, now) is { } refused)
            return refused;
        if (all.Contains("No space left on device", StringComparison.Ordinal))
            return new(RemoteProblem.Failed, $"cannot {doing}: a disk is full, here or there: {said}");
        if (answer.Errors.LastOrDefault(line => line.StartsWith("fatal: unable to access", StringComparison.Ordinal)) is { } refusal && OfCertificate(doing, refusal) is { } untrusted)
            return untrusted;
        if (LineTroubles.Any(all.Contains))
            return new(RemoteProblem.Unreachable, $"cannot {doing}: {said}");
        if (all.Contains("does not appear to be a git repository", StringComparison.Ordinal) || all.Contains("not found", StringComparison.Ordinal))
            return new(RemoteProblem.NotFound, $"cannot {doing}: there is no repository: {said}");
        return all.Contains("Permission denied", StringComparison.Ordinal) || all.Contains("insufficient permission", StringComparison.Ordinal)
            ? new(RemoteProblem.Refused, $"cannot {doing}: {said}")
            : new(RemoteProblem.Failed, $"cannot {doing}: git ended with exit code {answer.ExitCode}: {said}");
    }

    /// <summary>When the remote wants to be asked again; null: it did not say.</summary>
    internal static TimeSpan? RetryAfterOf(HttpHead response, DateTimeOffset now)
    {
        TimeSpan? wait = null;
        if (response.Headers.TryGetValue("Retry-After", out string? text))
        {
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
                wait = TimeSpan.FromSeconds(Math.Min(seconds, (long)LongestWait.TotalSeconds));
            else if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                wait = at - now;
        }
        else if (IsUsedUp(response) && response.Headers.TryGetValue("x-ratelimit-reset", out string? reset) && long.TryParse(reset, NumberStyles.None, CultureInfo.InvariantCulture, out long second)
            && second < 253_402_300_800 /* the year 10000 */)
        {
            wait = DateTimeOffset.FromUnixTimeSeconds(second) - now;
        }

        // By a clock that is wrong by a day it would be a day, or have been.
        return wait is { } found ? (found < TimeSpan.Zero ? TimeSpan.Zero : found > LongestWait ? LongestWait : found) : null;
    }

    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private static bool IsUsedUp(HttpHead response) => response.Headers.TryGetValue("x-ratelimit-remaining", out string? left) && left == "0";

    private static RemoteException? OfHttp(string doing, HttpHead response, string all, string said, DateTimeOffset now)
    {
        TimeSpan? retryAfter = RetryAfterOf(response, now);
        switch (response.Status)
        {
            case 429:
            case 403 when retryAfter is not null || all.Contains("rate limit", StringComparison.OrdinalIgnoreCase) || all.Contains("abuse", StringComparison.OrdinalIgnoreCase):
                return new(RemoteProblem.Limited, $"cannot {doing}: too many requests (HTTP {response.Status}): {said}", retryAfter);
            case 401:
                return new(RemoteProblem.Refused, $"cannot {doing}: the remote does not take the credentials (HTTP 401); the token is missing, wrong or has expired: make a new one with the right to read and write contents, and put it in the environment");
            case 403:
                return new(RemoteProblem.Refused, $"cannot {doing}: the token has no right to (HTTP 403: {said}); it needs to read and write the contents of this repository");
            case 404 or 410:
                return new(RemoteProblem.NotFound, $"cannot {doing}: there is no such repository, or none that this token may see (HTTP {response.Status}); make it, or give the token access to it");
            case 407:
                return new(RemoteProblem.Unreachable, $"cannot {doing}: the proxy wants to know who asks (HTTP 407); put user and password into the URL in https_proxy");
            case 413:
                return new(RemoteProblem.TooLarge, $"cannot {doing}: the remote does not take so much at once (HTTP 413): {said}");
            case >= 300 and < 400:
                return new(RemoteProblem.Failed, $"cannot {doing}: the repository is elsewhere now{(response.Headers.TryGetValue("Location", out string? location) ? $" ({PlaceOf(location)})" : "")}; the token is not taken there by itself: put the new URL into \"remote\"");
            case >= 500:
                return new(RemoteProblem.Unreachable, $"cannot {doing}: the remote is not well (HTTP {response.Status})", retryAfter);
            case >= 400:
                return new(RemoteProblem.Failed, $"cannot {doing}: HTTP {response.Status}: {said}");
            default:
                return null;
        }
    }

    /// <summary>Git says what curl says: another text with OpenSSL and with GnuTLS, which have the word in common.</summary>
    private static RemoteException? OfCertificate(string doing, string line)
    {
        string why = line[(line.IndexOf("': ", StringComparison.Ordinal) is var end and > 0 ? end + "': ".Length : 0)..];
        if (AuthorityWords.Any(word => why.Contains(word, StringComparison.OrdinalIgnoreCase)))
        {
            string given = string.Join(", ", CertificateTrust.ForGit().Select(variable => $"{variable.Key}={variable.Value}"));
            return new(RemoteProblem.Unreachable, $"cannot {doing}: the certificates of authorities cannot be read ({why}); git is given {(given.Length > 0 ? given : "none but the system's: install ca-certificates")}");
        }

        return why.Contains("certificate", StringComparison.OrdinalIgnoreCase) || why.Contains("SSL peer", StringComparison.Ordinal)
            ? new(RemoteProblem.Unreachable, $"cannot {doing}: {CertificateTrust.Describe(why)}")
            : null;
    }

    private static RemoteException? OfPush(string doing, NetworkAnswer answer, string all)
    {
        if (SecretReport.Of(answer.Errors) is { } secrets)
            return new(RemoteProblem.SecretFound, $"cannot {doing}: {secrets}");
        if (TooLargeWords.Any(all.Contains))
        {
            string? file = answer.Errors.Select(line => LargeFile().Match(line)).FirstOrDefault(match => match.Success)?.Groups["what"].Value;
            return new(RemoteProblem.TooLarge, $"cannot {doing}: {(file is null ? "the remote does not take so much at once" : file + "; exclude it, or lower \"large_threshold\"")}: {Said(answer)}");
        }

        string? line = answer.Output.Split('\n').FirstOrDefault(line => line.StartsWith("!\t", StringComparison.Ordinal) && !line.Contains("(atomic push failed)", StringComparison.Ordinal))
            ?? answer.Output.Split('\n').FirstOrDefault(line => line.StartsWith("!\t", StringComparison.Ordinal));
        if (line is null)
            return null;

        string why = line[(line.LastIndexOf('\t') + 1)..];
        if (MovedWords.Any(line.Contains))
            return new(RemoteProblem.Moved, $"cannot {doing}: somebody else has written there since we last looked ({why})");
        string more = string.Join("; ", answer.Errors.Where(error => error.StartsWith("remote: ", StringComparison.Ordinal)).Select(error => error["remote: ".Length..].Trim()).Where(error => error.Length > 0).Take(5));
        return line.Contains("(shallow update not allowed)", StringComparison.Ordinal)
            ? new(RemoteProblem.Failed, $"cannot {doing}: the remote lacks older commits that are not here either ({why})")
            : new(RemoteProblem.Refused, $"cannot {doing}: the remote refuses it: {why}{(more.Length > 0 ? ": " + more : "")}; see the rules of the repository");
    }

    /// <summary>What git or the remote said was wrong, in a line.</summary>
    private static string Said(NetworkAnswer answer)
    {
        string? fatal = answer.Errors.LastOrDefault(line => line.StartsWith("fatal: ", StringComparison.Ordinal)) ?? answer.Errors.LastOrDefault(line => line.StartsWith("error: ", StringComparison.Ordinal));
        string? remote = answer.Errors.FirstOrDefault(line => line.StartsWith("remote: ", StringComparison.Ordinal));
        return (remote, fatal ?? (answer.Errors.Count > 0 ? answer.Errors[^1] : null)) switch
        {
            ({ } first, { } last) when first != last => $"{first["remote: ".Length..].Trim()}; {last}",
            (_, { } last) => last,
            _ => "it said nothing",
        };
    }

    /// <summary>Without what may be a secret in a URL that somebody else made.</summary>
    internal static string PlaceOf(string location) => Uri.TryCreate(location, UriKind.Absolute, out Uri? uri) ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped) : "another path of the same host";

    [GeneratedRegex(@"error: (?<what>File .{1,1000} is [0-9.]+ [KMG]B)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LargeFile();
}
