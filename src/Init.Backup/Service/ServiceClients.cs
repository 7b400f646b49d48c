namespace Init.Backup.Service;

/// <summary>Who asks the role over its socket, and who waits for what comes of it. On the loop's thread.</summary>
/// <param name="board">What is answered.</param>
/// <param name="ops">Requests that take longer.</param>
/// <param name="request">Asks for a backup.</param>
internal sealed class ServiceClients(StatusBoard board, BackupOps ops, Action request)
{
    /// <summary>Requests that wait, and requests that follow: what is asked beyond is refused.</summary>
    private const int WaitersMax = 100;

    private readonly List<(long Run, LineRequest Request)> _waiters = [];
    private readonly List<LineRequest> _followers = [];
    private long _runs;
    private bool _isEnding;

    public void Handle(LineRequest asked)
    {
        switch (asked.Op)
        {
            case "status":
                asked.Succeed(board.ToJson());
                break;
            case "follow" or "now" when (asked.Op == "follow" ? _followers.Count : _waiters.Count) == WaitersMax:
                asked.Fail("busy", $"cannot do \"{asked.Op}\" now: {WaitersMax} others wait for the same");
                break;
            case "follow":
                if (asked.Item(board.ToJson()))
                    _followers.Add(asked);
                break;
            case "now" when _isEnding:
                asked.Fail("ending", "cannot back up now: the role ends, and makes its last backup");
                break;
            case "now":
                if (asked.Fields.IsTrue("wait"))
                    _waiters.Add((_runs + 1, asked));
                else
                    asked.Succeed();
                request();
                break;
            case var _ when ops.TryHandle(asked):
                break;
            default:
                asked.Fail("unknown-op", $"cannot do \"{asked.Op}\": this role does not know it");
                break;
        }
    }

    /// <summary>Followers hear it; those that have gone are forgotten.</summary>
    public void Tell(string status) => _followers.RemoveAll(follower => !follower.Item(status));

    public void RunBegins() => _runs++;

    /// <summary>Whoever asked before the run began has his answer.</summary>
    /// <param name="problem">Why it failed; null: it did not.</param>
    public void RunEnded(string? problem)
    {
        foreach (LineRequest waiter in Take(run => run <= _runs))
        {
            if (problem is null)
                waiter.Succeed(board.ToJson());
            else
                waiter.Fail("failed", problem);
        }
    }

    /// <summary>No backup is begun any more but the last one, for which those wait who have asked already.</summary>
    public void Ending() => _isEnding = true;

    /// <summary>Nor that.</summary>
    public void Ended()
    {
        foreach (LineRequest waiter in Take(_ => true))
            waiter.Fail("failed", "cannot say what became of the backup: the role ends");
    }

    private List<LineRequest> Take(Func<long, bool> isMeant)
    {
        List<LineRequest> taken = [.. _waiters.Where(waiter => isMeant(waiter.Run)).Select(waiter => waiter.Request)];
        _waiters.RemoveAll(waiter => isMeant(waiter.Run));
        return taken;
    }
}
