using System.Diagnostics;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.GitHub;

/// <summary>Servers whose certificate is not to be trusted get no token, and whoever reads the message knows why and what to do. In a process of its own: trust is in the environment.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestCertificates _certificates;

    public TlsTests() => _certificates = new TestCertificates(_folder.Root);

    [Theory]
    [InlineData("GIT_SSL_CAINFO")]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("CURL_CA_BUNDLE")]
    public async Task Server_WhenItsAuthorityIsNamed_IsTrusted(string variable)
    {
        await using GitHubFixture at = await GitHubFixture.StartAsync(_certificates.Make());

        string[] said = Ask(at, (variable, _certificates.AuthorityFile));

        Assert.Equal(["git: fine", "api: fine", "assets: fine"], said);
        Assert.Contains(at.GitHub.Git.Requests, request => request.Authorization is not null);
    }

    [Theory]
    [InlineData("self-signed")]
    [InlineData("unknown authority")]
    [InlineData("other name")]
    public async Task Server_WhenItsCertificateIsNotTrusted_GetsNoTokenAndTheMessageSaysWhatToDo(string what)
    {
        await using GitHubFixture at = await GitHubFixture.StartAsync(what switch { "self-signed" => _certificates.MakeSelfSigned(), "other name" => _certificates.Make("elsewhere.example"), _ => _certificates.Make() });

        string[] said = what == "other name" ? Ask(at, ("GIT_SSL_CAINFO", _certificates.AuthorityFile)) : Ask(at);

        Assert.Equal(3, said.Length);
        Assert.All(said, line =>
        {
            Assert.Contains("Unreachable", line); // It is tried again, and never taken for an empty remote.
            Assert.Contains("its certificate is not trusted (", line);
            Assert.Contains("GIT_SSL_CAINFO", line);
            Assert.Contains("the token was not sent", line);
        });
        Assert.Contains(what switch { "other name" => "it is for another name", "self-signed" => "UntrustedRoot", _ => "PartialChain" }, said[1]);
        Assert.Empty(at.GitHub.Git.Requests);
        Assert.Empty(at.GitHub.Requests);
    }

    [Fact]
    public async Task Server_WhenTheFileOfAuthoritiesIsNone_IsNotTrustedAndTheMessageNamesTheFile()
    {
        await using GitHubFixture at = await GitHubFixture.StartAsync(_certificates.Make());
        string file = Path.Combine(_folder.Root, "no-such.pem");

        string[] said = Ask(at, ("GIT_SSL_CAINFO", file));

        Assert.Contains("Unreachable", said[0]);
        Assert.Contains("the certificates of authorities cannot be read", said[0]);
        Assert.Contains(file, said[0]);
        Assert.Contains("its certificate is not trusted", said[1]);
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    /// <summary>What <see cref="Program"/> says of git, the API and the assets.</summary>
    private static string[] Ask(GitHubFixture at, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(Program).Assembly.Location, "ask", at.GitHub.RemoteUrl, at.GitHub.Api, at.Folder.Root])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        foreach (string name in new[] { "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE" })
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
