using System.Text;
using Init.Chat.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Tests.OpenAi;

public sealed class EventWriterTests
{
    [Fact]
    public async Task Writer_WhenThereIsSilence_WritesComments()
    {
        DefaultHttpContext context = new() { Response = { Body = new MemoryStream() } };
        await using EventWriter writer = new(context, TimeProvider.System, TimeSpan.FromMilliseconds(50));
        for (int i = 0; i < 500 && !Written(context).Contains(": keep-alive\n\n: keep-alive\n\n", StringComparison.Ordinal); i++)
            await Task.Delay(20);
        Assert.StartsWith(": keep-alive\n\n: keep-alive\n\n", Written(context), StringComparison.Ordinal);
        Assert.True(await writer.StopAsync());
        Assert.Equal("text/event-stream; charset=utf-8", context.Response.ContentType);
        int length = Written(context).Length;
        await Task.Delay(200);
        Assert.Equal(length, Written(context).Length);
    }

    [Fact]
    public async Task Writer_WhenNothingWasWritten_LeavesTheAnswerOpen()
    {
        DefaultHttpContext context = new() { Response = { Body = new MemoryStream() } };
        await using EventWriter writer = new(context, TimeProvider.System, TimeSpan.FromSeconds(15));
        Assert.False(await writer.StopAsync());
        Assert.Null(context.Response.ContentType);
    }

    private static string Written(HttpContext context) => Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
}
