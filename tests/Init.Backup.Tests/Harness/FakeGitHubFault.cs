using Microsoft.AspNetCore.Http;

namespace Init.Backup.Tests.Harness;

/// <summary>How <see cref="FakeGitHub"/> misbehaves, and at which requests. What is null, false or 0 is as usual.</summary>
public sealed class FakeGitHubFault
{
    private int _left = int.MaxValue;

    /// <summary>In "HOST METHOD PATH?QUERY"; HOST is api, upload or assets. Null: every request.</summary>
    public string? Where { get; init; }

    /// <summary>How many requests it is for.</summary>
    public int Times { init => _left = value; }

    /// <summary>Answered instead.</summary>
    public int? Status { get; init; }

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public string Body { get; init; } = "";

    /// <summary>Along with a status, or a cut: the upload leaves an asset that is none.</summary>
    public bool LeavesStarter { get; init; }

    /// <summary>No answer at all.</summary>
    public bool Hangs { get; init; }

    /// <summary>The connection ends before the answer.</summary>
    public bool Cuts { get; init; }

    /// <summary>The connection ends when so many bytes of the content have come.</summary>
    public int? CutUploadAt { get; init; }

    public bool CorruptsUpload { get; init; }

    /// <summary>The upload is done, and nobody hears of it.</summary>
    public bool LosesUploadAnswer { get; init; }

    public bool CorruptsDownload { get; init; }

    public bool IgnoresRange { get; init; }

    public int? CutAnswerAt { get; init; }

    public int? HangAnswerAt { get; init; }

    public int BytesPerSecond { get; init; }

    internal bool TryTake(FakeRequest request) => (Where is null || request.ToString().Contains(Where, StringComparison.Ordinal)) && Interlocked.Decrement(ref _left) >= 0;

    /// <returns>False: it goes on as usual, or nearly.</returns>
    internal async Task<bool> AnswerAsync(HttpContext context)
    {
        if (Hangs)
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        if (Cuts)
        {
            context.Abort();
            return true;
        }

        if (Status is not { } status)
            return false;

        context.Response.StatusCode = status;
        foreach (var (name, value) in Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(Body);
        return true;
    }
}
