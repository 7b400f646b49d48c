using System.Text.Json;
using System.Text.RegularExpressions;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>The panel's sign-in of the published binary, as curl sees it.</summary>
public sealed class SignInTests
{
    private const string Session = "/admin/api/v1/session", Sessions = "/admin/api/v1/sessions", Secret = "hunter2-of-the-operator";

    [RootFact]
    public void Password_MadeUpAtTheFirstStart_IsInTheLogAndSignsInAcrossAKill()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = Start(port);
        string password = PasswordIn(init);

        Assert.Equal(("401", "wrong_password"), SignIn(port, init, "not the password", out _));
        WaitOutTheDelay(init);
        Assert.Equal(("200", null), SignIn(port, init, password, out string plain));
        Assert.Matches("Set-Cookie: init_session=[^;]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax\r\n", plain);
        Assert.Equal(("200", null), SignIn(port, init, password, out string secure, "X-Forwarded-Proto: https"));
        Assert.Matches("Set-Cookie: __Host-init_session=[^;]{43}; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=None; Partitioned\r\n", secure);
        string cookie = "Cookie: " + Regex.Match(plain, "init_session=[^;]*", RegexOptions.NonBacktracking).Value;

        Assert.Equal("200", Status(port, Sessions, "--header", cookie));
        Assert.Equal("401", Status(port, Sessions));
        Assert.Equal("403", Status(port, Sessions, "--request", "DELETE", "--header", cookie, "--header", "Origin: https://evil.example", "--header", "X-Requested-With: x"));
        Assert.Equal("415", Status(port, Sessions, "--request", "DELETE", "--header", cookie));

        Assert.Equal(0, Processes.Kill(GatewayFixture.PidOf(init), Signals.SIGKILL));
        init.WaitUntil(() => Status(port, Sessions, "--header", cookie) == "200", "the session, after a kill of the gateway");
        init.EndInOrder();
        Assert.Single(init.Lines, line => line.Contains(password, StringComparison.Ordinal));
    }

    [RootFact]
    public void AdminPassword_OfTheEnvironment_ReachesTheGatewayAndNobodyElse()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = Start(
            port, new InitOptions { Environment = ["ADMIN_PASSWORD=" + Secret] }, "[program.web]\ncommand = [\"sh\", \"-c\", \"env > ${DIR}/env.txt; exec sleep 1000\"]");
        init.WaitForReady("web");

        Assert.Equal(("200", null), SignIn(port, init, Secret, out _));
        Assert.Equal("403", Status(port, "/admin/routes.json", "--header", "X-Admin-Password: admin"));
        WaitOutTheDelay(init);
        Assert.Equal("200", Status(port, "/admin/routes.json", "--header", "X-Admin-Password: " + Secret));
        Assert.Contains("INIT_PROGRAM=web", File.ReadAllText(Path.Combine(init.Directory, "env.txt")), StringComparison.Ordinal);
        init.EndInOrder();

        // Nowhere at all: neither in another program's environment, nor in a log, nor in a file.
        Assert.DoesNotContain(init.Lines, line => line.Contains(Secret, StringComparison.Ordinal));
        foreach (string file in Directory.GetFiles(init.Directory, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(Secret, File.ReadAllText(file), StringComparison.Ordinal);
    }

    [RootFact]
    public void Store_ThatIsCorrupt_IsSetAsideAndAnotherPasswordMadeUp()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = Start(port);
        string first = PasswordIn(init);
        string store = Path.Combine(init.Directory, "state", "gateway", "admin.json");
        init.WaitUntil(() => File.Exists(store), "the password's file, which comes after the line: whoever reads it must know the password");
        File.WriteAllText(store, "{\"password\":\"\"}");
        Assert.Equal(0, Processes.Kill(GatewayFixture.PidOf(init), Signals.SIGKILL));

        string second = PasswordIn(init);
        Assert.NotEqual(first, second);
        Assert.Equal(("401", "wrong_password"), SignIn(port, init, first, out _));
        WaitOutTheDelay(init);
        Assert.Equal(("200", null), SignIn(port, init, second, out _));
        Assert.Single(Directory.GetFiles(Path.Combine(init.Directory, "state", "gateway"), "admin.json.corrupt-*"));
    }

    [RootFact]
    public void Disk_ThatTakesNothing_LeavesTheSignInAsItIs()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = Start(port, new InitOptions { Prelude = "mkdir -p $DIR/state/gateway && mount -t tmpfs -o ro none $DIR/state/gateway" });
        string password = PasswordIn(init);
        init.WaitForLine("this password is in force until the gateway ends");

        Assert.Equal(("200", null), SignIn(port, init, password, out string answer));
        string cookie = "Cookie: " + Regex.Match(answer, "init_session=[^;]*", RegexOptions.NonBacktracking).Value;
        Assert.Equal("200", Status(port, Sessions, "--header", cookie));
        Assert.Equal("507", Status(port, "/admin/api/v1/tokens", "--header", cookie, "--json", "{\"name\":\"x\"}"));
    }

    private static InitUnderTest Start(int port, InitOptions? options = null, string programs = "") => GatewayFixture.WaitForGateway(InitUnderTest.Start(
        $"""
        [init]
        secrets = ["ADMIN_PASSWORD"]
        [gateway]
        socket = "http.sock"
        [gateway.proxy]
        listen = ["127.0.0.1:{port}"]
        {programs}
        """,
        options));

    /// <summary>As an operator finds it.</summary>
    private static string PasswordIn(InitUnderTest init) =>
        Regex.Match(init.WaitForLine("the panel's password is "), "password is (?<password>[a-z0-9-]{23}):", RegexOptions.NonBacktracking).Groups["password"].Value;

    /// <summary>After the first wrong one.</summary>
    private static void WaitOutTheDelay(InitUnderTest init) => init.Watch(TimeSpan.FromSeconds(1.1));

    private static (string Status, string? Code) SignIn(int port, InitUnderTest init, string password, out string answer, string header = "X-Nothing: x")
    {
        string text = "";
        init.WaitUntil(
            () => (text = Curl(port, Session, "--include", "--header", header, "--json", JsonSerializer.Serialize(new Dictionary<string, string> { ["password"] = password }))).StartsWith("HTTP/", StringComparison.Ordinal),
            "an answer to the sign-in");
        answer = text;
        Match code = Regex.Match(answer, "\"code\":\"(?<code>[a-z_]+)\"", RegexOptions.NonBacktracking);
        return (answer.Split(' ')[1], code.Success ? code.Groups["code"].Value : null);
    }

    private static string Status(int port, string path, params string[] options) => Curl(port, path, ["--output", "/dev/null", "--write-out", "%{http_code}", .. options]);

    private static string Curl(int port, string path, params string[] options) =>
        TestProcess.Run(["curl", "--silent", "--max-time", "20", .. options, $"http://127.0.0.1:{port}{path}"]).Stdout;
}
