using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Gateway.Forwarding.Backends;
using Init.Gateway.Tests.Harness;
using Init.Panel.Backup;

namespace Init.Gateway.Tests;

/// <summary>What clients are told while a program waits for the restore of its data.</summary>
public sealed class RestoreWaitTests : IDisposable
{
    private const string Restoring = """
        {"pid":7,"stage":"restoring","text":"restoring from https://secret.example/me","ready":false,"remote":"https://secret.example/me","lease_of":"secret-host","problem":"secret",
        "progress":{"done":1234,"total":10000,"bytes":120000000,"bytes_total":800000000,"bytes_per_second":35000000,"seconds_left":19}}
        """;

    private readonly string _dead = $"http://127.0.0.1:{PublicGateway.FreePort()}";
    private readonly string _directory = Directory.CreateTempSubdirectory("restore-").FullName;
    private readonly List<Socket> _listeners = [];

    [Fact]
    public async Task Page_ShowsHowFarTheRestoreIs_InBothLanguagesAndInWordsOfOurs()
    {
        await using PublicGateway gateway = await StartAsync(Restoring);

        string english = await gateway.GetAsync("/", "Accept: text/html\r\n");
        string chinese = Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(await gateway.GetAsync("/", "Accept: text/html\r\nAccept-Language: zh-CN\r\n")));
        string answer = await gateway.GetAsync("/");

        Assert.Contains("<p>restoring the backup: 1,234 of 10,000 files, 120 of 800 MB, 35 MB/s, about 19 s left</p>", english, StringComparison.Ordinal);
        Assert.Contains("<progress aria-label=\"Progress of the restore\" max=\"100\" value=\"15\"></progress>", english, StringComparison.Ordinal);
        Assert.Contains("<meta http-equiv=\"refresh\" content=\"3\">", english, StringComparison.Ordinal);
        Assert.Contains("<p>正在恢复备份：1,234 / 10,000 个文件，120 / 800 MB，35 MB/s，大约还需 19 秒</p>", chinese, StringComparison.Ordinal);
        Assert.Contains("<progress aria-label=\"恢复进度\"", chinese, StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(answer[answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)..]).RootElement;
        Assert.Equal(
            """{"stage":"restoring","done":1234,"total":10000,"bytes":120000000,"bytes_total":800000000,"bytes_per_second":35000000,"seconds_left":19}""",
            json.GetProperty("progress").GetRawText());
        Assert.Equal("restoring the backup: 1,234 of 10,000 files, 120 of 800 MB, 35 MB/s, about 19 s left", json.GetProperty("status_text").GetString());
        Assert.DoesNotContain("secret", english + chinese + answer, StringComparison.Ordinal);
        Assert.Equal(1, _asked); // Within a second, however many wait.
    }

    [Theory]
    [InlineData("unreachable", "the place where the backup is kept cannot be reached", "暂时无法访问")]
    [InlineData("waiting-for-lease", "another instance is still at work with this backup", "另一个实例")]
    [InlineData("starting", "looking for the backup", "正在查找备份")]
    public void Stage_WithoutNumbers_IsSaidInWords(string stage, string english, string chinese)
    {
        RestoreStage said = RestoreStage.Of(JsonDocument.Parse($$"""{"stage":"{{stage}}","ready":false}""").RootElement)!;

        Assert.StartsWith(english, said.Words.English, StringComparison.Ordinal);
        Assert.Contains(chinese, said.Words.Chinese, StringComparison.Ordinal);
        Assert.Null(said.Fraction);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"stage":7}""")]
    [InlineData("""{"stage":"idle","ready":true}""")]
    public void Status_ThatIsNoneOrReady_IsNothingToWaitFor(string status) => Assert.Null(RestoreStage.Of(JsonDocument.Parse(status).RootElement));

    [Theory]
    [InlineData("""{"done":"x","total":-5,"bytes":1e99}""")]
    [InlineData("[]")]
    [InlineData("null")]
    public void Progress_ThatIsNonsense_IsNotKnown(string progress)
    {
        RestoreStage stage = RestoreStage.Of(JsonDocument.Parse($$"""{"stage":"fetching","progress":{{progress}}}""").RootElement)!;

        Assert.Equal(("fetching the backup", null), (stage.Words.English, stage.Fraction));
    }

    [Fact]
    public async Task Page_WhenTheRoleDoesNotAnswer_SaysNothingOfIt()
    {
        await using PublicGateway gateway = await StartAsync(status: null);

        string page = await gateway.GetAsync("/", "Accept: text/html\r\n");

        Assert.Contains("<p>bot is WAITING for db</p><p>This page refreshes by itself.</p>", page, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (Socket listener in _listeners)
            listener.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private int _asked;

    /// <param name="status">Of the role, behind which bot waits; null: it listens and says nothing.</param>
    private Task<PublicGateway> StartAsync(string? status)
    {
        string path = Path.Combine(_directory, "backup.sock");
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        _listeners.Add(listener);
        if (status is not null)
            _ = Task.Run(() => ServeAsync(listener, status));

        FakeSupervisor supervisor = new(
            FakeSupervisor.InState("bot", "WAITING") with { WaitingFor = ["db"] },
            FakeSupervisor.InState("db", "WAITING") with { WaitingFor = ["save"] },
            FakeSupervisor.InState("save", "STARTING") with { StatusText = "looking at https://secret.example/me" })
        {
            ByPort = FakeSupervisor.At(_dead, "bot"),
        };
        return PublicGateway.StartAsync($$"""{"default_backend":"{{_dead}}","rules":[]}""", supervisor: supervisor, backup: new BackupLink(path, "save"));
    }

    private async Task ServeAsync(Socket listener, string status)
    {
        try
        {
            while (true)
            {
                using Socket client = await listener.AcceptAsync();
                byte[] request = new byte[4096];
                _ = await client.ReceiveAsync(request);
                _ = Interlocked.Increment(ref _asked);
                _ = await client.SendAsync(Encoding.UTF8.GetBytes($"{{\"id\":1,\"ok\":true,\"result\":{status.ReplaceLineEndings("")}}}\n"));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
