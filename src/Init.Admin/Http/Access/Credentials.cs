using System.Security.Cryptography;
using System.Text;
using Init.Config;

namespace Init.Admin.Http.Access;

/// <summary>What an <c>Authorization</c> header says about who asks.</summary>
public enum Verdict
{
    /// <summary>By user and password. A browser sends them along with whatever page's request, so they do not show that its user has meant it.</summary>
    Known,

    /// <summary>By a bearer token, which no browser sends by itself.</summary>
    KnownByToken,

    /// <summary>Missing or wrong.</summary>
    Unknown,

    /// <summary>No such header at all.</summary>
    Malformed,
}

/// <summary>User, password and token of one endpoint. Comparing takes as long for a wrong one as for the right one.</summary>
public sealed class Credentials
{
    private const string ShaPrefix = "{SHA}";

    private readonly byte[]? _username;
    private readonly byte[]? _password;
    private readonly bool _passwordIsSha1;
    private readonly byte[]? _token;

    public Credentials(HttpEndpoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        IsOpen = endpoint.IsOpen;
        _username = endpoint.Username is { } username ? DigestOf(Encoding.UTF8.GetBytes(username)) : null;
        _token = endpoint.Token is { } token ? DigestOf(Encoding.UTF8.GetBytes(token)) : null;
        if (endpoint.Password is not { } password)
            return;

        _passwordIsSha1 = password.StartsWith(ShaPrefix, StringComparison.Ordinal);
        _password = DigestOf(Encoding.UTF8.GetBytes(_passwordIsSha1 ? password[ShaPrefix.Length..].ToLowerInvariant() : password));
    }

    /// <summary>Nobody has to prove who he is.</summary>
    public bool IsOpen { get; }

    /// <summary>The value of <c>WWW-Authenticate</c>, as supervisord has it where there is a password.</summary>
    public string Challenge => _username is not null ? "Basic realm=\"default\"" : "Bearer realm=\"default\"";

    /// <param name="header">The value of <c>Authorization</c>; null or empty = there is none.</param>
    public Verdict Check(string? header)
    {
        if (string.IsNullOrEmpty(header))
            return Verdict.Unknown;

        int space = header.IndexOf(' ', StringComparison.Ordinal);
        string scheme = space < 0 ? header : header[..space];
        string value = space < 0 ? "" : header[(space + 1)..].Trim();
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase))
            return _token is not null && CryptographicOperations.FixedTimeEquals(DigestOf(Encoding.UTF8.GetBytes(value)), _token) ? Verdict.KnownByToken : Verdict.Unknown;

        return scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? CheckBasic(value) : Verdict.Unknown;
    }

    private Verdict CheckBasic(string value)
    {
        byte[] decoded = new byte[value.Length];
        if (!Convert.TryFromBase64String(value, decoded, out int length))
            return Verdict.Malformed;

        int colon = decoded.AsSpan(0, length).IndexOf((byte)':');
        if (colon < 0)
            return Verdict.Malformed;

        if (_username is null || _password is null)
            return Verdict.Unknown;

        bool isUser = CryptographicOperations.FixedTimeEquals(DigestOf(decoded.AsSpan(0, colon)), _username);
        bool isPassword = CryptographicOperations.FixedTimeEquals(DigestOfPassword(decoded.AsSpan(colon + 1, length - colon - 1)), _password);
        return isUser & isPassword ? Verdict.Known : Verdict.Unknown;
    }

    private byte[] DigestOfPassword(ReadOnlySpan<byte> password)
    {
        if (!_passwordIsSha1)
            return DigestOf(password);

#pragma warning disable CA5350 // What supervisord's configurations hold; whoever wants better uses a token.
        byte[] sha1 = SHA1.HashData(password);
#pragma warning restore CA5350
        return DigestOf(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(sha1)));
    }

    /// <summary>Equal lengths, whatever was sent.</summary>
    private static byte[] DigestOf(ReadOnlySpan<byte> value) => SHA256.HashData(value);
}
