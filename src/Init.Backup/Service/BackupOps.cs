using System.Diagnostics;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Requests that take longer than the loop may wait: each on a thread of its own, beside backups. Everything but the work happens on the loop's thread.</summary>
/// <param name="loop">The role's.</param>
/// <param name="parts">The role's.</param>
/// <param name="surroundings">The role's.</param>
/// <param name="hold">Calls back, on the loop's thread, when no backup is under way; until it is released none begins.</param>
/// <param name="release">The end of that.</param>
/// <param name="cancel">The role has no more time.</param>
internal sealed class BackupOps(EventLoop loop, BackupParts parts, ServiceSurroundings surroundings, StatusBoard board, Action<Action> hold, Action release, CancellationToken cancel)
    : IOpHost, IDisposable
{
    private const int RequestsMax = 4;

    private readonly CancellationTokenSource _proofs = CancellationTokenSource.CreateLinkedTokenSource(cancel);
    private readonly List<Thread> _threads = [];
    private ProofKeeper? _keeper;
    private int _requests;
    private bool _isProving;

    public bool MayRestoreInPlace => true;

    public IReadOnlyList<string> RunningPrograms => surroundings.RunningPrograms();

    /// <summary>From now on the backup is proved from time to time.</summary>
    public void Start(BootResult boot)
    {
        _keeper = new ProofKeeper(loop, parts, board, Prove);
        _keeper.Start(boot);
    }

    /// <summary>The last backup is about to be made: a proof can be made another time.</summary>
    public void End()
    {
        _keeper?.End();
        _proofs.Cancel();
    }

    /// <summary>Waits for those that have been cancelled, so that they can take away what they have made.</summary>
    /// <param name="limit">For all of them.</param>
    public void Join(TimeSpan limit)
    {
        long start = Stopwatch.GetTimestamp();
        foreach (Thread thread in _threads)
        {
            TimeSpan left = limit - Stopwatch.GetElapsedTime(start);
            _ = thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    public void Dispose() => _proofs.Dispose();

    public void Proved(ProofState proof) => loop.Post(() => _keeper?.Made(proof));

    /// <returns>False: it is none of these.</returns>
    public bool TryHandle(LineRequest request)
    {
        if (!OpRunner.Known.Contains(request.Op))
            return false;
        if (_requests == RequestsMax)
        {
            request.Fail("busy", $"cannot do \"{request.Op}\" now: {RequestsMax} requests like it are under way; try again in a moment");
            return true;
        }

        bool isProof = request.Op == "verify";
        if (isProof && _isProving)
        {
            request.Fail("busy", "cannot verify now: a proof is under way; the status says what comes of it");
            return true;
        }

        bool isList = request.Op is not ("restore" or "verify");
        _requests++;
        if (isProof)
            BeginProof();
        Begin(request.Op, () =>
        {
            List<string> items = [];
            Action answer = Execute(request, isList ? items.Add : item => loop.Post(() => request.Item(item)), items);
            return () =>
            {
                _requests--;
                if (isProof)
                    EndProof(null);
                answer();
            };
        });
        return true;
    }

    /// <summary>One that is due.</summary>
    private void Prove(bool full)
    {
        if (_isProving)
            return;

        BeginProof();
        Begin("proof", () =>
        {
            string? problem = null;
            try
            {
                _ = new OpRunner(parts, this).Verify(full, null, _ => { }, _proofs.Token);
            }
            catch (OperationCanceledException) when (_proofs.IsCancellationRequested)
            {
                // The role ends.
            }
            catch (Exception exception)
            {
                problem = exception.Message; // It is tried again, whatever it was.
            }

            return () => EndProof(problem);
        });
    }

    private void BeginProof()
    {
        _isProving = true;
        _keeper?.Begun();
    }

    private void EndProof(string? problem)
    {
        _isProving = false;
        _keeper?.Ended(problem);
    }

    private void Begin(string name, Func<Action> work)
    {
        Thread thread = new(() => loop.Post(work()))
        {
            Name = name,
            IsBackground = true, // One that is cut off at the end leaves nothing that the next start does not put in order.
        };
        _threads.RemoveAll(ended => !ended.IsAlive);
        _threads.Add(thread);
        thread.Start();
    }

    public void WhileNoBackupIsMade(Action work, CancellationToken token)
    {
        using ManualResetEventSlim granted = new();
        loop.Post(() => hold(granted.Set));
        granted.Wait(token); // Cancelled only when the role ends, and nobody waits for the release any more.
        try
        {
            work();
        }
        finally
        {
            loop.Post(release);
        }
    }

    private Action Execute(LineRequest request, Action<string> item, List<string> items)
    {
        try
        {
            string result = new OpRunner(parts, this).Run(request.Op, request.Fields, item, request.Op == "verify" ? _proofs.Token : cancel);
            return () => request.Succeed(items, result);
        }
        catch (OpException exception)
        {
            return () => request.Fail(exception.Code, exception.Message);
        }
        catch (OperationCanceledException) when (_proofs.IsCancellationRequested)
        {
            return () => request.Fail("ending", $"cannot do \"{request.Op}\" to its end: the role ends");
        }
        catch (Exception exception)
        {
            return () => request.Fail("failed", exception.Message); // Of this request. The role and its backups go on, whatever it was.
        }
    }
}
