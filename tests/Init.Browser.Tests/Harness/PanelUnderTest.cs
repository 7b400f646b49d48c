using Init.Integration.Tests.Harness;

namespace Init.Browser.Tests.Harness;

/// <summary>The published binary with a public port and programs in several states.</summary>
public sealed class PanelUnderTest : IDisposable
{
    public const string Password = "correct horse";

    /// <summary>What it says is an attack, colours, Chinese, and one line a second.</summary>
    private const string Web = """
        echo '<script>document.title="attacked"</script><img src=x onerror=alert(1)>'
        printf '\033[31mERROR\033[0m first\n收到消息\n'
        i=0
        while :; do i=$((i + 1)); echo "line $i of the web program"; sleep 1; done
        """;

    private readonly int _port = FreePorts.Take(1)[0];
    private readonly InitUnderTest _init;

    public PanelUnderTest()
    {
        _init = InitUnderTest.Start(
            Configuration(),
            new InitOptions { Environment = [$"ADMIN_PASSWORD={Password}"], Files = new Dictionary<string, string> { ["web.sh"] = Web } });
        _init.WaitForReady("web");
        WaitForPort();
    }

    public string Address => $"http://127.0.0.1:{_port}/admin/ui/";

    public string Api => $"http://127.0.0.1:{_port}/admin/api/v1/";

    internal InitUnderTest Supervisor => _init;

    /// <param name="more">Further tables.</param>
    internal string Configuration(string more = "") => $$"""
        [init]
        state_dir = "${DIR}/state"
        secrets = ["ADMIN_PASSWORD"]

        [gateway.proxy]
        listen = ["127.0.0.1:{{_port}}"]

        [program.web]
        command = ["sh", "${DIR}/web.sh"]
        restart = "always"

        # Waits for a program that is never ready.
        [program.dependant]
        command  = ["sleep", "100000"]
        requires = ["gate"]

        [program.gate]
        command = ["sleep", "100000"]
        ready   = { path = "/nowhere/to/be/found" }

        [program.absent]
        command  = ["/nowhere/program"]
        optional = true
        {{more}}
        """;

    public void Dispose() => _init.Dispose();

    private void WaitForPort()
    {
        using HttpClient client = new();
        _init.WaitUntil(() => Answers(client), "the public port");
    }

    private bool Answers(HttpClient client)
    {
        try
        {
            using HttpResponseMessage answer = client.Send(new HttpRequestMessage(HttpMethod.Get, Address));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
