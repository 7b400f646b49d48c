using System.Net;
using System.Text.Json;

namespace Init.Chat.Tests.Http;

/// <summary>Pictures over HTTP, with the real browser.</summary>
public sealed class RenderEndpointTests
{
    [Fact]
    public async Task Text_WhenRendered_IsAPictureAtItsAddress()
    {
        await using ChatHost host = await ChatHost.StartAsync();

        var (status, body) = await host.FormAsync("/render/u", ("text", "# 标题\n\n{user_name}"), ("style", "pink"), ("timeout", "30"));

        Assert.True(status == 200, body);
        JsonElement picture = JsonDocument.Parse(body).RootElement;
        Assert.Equal(("pink", 30, "# 标题\n\n{user_name}"), (picture.GetProperty("style").GetString(), picture.GetProperty("timeout").GetInt32(), picture.GetProperty("text").GetString()));
        Assert.Equal(picture.GetProperty("create").GetInt64(), picture.GetProperty("create_ms").GetInt64() / 1000);
        Assert.EndsWith($"/file/render/{picture.GetProperty("file_uuid").GetString()}.png", picture.GetProperty("image_url").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage file = await host.Local.GetAsync(picture.GetProperty("image_url").GetString());
        Assert.Equal((HttpStatusCode.OK, "image/png"), (file.StatusCode, file.Content.Headers.ContentType!.MediaType));
        Assert.StartsWith("\u0089PNG", System.Text.Encoding.Latin1.GetString(await file.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_WhenRendered_HasItsPictureInTheUsersStyle()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        await host.FormAsync(HttpMethod.Put, "/userdata/config/set/u", ("key", "render_style"), ("value", "dark"));

        var (status, body) = await host.FormAsync("/chat/completion/u", ("message", "**hello**"), ("rendering", "true"));

        Assert.True(status == 200, body);
        JsonElement answer = JsonDocument.Parse(body).RootElement;
        byte[] picture = await host.Local.GetByteArrayAsync(answer.GetProperty("image_url").GetString());
        string file = Path.Combine(host.Options.Rendering.Directory, answer.GetProperty("file_uuid").GetString() + ".png");
        Assert.Equal(await File.ReadAllBytesAsync(file), picture);
        Assert.Equal("#1e1e2e", Rendering.Png.Read(file).At(0, 0));
    }

    [Fact]
    public async Task Style_ThatThereIsNot_IsRefusedInTheSuccessorsWords()
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal((400, """{"detail":"Invalid style"}"""), await host.FormAsync("/render/u", ("text", "x"), ("style", "nosuch")));
        Assert.Equal(422, (await host.FormAsync("/render/u", ("style", "dark"))).Status);
    }

    [Theory]
    [InlineData("0f8fad5b-d9cb-469f-a165-70867728950e")]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("x")]
    public async Task File_ThatThereIsNot_IsNotFound(string name)
    {
        await using ChatHost host = await ChatHost.StartAsync();
        Assert.Equal((404, """{"detail":"File not found"}"""), await host.GetAsync($"/file/render/{name}.png"));
    }
}
