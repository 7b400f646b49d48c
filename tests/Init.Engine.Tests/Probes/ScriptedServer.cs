using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Init.Engine.Tests.Probes;

/// <summary>Accepts connections on the loopback and does with each what the test says, on a thread of its own.</summary>
internal sealed class ScriptedServer : IDisposable
{
    private readonly Socket _listener;
    private readonly ConcurrentBag<Socket> _connections = [];
    private readonly Action<Socket> _script;

    public ScriptedServer(Action<Socket> script, IPAddress? address = null)
    {
        _script = script;
        address ??= IPAddress.Loopback;
        _listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, 0));
        _listener.Listen(2048);
        Thread acceptor = new(Accept) { IsBackground = true };
        acceptor.Start();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public int Accepted => _connections.Count;

    /// <summary>Reads until the end of the request's header.</summary>
    public static string ReadRequest(Socket connection)
    {
        string request = "";
        byte[] buffer = new byte[4096];
        while (!request.Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            int count = connection.Receive(buffer);
            if (count == 0)
                break;
            request += System.Text.Encoding.UTF8.GetString(buffer, 0, count);
        }

        return request;
    }

    /// <summary>A server that reads the request, answers so and closes.</summary>
    public static ScriptedServer Answering(string answer) => new(connection =>
    {
        ReadRequest(connection);
        connection.Send(System.Text.Encoding.UTF8.GetBytes(answer));
        connection.Shutdown(SocketShutdown.Send);
    });

    public void Dispose()
    {
        _listener.Dispose();
        foreach (Socket connection in _connections)
            connection.Dispose();
    }

    private void Accept()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = _listener.Accept();
            }
            catch (SocketException)
            {
                return; // Disposed.
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            _connections.Add(connection);
            Thread worker = new(() => Serve(connection), maxStackSize: 128 * 1024) { IsBackground = true };
            worker.Start();
        }
    }

    private void Serve(Socket connection)
    {
        try
        {
            _script(connection);
        }
        catch (SocketException)
        {
            return; // The client has gone, which many scripts are about.
        }
        catch (ObjectDisposedException)
        {
            return;
        }
    }
}
