using System.Net.Sockets;
using System.Text;
using Init.Applets;
using Init.Engine.EventHooks;
using Init.Engine.Tests.Probes;
using Init.Linux;

namespace Init.Engine.Tests.EventHooks;

public sealed class PostEventTests
{
    private const string Event = "{\"type\":\"program.fatal\"}\n";

    [Fact]
    public void Post_WhenTheServerTakesIt_SendsTheEventWithCredentialsInTheHeader()
    {
        string request = "";
        using ScriptedServer server = new(connection =>
        {
            request = ReadAll(connection);
            connection.Send("HTTP/1.1 204 No Content\r\n\r\n"u8);
        });

        var (status, said) = Post($"http://us%20er:pass@127.0.0.1:{server.Port}/hook?key=1#x");

        Assert.Equal((0, ""), (status, said));
        Assert.StartsWith("POST /hook?key=1 HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("Content-Type: application/json; charset=utf-8\r\n", request, StringComparison.Ordinal);
        Assert.Contains($"Authorization: Basic {Convert.ToBase64String("us er:pass"u8)}\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + Event, request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", PostEventStatus.Refused, "status 500")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", PostEventStatus.Refused, "status 302")]
    [InlineData("garbage\r\n\r\n", PostEventStatus.Unreachable, "InvalidResponse")]
    [InlineData("", PostEventStatus.Unreachable, "ResponseEnded")]
    public void Post_WhenTheServerDoesNotTakeIt_SaysSoWithoutSecrets(string answer, int expected, string reason)
    {
        using ScriptedServer server = new(connection =>
        {
            ReadAll(connection);
            connection.Send(Encoding.UTF8.GetBytes(answer));
            connection.Shutdown(SocketShutdown.Both);
        });

        var (status, said) = Post($"http://user:s3cret@127.0.0.1:{server.Port}/s3cret?s3cret");

        Assert.Equal((expected, $"cannot post the event to http://127.0.0.1:{server.Port}: {reason}\n"), (status, said));
    }

    [Fact]
    public void Post_WhenTheServerIsSilent_EndsInTime()
    {
        using ScriptedServer server = new(connection => ReadAll(connection));
        var (status, said) = Post($"http://127.0.0.1:{server.Port}/", timeout: "200");
        Assert.Equal((PostEventStatus.TimedOut, $"cannot post the event to http://127.0.0.1:{server.Port}: no answer in time\n"), (status, said));
    }

    [Fact]
    public void Post_WhenNobodyListens_IsUnreachable() => Assert.Equal(PostEventStatus.Unreachable, Post("http://127.0.0.1:1/").Status);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("file:///etc/passwd")]
    [InlineData("no url")]
    public void Post_WhenThereIsNoUrl_IsAUsageError(string? url) => Assert.Equal(PostEventStatus.Usage, Post(url).Status);

    private static string ReadAll(Socket connection)
    {
        string request = ScriptedServer.ReadRequest(connection);
        byte[] buffer = new byte[4096];
        while (!request.EndsWith('\n') || request.EndsWith("\r\n", StringComparison.Ordinal))
            request += Encoding.UTF8.GetString(buffer, 0, connection.Receive(buffer));
        return request;
    }

    private static (int Status, string Said) Post(string? url, string? timeout = null)
    {
        Environment.SetEnvironmentVariable(EventHookRunner.UrlVariable, url);
        Environment.SetEnvironmentVariable(EventHookRunner.TimeoutVariable, timeout);
        int input = Files.CreateInMemory("event", Encoding.UTF8.GetBytes(Event)).OrThrow("create", "input");
        var (read, write) = Pipes.Create();
        try
        {
            int status = PostEvent.Run(input, write);
            Files.Close(write);
            return (status, Encoding.UTF8.GetString(Files.ReadToEnd(read, 4096, out _)!));
        }
        finally
        {
            Files.Close(input);
            Files.Close(read);
        }
    }
}
