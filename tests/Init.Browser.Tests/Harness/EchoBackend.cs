using System.Net;
using System.Text;
using Init.Integration.Tests.Harness;

namespace Init.Browser.Tests.Harness;

/// <summary>A program behind the gateway: its name, the path that it was asked for, and one header of the request a line.</summary>
internal sealed class EchoBackend : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _name;

    public EchoBackend(string name)
    {
        _name = name;
        Address = $"http://127.0.0.1:{FreePorts.Take(1)[0]}";
        _listener.Prefixes.Add(Address + "/");
        _listener.Start();
        _ = AnswerAsync();
    }

    public string Address { get; }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return; // The test is over.
            }

            StringBuilder text = new($"{_name} {context.Request.RawUrl}\n");
            foreach (string? name in context.Request.Headers.AllKeys)
                text.Append(name).Append(": ").Append(context.Request.Headers[name]).Append('\n');
            byte[] body = Encoding.UTF8.GetBytes(text.ToString());
            context.Response.ContentType = "text/plain";
            context.Response.ContentLength64 = body.Length;
            context.Response.OutputStream.Write(body);
            context.Response.Close();
        }
    }
}
