using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Init.Backup.Remote;

namespace Init.Backup.GitHub;

/// <summary>
/// Whose certificates are trusted: those that the system trusts, and those of the authorities that the environment names, as for git. Keeps what was wrong with the others, because the
/// exception of a connection that was refused for it says next to nothing.
/// </summary>
internal sealed class ServerTrust
{
    private const int HostsMax = 100;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private readonly ConcurrentDictionary<string, string> _problems = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What was wrong with the last certificate of a host, and what to do; null: nothing.</summary>
    public string? WhyNot(string host) => _problems.GetValueOrDefault(host);

    /// <summary>A <see cref="RemoteCertificateValidationCallback"/>.</summary>
    public bool IsTrusted(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        string host = (sender as SslStream)?.TargetHostName ?? "";
        _ = _problems.TryRemove(host, out _);
        if (errors == SslPolicyErrors.None || (errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is X509Certificate2 theirs && IsOfNamedAuthority(theirs, chain)))
            return true;

        if (_problems.Count >= HostsMax)
            _problems.Clear();
        _problems[host] = CertificateTrust.Describe(Describe(certificate, chain, errors));
        return false;
    }

    private static string Describe(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "it has none";

        List<string> reasons = [];
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            reasons.Add("it is for another name");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            reasons.AddRange((chain?.ChainStatus ?? []).Select(status => $"{status.Status}: {status.StatusInformation.Trim()}".TrimEnd(' ', ':')));
        return $"\"{certificate?.Subject}\", {string.Join("; ", reasons)}";
    }

    /// <param name="chain">What came along with the certificate: authorities between.</param>
    private static bool IsOfNamedAuthority(X509Certificate2 certificate, X509Chain? chain)
    {
        X509Certificate2Collection authorities = [];
        foreach (string file in CertificateTrust.NamedFiles())
            TryAdd(authorities, file);
        if (authorities.Count == 0)
            return false;

        using X509Chain named = new();
        named.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        named.ChainPolicy.CustomTrustStore.AddRange(authorities);
        named.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck; // As for those of the system.
        named.ChainPolicy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        foreach (X509ChainElement element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            named.ChainPolicy.ExtraStore.Add(element.Certificate);
        return named.Build(certificate);
    }

    private static void TryAdd(X509Certificate2Collection authorities, string file)
    {
        try
        {
            authorities.ImportFromPemFile(file);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            // Nobody is trusted for it; git says the same of such a file, with its name.
        }
    }
}
