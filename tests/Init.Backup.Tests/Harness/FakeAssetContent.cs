using Microsoft.AspNetCore.Http;

namespace Init.Backup.Tests.Harness;

/// <summary>The content of an asset, in ranges, as the object store behind GitHub sends it; cut, slow or damaged on command.</summary>
internal static class FakeAssetContent
{
    public static async Task SendAsync(HttpContext context, FakeAsset asset, FakeGitHubFault? fault)
    {
        byte[] content = asset.Content;
        long from = 0, to = content.Length - 1;
        string tag = $"\"{asset.Sha256[..16]}\"";
        bool isSame = context.Request.Headers.IfRange.Count == 0 || context.Request.Headers.IfRange == tag;
        if (fault is not { IgnoresRange: true } && isSame && context.Request.GetTypedHeaders().Range is { } range)
        {
            from = range.Ranges.First().From ?? 0;
            to = Math.Min(range.Ranges.First().To ?? to, to);
            context.Response.StatusCode = 206;
            context.Response.Headers.ContentRange = $"bytes {from}-{to}/{content.Length}";
        }

        context.Response.Headers.ETag = tag;
        byte[] piece = content[(int)from..((int)to + 1)];
        if (fault is { CorruptsDownload: true } && piece.Length > 0)
            piece[piece.Length / 2] ^= 1;
        context.Response.ContentLength = piece.Length;
        int sent = 0;
        while (sent < piece.Length)
        {
            if (fault?.CutAnswerAt <= sent)
            {
                await context.Response.Body.FlushAsync();
                throw new IOException("cut, as was asked for");
            }

            if (fault?.HangAnswerAt <= sent)
            {
                await context.Response.Body.FlushAsync();
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
            }

            int most = Math.Min(piece.Length - sent, 64 * 1024);
            foreach (int? edge in new[] { fault?.CutAnswerAt, fault?.HangAnswerAt })
                most = edge > sent ? Math.Min(most, edge.Value - sent) : most;
            if (fault?.BytesPerSecond is > 0 and var rate)
            {
                most = Math.Min(most, Math.Max(1, rate / 20));
                await Task.Delay(50, context.RequestAborted);
            }

            await context.Response.Body.WriteAsync(piece.AsMemory(sent, most), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            sent += most;
        }
    }
}
