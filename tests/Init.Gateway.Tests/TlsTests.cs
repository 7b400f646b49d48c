using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Init.Config;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

/// <summary>The addresses with TLS, and the files of their certificate.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("tls-").FullName;
    private readonly int _port = PublicGateway.FreePort();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Client_ChoosesTheVersion_AndIsSaidToUseHttps(string version)
    {
        WriteCertificate("one");
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await StartAsync(backend.Url);
        using HttpClient client = Client();

        using HttpRequestMessage request = new(HttpMethod.Get, new Uri("/", UriKind.Relative)) { Version = new Version(version), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal(("ok", version), (await response.Content.ReadAsStringAsync(), response.Version.ToString()));
        Assert.Equal(("https", $"{_port}", $"localhost:{_port}"), (backend.Last.Header("X-Forwarded-Proto"), backend.Last.Header("X-Forwarded-Port"), backend.Last.Header("Host")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Certificate_WhenItIsReplaced_IsThatOfNewConnections_AndCutsNone(bool isAsked)
    {
        WriteCertificate("one");
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await StartAsync(backend.Url);
        await using SslStream old = await ConnectAsync();
        Assert.Equal("CN=one", old.RemoteCertificate!.Subject);

        WriteCertificate("two");
        if (isAsked)
            gateway.Reread();
        Assert.Equal("CN=two", await NextSubjectAsync("CN=two"));

        await old.WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        byte[] answer = new byte[12];
        await old.ReadExactlyAsync(answer);
        Assert.Equal("HTTP/1.1 200"u8.ToArray(), answer);

        // What cannot be used takes nothing away.
        File.WriteAllText(Path.Combine(_directory, "key.pem"), "no key");
        gateway.Reread();
        await using SslStream still = await ConnectAsync();
        Assert.Equal("CN=two", still.RemoteCertificate!.Subject);
    }

    [Fact]
    public async Task Certificate_ThatIsNotThereYet_KeepsNoOtherPortDown_AndIsTakenWhenItComes()
    {
        await using RecordingBackend backend = new();
        await using PublicGateway gateway = await StartAsync(backend.Url);

        Assert.StartsWith("HTTP/1.1 200 ", await gateway.GetAsync("/"), StringComparison.Ordinal);
        await Assert.ThrowsAnyAsync<Exception>(ConnectAsync);

        WriteCertificate("late");
        Assert.Equal("CN=late", await NextSubjectAsync("CN=late"));
    }

    [Fact]
    public async Task Handshake_ThatDoesNotBegin_IsGivenUp()
    {
        WriteCertificate("one");
        await using PublicGateway gateway = await StartAsync("http://127.0.0.1:1");
        using Socket silent = new(SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(IPAddress.Loopback, _port);

        Assert.Equal(0, await silent.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private Task<PublicGateway> StartAsync(string backend) => PublicGateway.InFrontOfAsync(backend, settings => settings with
    {
        Tls = new ProxyTls([new HttpEndpoint { Address = IPAddress.Loopback, Port = _port }], Path.Combine(_directory, "cert.pem"), Path.Combine(_directory, "key.pem")),
        HeaderTimeout = TimeSpan.FromSeconds(2),
    });

    private void WriteCertificate(string name)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new($"CN={name}", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(_directory, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(_directory, "cert.pem"), certificate.ExportCertificatePem());
    }

    private async Task<SslStream> ConnectAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _port);
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false, static (_, certificate, _, _) => IsOfATest(certificate));
        await stream.AuthenticateAsClientAsync("localhost");
        return stream;
    }

    /// <summary>The files are looked at once a second.</summary>
    private async Task<string> NextSubjectAsync(string expected)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
        while (true)
        {
            try
            {
                await using SslStream stream = await ConnectAsync();
                if (stream.RemoteCertificate!.Subject == expected || patience.IsCancellationRequested)
                    return stream.RemoteCertificate.Subject;
            }
            catch (IOException) when (!patience.IsCancellationRequested)
            {
                // There is none yet.
            }

            await Task.Delay(50);
        }
    }

    /// <summary>It is signed by itself, so nobody vouches for it.</summary>
    private static bool IsOfATest(X509Certificate? certificate) => certificate is { Subject: "CN=one" or "CN=two" or "CN=late" };

    private HttpClient Client() => new(new SocketsHttpHandler { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, certificate, _, _) => IsOfATest(certificate) } })
    {
        BaseAddress = new Uri($"https://localhost:{_port}"),
    };
}
