using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Init.Backup.Tests.Harness;

/// <summary>An authority of our own, and certificates for servers on loopback.</summary>
internal sealed class TestCertificates : IDisposable
{
    private readonly X509Certificate2 _authority;
    private readonly List<X509Certificate2> _made = [];

    /// <param name="directory">Where the authority's certificate is put.</param>
    public TestCertificates(string directory)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=Authority of the tests", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(10));
        AuthorityFile = Path.Combine(directory, "authority.pem");
        File.WriteAllText(AuthorityFile, _authority.ExportCertificatePem());
    }

    /// <summary>PEM.</summary>
    public string AuthorityFile { get; }

    /// <summary>By the authority.</summary>
    /// <param name="name">A host name; null: 127.0.0.1.</param>
    public X509Certificate2 Make(string? name = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = Request(key, name).Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(5), RandomNumberGenerator.GetBytes(8));
        using X509Certificate2 withKey = signed.CopyWithPrivateKey(key);
        return Keep(withKey);
    }

    /// <summary>By nobody.</summary>
    public X509Certificate2 MakeSelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 made = Request(key, null).CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(5));
        return Keep(made);
    }

    public void Dispose()
    {
        _authority.Dispose();
        foreach (X509Certificate2 certificate in _made)
            certificate.Dispose();
    }

    private static CertificateRequest Request(ECDsa key, string? name)
    {
        CertificateRequest request = new($"CN={name ?? "127.0.0.1"}", key, HashAlgorithmName.SHA256);
        SubjectAlternativeNameBuilder names = new();
        if (name is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        return request;
    }

    private X509Certificate2 Keep(X509Certificate2 certificate)
    {
        X509Certificate2 kept = X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        _made.Add(kept);
        return kept;
    }
}
