using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>The public port of the published binary, in front of a real server.</summary>
public sealed class ProxyTests
{
    /// <summary>As the original writes it, with its password.</summary>
    private const string AdminConfig = """{"admin_password":"hunter2-plain","default_backend":"http://127.0.0.1:BACKEND","rules":[{"id":"go","action":"redirect","priority":5,"match":{"path_equal":"/old"},"redirect_to":"/greeting"}]}""";

    [RootFact]
    public void Proxy_WithARulesFileOfTheOriginal_ForwardsAndComesBack()
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
            rules = "admin_config.json"
            """,
            new InitOptions
            {
                Files = new Dictionary<string, string> { ["admin_config.json"] = AdminConfig.Replace("BACKEND", ports[1].ToString(), StringComparison.Ordinal), ["greeting"] = "hello\n" },
            });
        init.WaitUntil(() => Status(ports[0], "/greeting") == "200", "the way to the server");

        Assert.Equal("hello\n", Get(ports[0], "/old?x=1", "--location"));
        Assert.Equal("404", Status(ports[0], "/RPC2"));
        Assert.Equal("ok\n", Get(ports[0], "/healthz"));

        Assert.Equal(["web: stopped"], init.StopProgram("web"));
        Assert.Equal("502", Status(ports[0], "/greeting"));
        Assert.Equal(0, Processes.Kill(GatewayFixture.PidOf(init), Signals.SIGKILL));
        init.WaitUntil(() => Status(ports[0], "/old") == "301", "a gateway with the same rules");
        init.EndInOrder();
        Assert.DoesNotContain(init.Lines, line => line.Contains("hunter2", StringComparison.Ordinal));
        Assert.Contains(init.Lines, line => line.Contains("took over", StringComparison.Ordinal));
    }

    private static string Get(int port, string path, params string[] options) => Curl(port, path, options).Output;

    private static string Status(int port, string path) => Curl(port, path, ["--output", "/dev/null", "--write-out", "%{http_code}"]).Output;

    private static (ExitStatus Status, string Output, string Errors) Curl(int port, string path, string[] options) =>
        TestProcess.Run(["curl", "--silent", "--max-time", "20", .. options, $"http://127.0.0.1:{port}{path}"]);
}
