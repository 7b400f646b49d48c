using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Init.Base;
using Init.Config;
using Init.Gateway.Logging;
using Init.Linux;
using Microsoft.Extensions.Logging;

namespace Init.Gateway.Hosting;

/// <summary>
/// The certificate of the TLS addresses, as the files have it: they are looked at when a client comes, once a second at most, and read again when they have changed. Connections that are there keep theirs.
/// Files that cannot be used take nothing away: the last good certificate stays, and without any only handshakes fail. It may be that a backup is still to bring them.
/// </summary>
internal sealed class ServerCertificate(ProxyTls files, ILogger log)
{
    private static readonly TimeSpan LookPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Instant _nextLook;
    private (FileStatus? Certificate, FileStatus? Key)? _seen;
    private SslServerAuthenticationOptions? _current;

    /// <exception cref="AuthenticationException">There has been no certificate yet.</exception>
    public SslServerAuthenticationOptions Current()
    {
        lock (_lock)
        {
            if (MonotonicClock.Now >= _nextLook)
                Look(isAsked: false);

            return _current ?? throw new AuthenticationException("there is no certificate yet");
        }
    }

    /// <summary>Reads the files now, whether they have changed or not.</summary>
    public void Reread()
    {
        lock (_lock)
            Look(isAsked: true);
    }

    private void Look(bool isAsked)
    {
        _nextLook = MonotonicClock.Now + LookPause;
        var found = (Files.StatusOf(files.CertificateFile), Files.StatusOf(files.KeyFile));
        if (!isAsked && _seen == found)
            return;

        _seen = found;
        try
        {
            _current = Read();
            log.CertificateRead(files.CertificateFile);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            log.CertificateUnusable(files.CertificateFile, files.KeyFile, exception.Message, _current is null ? "TLS is not offered" : "the last good one stays in use");
        }
    }

    private SslServerAuthenticationOptions Read()
    {
        string chainText = File.ReadAllText(files.CertificateFile);
        X509Certificate2 own = X509Certificate2.CreateFromPem(chainText, File.ReadAllText(files.KeyFile));
        X509Certificate2Collection chain = [];
        chain.ImportFromPem(chainText);
        return new SslServerAuthenticationOptions
        {
            // Offline: nothing is fetched from anywhere to complete the chain.
            ServerCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        };
    }
}
