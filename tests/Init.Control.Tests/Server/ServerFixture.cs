using System.Collections.Concurrent;
using Init.Engine.Control;
using Init.Linux;

namespace Init.Control.Tests.Server;

/// <summary>A real server on a real socket, with its loop on a thread of its own.</summary>
internal sealed class ServerFixture : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly string _directory = Directory.CreateTempSubdirectory("init-control-").FullName;
    private readonly EventLoop _loop = new();
    private readonly Thread _thread;
    private Exception? _fault;

    /// <param name="limits">Null: the usual ones.</param>
    /// <param name="handler">Null: <see cref="Handler"/>.</param>
    public ServerFixture(ControlServerLimits? limits = null, IControlHandler? handler = null)
    {
        Server = new ControlServer(_loop, SocketPath, handler ?? Handler, Reports.Enqueue, limits);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    public FakeHandler Handler { get; } = new();

    public ControlServer Server { get; }

    public ConcurrentQueue<string> Reports { get; } = new();

    public string SocketPath => Path.Combine(_directory, "control.sock");

    /// <summary>Runs <paramref name="read"/> on the loop's thread.</summary>
    public T OnLoop<T>(Func<T> read)
    {
        using ManualResetEventSlim done = new();
        T result = default!;
        Exception? fault = null;
        _loop.Post(() =>
        {
            try
            {
                result = read();
            }
            catch (Exception exception)
            {
                fault = exception;
            }

            done.Set();
        });
        Assert.True(done.Wait(Deadline), $"the loop does not answer: {_fault}");
        Assert.Null(fault);
        return result;
    }

    /// <summary>Waits until <paramref name="condition"/>, looked at on the loop's thread, is true.</summary>
    public void Await(Func<bool> condition, string what)
    {
        long end = Environment.TickCount64 + (long)Deadline.TotalMilliseconds;
        while (!OnLoop(condition))
        {
            Assert.True(Environment.TickCount64 < end, $"it did not come to this: {what}");
            Thread.Sleep(1);
        }
    }

    public long WakeUps() => OnLoop(() => _loop.WakeUps);

    public RawClient Connect() => new(SocketPath);

    public void Dispose()
    {
        _loop.Post(Server.Dispose);
        _loop.Stop();
        Assert.True(_thread.Join(Deadline));
        Server.Dispose();
        _loop.Dispose();
        bool left = File.Exists(SocketPath);
        Directory.Delete(_directory, recursive: true);
        Assert.Null(_fault);
        Assert.False(left, "the socket's file is still there");
    }

    private void Run()
    {
        try
        {
            _loop.Run();
        }
        catch (Exception exception)
        {
            _fault = exception;
        }
    }
}
