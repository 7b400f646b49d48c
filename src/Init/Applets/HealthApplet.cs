using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary>
/// <c>init health</c>: for the health check of a container. It asks whether Init does its work and not whether every program does: a bot that cannot sign in is restarted by Init, and a
/// platform that restarted the container for it would take everything else down.
/// </summary>
internal static class HealthApplet
{
    /// <summary>For one address, from the connection to the head of the answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What is no http or https URL; null when all are.</summary>
    public static string? ProblemOf(IEnumerable<string> urls) =>
        urls.FirstOrDefault(url => !IsWeb(url)) is { } wrong ? $"cannot ask \"{wrong}\": it is no http or https URL" : null;

    /// <returns>0 or 1 and nothing else: what a container's health check may say.</returns>
    public static int Run(ControlSession session, Screen screen, IReadOnlyList<string> urls)
    {
        if (session.Ask<ControlResult.Status>(new ControlRequest.Status([]), _ => ExitCode.Success) != ExitCode.Success)
            return ExitCode.Failure;

        using SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
        using HttpClient client = new(handler) { Timeout = Patience };
        foreach (string url in urls)
        {
            if (TroubleOf(client, url) is not { } trouble)
                continue;

            screen.Errors.WriteLine($"{url}: {trouble}");
            return ExitCode.Failure;
        }

        screen.Output.WriteLine("healthy");
        return ExitCode.Success;
    }

    private static bool IsWeb(string url) => Uri.TryCreate(url, UriKind.Absolute, out Uri? parsed) && parsed.Scheme is "http" or "https";

    private static string? TroubleOf(HttpClient client, string url)
    {
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Get, url);
            using HttpResponseMessage answer = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            return (int)answer.StatusCode is >= 200 and < 400 ? null : $"status {(int)answer.StatusCode}";
        }
        catch (OperationCanceledException)
        {
            return $"no answer within {Patience.TotalSeconds} s";
        }
        catch (HttpRequestException exception)
        {
            return $"no answer: {exception.HttpRequestError}";
        }
    }
}
