using System.Net.Sockets;
using Init.Base;
using Init.Control;

namespace Init.Applets;

/// <summary>One command's talk with the supervisor: connects, asks, and says what is wrong in the same words for every command.</summary>
public sealed class ControlSession(string socketPath, Screen screen) : IDisposable
{
    private ControlClient? _client;

    public string SocketPath => socketPath;

    /// <summary>Asks, and hands the result on; whatever else happens is said on standard error and is the exit code.</summary>
    public int Ask<TResult>(ControlRequest request, Func<TResult, int> use)
        where TResult : ControlResult
    {
        ControlAnswer? answer = Ask(request, out int code);
        return answer switch
        {
            ControlAnswer.Done { Result: TResult result } => use(result),
            null => code,
            _ => Fail("cannot understand the supervisor: its answer is of another kind"),
        };
    }

    /// <summary>Asks for a stream of items.</summary>
    public int Follow(ControlRequest request, Action<ControlItem> onItem, Action<long>? onDropped = null)
    {
        _ = Ask(request, out int code, onItem, onDropped ?? (count => screen.Errors.WriteLine($"({count} items lost: they were not read in time)")));
        return code;
    }

    /// <summary>Null when there is no answer of success; then it has been said why.</summary>
    public ControlAnswer.Done? Ask(ControlRequest request, out int code, Action<ControlItem>? onItem = null, Action<long>? onDropped = null)
    {
        code = ExitCode.Success;
        _client ??= ControlClient.Connect(socketPath, out SocketError reason) is { } client ? client : Unreachable(reason);
        if (_client is null)
        {
            code = ExitCode.Unreachable;
            return null;
        }

        switch (_client.Ask(request, onItem, onDropped))
        {
            case ControlAnswer.Done done:
                return done;
            case ControlAnswer.Refused refused:
                code = Refused(refused.Error);
                return null;
            case ControlAnswer.Lost lost:
                screen.Flush();
                screen.Errors.WriteLine($"lost init at {socketPath}: {lost.Why}");
                Forget();
                code = ExitCode.Unreachable;
                return null;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>The next question connects anew.</summary>
    public void Forget()
    {
        _client?.Dispose();
        _client = null;
    }

    public void Dispose() => Forget();

    /// <summary>Why nobody can be reached, and what to do about it.</summary>
    public static string Describe(SocketError reason, string path) => $"cannot reach init at {path}: " + reason switch
    {
        // .NET has one name for ENOENT and others.
        SocketError.AddressNotAvailable => "there is no socket (is init running? another socket is named with --socket or INIT_SOCKET)",
        SocketError.ConnectionRefused => "nobody listens there any more (is init running?)",
        SocketError.AccessDenied => "permission denied (use the user that init runs as, or root)",
        SocketError.MessageSize => "the path is too long for a socket (at most 107 bytes)",
        _ => $"{new SocketException((int)reason).Message} (is init running?)",
    };

    private ControlClient? Unreachable(SocketError reason)
    {
        screen.Errors.WriteLine(Describe(reason, socketPath));
        return null;
    }

    private int Refused(ControlError error)
    {
        screen.Flush();
        foreach (string problem in error.Problems ?? [])
            screen.Errors.WriteLine(problem);

        return Fail(error.Hint is null ? error.Message : $"{error.Message} ({error.Hint})");
    }

    private int Fail(string message)
    {
        screen.Flush();
        screen.Errors.WriteLine(message);
        return ExitCode.Failure;
    }
}
