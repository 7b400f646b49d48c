using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Init.Engine.Children;
using Init.Engine.EventHooks;
using Init.Linux;

namespace Init.Applets;

/// <summary>
/// <c>init post-event</c>, hidden: POSTs the JSON on stdin to the URL in INIT_EVENT_URL. The supervisor runs it for <c>on_event</c> hooks with a
/// URL, so that neither name resolution nor TLS are ever in PID 1.
/// </summary>
internal static class PostEvent
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Returns 0 when the server has taken the event (2xx), else one of <see cref="PostEventStatus"/>.</summary>
    /// <param name="input">Where the event is read.</param>
    /// <param name="errors">Where a person who tries it out reads what went wrong.</param>
    public static int Run(int input = 0, int errors = 2)
    {
        string? problem = Post(input, out int status);
        if (problem is not null)
            _ = Files.Write(errors, Encoding.UTF8.GetBytes(problem + "\n")); // Nobody may be listening there; the exit code says it too.
        return status;
    }

    private static string? Post(int input, out int status)
    {
        status = PostEventStatus.Usage;
        if (!Uri.TryCreate(Environment.GetEnvironmentVariable(EventHookRunner.UrlVariable), UriKind.Absolute, out Uri? url)
            || url.Scheme is not ("http" or "https"))
        {
            return $"cannot post the event: {EventHookRunner.UrlVariable} is not an http or https URL";
        }

        byte[]? json = Files.ReadToEnd(input, CommandRequest.InputBytesMax, out int errno);
        if (json is null)
            return $"cannot read the event from stdin: {Errno.Describe(errno)}";

        string? milliseconds = Environment.GetEnvironmentVariable(EventHookRunner.TimeoutVariable);
        TimeSpan timeout = int.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0
            ? TimeSpan.FromMilliseconds(number)
            : DefaultTimeout;
        return Post(url, json, timeout, out status);
    }

    private static string? Post(Uri url, byte[] json, TimeSpan timeout, out int status)
    {
        // A redirection would turn the POST into a GET, or send the event somewhere nobody has named.
        using SocketsHttpHandler handler = new() { AllowAutoRedirect = false, UseCookies = false };
        using HttpClient client = new(handler) { Timeout = timeout };
        using HttpRequestMessage request = new(HttpMethod.Post, WithoutUserInfo(url)) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
        request.Headers.UserAgent.ParseAdd("init-post-event");
        if (url.UserInfo.Length > 0)
        {
            byte[] credentials = Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url.UserInfo));
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(credentials));
        }

        // What is said names the server and no more: path, query and user are often secrets.
        string server = url.IsDefaultPort ? $"{url.Scheme}://{url.Host}" : $"{url.Scheme}://{url.Host}:{url.Port}";
        try
        {
            using HttpResponseMessage response = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            status = response.IsSuccessStatusCode ? 0 : PostEventStatus.Refused;
            return status == 0 ? null : $"cannot post the event to {server}: status {(int)response.StatusCode}";
        }
        catch (OperationCanceledException)
        {
            status = PostEventStatus.TimedOut;
            return $"cannot post the event to {server}: no answer in time";
        }
        catch (HttpRequestException exception)
        {
            status = PostEventStatus.Unreachable;
            return $"cannot post the event to {server}: {exception.HttpRequestError}";
        }
    }

    private static Uri WithoutUserInfo(Uri url) => new UriBuilder(url) { UserName = "", Password = "", Fragment = "" }.Uri;
}
