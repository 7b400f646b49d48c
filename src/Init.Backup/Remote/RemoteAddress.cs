namespace Init.Backup.Remote;

/// <summary>Where the remote is, and who we are there.</summary>
/// <param name="Url">An HTTP or HTTPS URL without user or password, or an absolute path.</param>
/// <param name="User">Null: the remote needs none.</param>
/// <param name="Token">Null: the remote needs none.</param>
public sealed record RemoteAddress(string Url, string? User, string? Token)
{
    public bool IsPath => Url.StartsWith('/');

    /// <summary>What is wrong with a URL, and the remedy; null when it can be used. A password in it is not repeated.</summary>
    public static string? ProblemOf(string url)
    {
        if (url.StartsWith('/'))
            return null;
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Host.Length == 0 || uri.Scheme is not ("http" or "https"))
            return "it must be an https:// or http:// URL, or an absolute path (git over ssh is not for places where only the web's ports are open)";
        if (uri.UserInfo.Length > 0)
            return "it must not have a user or a password in it: they would be in logs and process lists; remove what is before the @, and give the user as \"user\" and the token in the environment (see \"token_env\")";
        return uri.Query.Length > 0 || uri.Fragment.Length > 0 ? "it must end with the repository's path, without ? or #" : null;
    }

    /// <summary>Without the token, which a record would print.</summary>
    public override string ToString() => User is null ? Url : $"{Url} (as {User})";
}
