namespace Init.Backup.Remote;

/// <summary>Where the remote is, and who we are there.</summary>
/// <param name="Url">An HTTP or HTTPS URL without user or password, or an absolute path.</param>
/// <param name="User">Null: the remote needs none.</param>
/// <param name="Token">Null: the remote needs none.</param>
public sealed record RemoteAddress(string Url, string? User, string? Token)
{
    public bool IsPath => Url.StartsWith('/');

    /// <summary>Without the token, which a record would print.</summary>
    public override string ToString() => User is null ? Url : $"{Url} (as {User})";
}
