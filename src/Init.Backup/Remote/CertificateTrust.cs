namespace Init.Backup.Remote;

/// <summary>Which certificates are trusted besides those of the system, by the names that git, curl and OpenSSL have for them; and what is said of one that is not.</summary>
internal static class CertificateTrust
{
    /// <summary>Files with the certificates of authorities, and directories of such. Git knows the first of each only, and its curl may be one that asks nobody else.</summary>
    private static readonly string[] Files = ["GIT_SSL_CAINFO", "SSL_CERT_FILE", "CURL_CA_BUNDLE"], Directories = ["GIT_SSL_CAPATH", "SSL_CERT_DIR"];

    /// <summary>Those that are there.</summary>
    public static IEnumerable<string> NamedFiles() => Files.Select(Environment.GetEnvironmentVariable).OfType<string>().Where(File.Exists);

    /// <summary>As git knows them.</summary>
    public static IEnumerable<KeyValuePair<string, string>> ForGit()
    {
        // What git's own variable says is for git to judge; what others say is not to stop it when nothing is there.
        if (First(Files, File.Exists) is { } file)
            yield return new(Files[0], file);
        if (First(Directories, Directory.Exists) is { } directory)
            yield return new(Directories[0], directory);
    }

    /// <param name="problem">As whoever refused it says it.</param>
    public static string Describe(string problem) =>
        $"its certificate is not trusted ({problem}), and the token was not sent. If an authority of your own has signed it, name the file with that one's certificate in GIT_SSL_CAINFO; "
        + "if not, see that the package ca-certificates is installed and that the clock is right; otherwise somebody may be in between";

    private static string? First(string[] names, Func<string, bool> isThere) =>
        Environment.GetEnvironmentVariable(names[0]) is { Length: > 0 } own ? own : names[1..].Select(Environment.GetEnvironmentVariable).FirstOrDefault(value => value is { Length: > 0 } && isThere(value));
}
