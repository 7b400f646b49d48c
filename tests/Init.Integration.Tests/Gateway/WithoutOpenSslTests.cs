using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Gateway;

/// <summary>Small images have no libssl, without which the framework's cryptography ends the process that asks for it.</summary>
public sealed class WithoutOpenSslTests
{
    /// <summary>In Init's own mount namespace: whoever loads one of them finds an empty file.</summary>
    private const string HideLibraries = "for library in /usr/lib/*/libssl.so* /lib/*/libssl.so*; do [ ! -e $library ] || mount --bind /dev/null $library; done";

    [RootFact]
    public void Gateway_WithoutOpenSsl_ForwardsAndClosesThePanel()
    {
        int[] ports = FreePorts.Take(2);
        using InitUnderTest init = GatewayFixture.Start(
            $$"""
            [program.web]
            command = ["python3", "-u", "-m", "http.server", "{{ports[1]}}", "--bind", "127.0.0.1", "--directory", "${DIR}"]
            """,
            $"""
            [gateway.proxy]
            listen = ["127.0.0.1:{ports[0]}"]
            rules = "routes.json"
            """,
            new InitOptions
            {
                Prelude = HideLibraries,
                Files = new Dictionary<string, string>
                {
                    ["greeting"] = "hello\n",
                    ["routes.json"] =
                        $$"""{"version":1,"revision":1,"default_backend":"http://127.0.0.1:{{ports[1]}}","rules":[{"id":"secure","match":{"path_prefix":"/secure/"},"backend":"https://127.0.0.1:{{ports[1]}}"}]}""",
                },
            });
        init.WaitUntil(() => Get(ports[0], "/greeting") == "hello\n200", "the way to the server");

        Assert.Contains(init.Lines, line => line.Contains("nobody can sign in to the panel: OpenSSL is missing", StringComparison.Ordinal));
        Assert.Matches("(?s)libssl3.*503$", Get(ports[0], "/admin/ui/"));
        Assert.EndsWith("503", Get(ports[0], "/admin/api/v1/session"), StringComparison.Ordinal);
        Assert.EndsWith("502", Get(ports[0], "/secure/x"), StringComparison.Ordinal);
        Assert.Equal("hello\n200", Get(ports[0], "/greeting"));
        init.EndInOrder();
    }

    [RootFact]
    public void Gateway_WithoutOpenSsl_SaysThatItCannotServePasswords()
    {
        using InitUnderTest init = InitUnderTest.Start(
            $"""
            [gateway]
            listen = ["127.0.0.1:{FreePorts.Take(1)[0]}"]
            username = "a"
            password = "b"
            """,
            new InitOptions { Prelude = HideLibraries });

        init.WaitForLine("cannot serve an address that asks for a password or a token: OpenSSL is missing (install OpenSSL's library");
        init.EndInOrder();
    }

    private static string Get(int port, string path) =>
        TestProcess.Run(["curl", "--silent", "--max-time", "20", "--write-out", "%{http_code}", $"http://127.0.0.1:{port}{path}"]).Stdout;
}
