using System.Net.Sockets;
using System.Text;
using Init.Gateway.Forwarding;
using Init.Gateway.Tests.Harness;

namespace Init.Gateway.Tests;

public sealed class PublishedChatTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("published-");

    private string SocketPath => Path.Combine(_directory.FullName, "chat.sock");

    public void Dispose() => _directory.Delete(recursive: true);

    /// <summary>Below the path it is the role's, without that path and as the client wrote it; all else is for the rules, and no rule gets in between.</summary>
    [Theory]
    [InlineData("/chat/chat/completion/a%2Fb?x=1", "/chat/completion/a%2Fb?x=1")]
    [InlineData("/chat/userdata/context/get/..", "/userdata/context/get/..")]
    [InlineData("/chat?x=1", "/?x=1")]
    [InlineData("/chat", "/")]
    [InlineData("/chatter", null)]
    [InlineData("/Chat/x", null)]
    public async Task Request_WhenBelowThePath_GoesToTheRole(string target, string? arrives)
    {
        using Socket listener = Listen();
        Task<string> head = AnswerOneAsync(listener);
        await using RecordingBackend other = new();
        await using PublicGateway gateway = await PublicGateway.StartAsync(
            $$"""{"default_backend":"{{other.Url}}","rules":[{"id":"all","priority":999,"match":{"path_prefix":"/chat"},"action":"proxy","backend":"{{other.Url}}"}]}""", chat: new PublishedChat("/chat", SocketPath));
        string answer = await gateway.SendAsync($"GET {target} HTTP/1.1\r\nHost: bots.example\r\nAuthorization: Bearer k\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        if (arrives is null)
        {
            Assert.Single(other.Requests);
            return;
        }

        Assert.Empty(other.Requests);
        string[] lines = (await head).Split("\r\n");
        Assert.Equal($"GET {arrives} HTTP/1.1", lines[0]);
        Assert.Contains("Authorization: Bearer k", lines);
        Assert.Contains("Host: bots.example", lines);
        Assert.Contains("X-Real-IP: 203.0.113.9", lines);
    }

    [Fact]
    public async Task Role_WhenItDoesNotRun_IsSaidToBeDown()
    {
        await using PublicGateway gateway = await PublicGateway.StartAsync("""{"default_backend":"http://127.0.0.1:1","rules":[]}""", chat: new PublishedChat("/chat", SocketPath));
        string answer = await gateway.SendAsync("GET /chat/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 502 ", answer, StringComparison.Ordinal);
        Assert.Contains("the chat API does not answer", answer, StringComparison.Ordinal);
    }

    private Socket Listen()
    {
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen();
        return listener;
    }

    private static async Task<string> AnswerOneAsync(Socket listener)
    {
        using Socket connection = await listener.AcceptAsync();
        await using NetworkStream stream = new(connection);
        StringBuilder head = new();
        byte[] buffer = new byte[4096];
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            head.Append(Encoding.Latin1.GetString(buffer, 0, await stream.ReadAsync(buffer)));
        await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        return head.ToString();
    }
}
