using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.Harness;

/// <summary>A chat's role on a socket, which answers what the test says.</summary>
internal sealed class FakeChat : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentQueue<string> _requests = new();

    /// <param name="path">Of the socket.</param>
    /// <param name="answer">Called with "METHOD target body"; gives status and body.</param>
    public FakeChat(string path, Func<string, (int Status, string Body)> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options => options.ListenUnixSocket(path));
        _application = builder.Build();
        _application.Run(async context =>
        {
            using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
            string request = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString} {await reader.ReadToEndAsync()}";
            if (context.Request.Path != "/healthz")
                _requests.Enqueue(request);
            (context.Response.StatusCode, string body) = answer(request);
            await context.Response.WriteAsync(body);
        });
        _application.StartAsync().GetAwaiter().GetResult();
    }

    public IReadOnlyList<string> Requests => [.. _requests];

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
