using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.OpenAi;

/// <summary>
/// Writes a stream of events to a client, and a comment when there has been nothing for a while, so that nobody on the way takes the connection for dead. The answer begins with what is written first: until then it can still become
/// another one.
/// </summary>
internal sealed class EventWriter : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ITimer _timer;
    private bool _isQuiet = true;
    private bool _hasBegun;

    public EventWriter(HttpContext context, TimeProvider clock, TimeSpan heartbeat)
    {
        _context = context;
        _timer = clock.CreateTimer(static writer => _ = ((EventWriter)writer!).BeatAsync(), this, heartbeat, heartbeat / 2);
    }

    /// <summary>Waits for the pipe to be nobody else's.</summary>
    public async ValueTask<PipeWriter> EnterAsync()
    {
        await _turn.WaitAsync();
        Begin();
        _isQuiet = false;
        return _context.Response.BodyWriter;
    }

    /// <summary>Sends what was written since <see cref="EnterAsync"/>. A client that reads slowly is waited for, as long as the server's limits let it.</summary>
    public async ValueTask LeaveAsync()
    {
        try
        {
            _ = await _context.Response.BodyWriter.FlushAsync();
        }
        finally
        {
            _ = _turn.Release();
        }
    }

    /// <summary>Nothing is written by itself any more.</summary>
    /// <returns>Whether anything was written before.</returns>
    public async Task<bool> StopAsync()
    {
        await _timer.DisposeAsync();
        await _turn.WaitAsync();
        _ = _turn.Release();
        return _hasBegun;
    }

    public async ValueTask DisposeAsync()
    {
        _ = await StopAsync();
        _turn.Dispose();
    }

    private void Begin()
    {
        if (_hasBegun)
            return;
        _hasBegun = true;
        HttpResponse response = _context.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    private async Task BeatAsync()
    {
        if (_context.RequestAborted.IsCancellationRequested || !await _turn.WaitAsync(0))
            return;
        try
        {
            if (_isQuiet)
            {
                Begin();
                _context.Response.BodyWriter.Write(": keep-alive\n\n"u8);
                _ = await _context.Response.BodyWriter.FlushAsync();
            }

            _isQuiet = true;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or InvalidOperationException)
        {
            // The client has gone.
        }
        finally
        {
            _ = _turn.Release();
        }
    }
}
