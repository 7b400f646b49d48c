using System.Net;
using Init.Linux;

namespace Init.Chat.Tests.Http;

public sealed class ChatServerTests
{
    [Fact]
    public async Task Server_WhenAskedByEachDoor_Answers()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        using HttpClient administration = ChatHost.Over(host.Options.ControlSocket), published = ChatHost.Over(host.Options.PublishedSocket);
        foreach (HttpClient client in new[] { host.Local, administration, published })
            Assert.Equal("ok\n", await client.GetStringAsync("/healthz"));
        Assert.Equal(0b110_000_000, Files.StatusOf(host.Options.ControlSocket)!.Value.Mode);
    }

    [Fact]
    public async Task Server_WhenThePathIsUnknown_SaysSoAsTheOriginalDoes()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        using HttpResponseMessage missing = await host.Local.GetAsync("/nowhere");
        Assert.Equal((HttpStatusCode.NotFound, """{"detail":"Not Found"}"""), (missing.StatusCode, await missing.Content.ReadAsStringAsync()));
        using HttpResponseMessage wrong = await host.Local.DeleteAsync("/healthz");
        Assert.Equal((HttpStatusCode.MethodNotAllowed, """{"detail":"Method Not Allowed"}"""), (wrong.StatusCode, await wrong.Content.ReadAsStringAsync()));
        Assert.Equal(["GET"], wrong.Content.Headers.Allow);
    }
}
