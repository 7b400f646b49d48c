using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;

namespace Init.Gateway.Tests.Harness;

/// <summary>A WebSocket backend of few words: accepts, and sends each short text frame back.</summary>
internal static class EchoSocket
{
    public static async Task AnswerAsync(BackendRequest request)
    {
        if (request.Header("Sec-WebSocket-Key") is not { } key)
        {
            await request.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            return;
        }

#pragma warning disable CA5350 // RFC 6455 says SHA-1.
        string accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        await request.SendAsync($"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n");
        using WebSocket socket = WebSocket.CreateFromStream(request.Stream, new WebSocketCreationOptions { IsServer = true });
        byte[] buffer = new byte[1000];
        while (true)
        {
            WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
            if (received.MessageType == WebSocketMessageType.Close)
                return;

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None);
        }
    }
}
