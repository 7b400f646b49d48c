using System.Text.Json;
using Init.Admin.Http;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Rest;

/// <summary>Problem details for HTTP APIs (RFC 9457).</summary>
public sealed record Problem
{
    public string Type { get; init; } = "about:blank";

    public required string Title { get; init; }

    public required int Status { get; init; }

    /// <summary>For people: "cannot …".</summary>
    public string? Detail { get; init; }

    /// <summary>The supervisor's word for it, one of <see cref="ErrorCode"/>.</summary>
    public string? Code { get; init; }

    /// <summary>What to do about it.</summary>
    public string? Hint { get; init; }

    /// <summary>What is wrong with the configuration, line by line.</summary>
    public IReadOnlyList<string>? Problems { get; init; }

    /// <summary>What became of each program, when some of them did what was asked for and others did not.</summary>
    public IReadOnlyList<ControlItem.Outcome>? Outcomes { get; init; }
}

public static class ProblemReply
{
    public static Task WriteAsync(HttpContext context, Problem problem) =>
        TextReply.WriteAsync(context, "application/problem+json", JsonSerializer.SerializeToUtf8Bytes(problem, RestJson.Default.Problem), problem.Status);
}
