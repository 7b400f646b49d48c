using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Generation;

/// <summary>The tasks there are: who is let in, and what has ended for as long as it is kept. Several threads may use it.</summary>
internal sealed class TaskTable(GeneratorOptions options, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, GenerationTask> _running = new(StringComparer.Ordinal), _ended = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ofUsers = new(StringComparer.Ordinal);
    private readonly Queue<(GenerationTask Task, int Length, long At)> _order = new();
    private readonly TaskCompletionSource _emptied = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count, _present;
    private long _endedLength;
    private bool _isClosed, _isStopping;

    public ImmutableArray<GenerationTask> Running
    {
        get
        {
            lock (_lock)
                return [.. _running.Values];
        }
    }

    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _count == 0 && _ended.Count == 0;
        }
    }

    /// <summary>Takes a place for a user, which <see cref="Leave"/> gives back.</summary>
    /// <exception cref="GeneratorBusyException">There is none.</exception>
    public void Enter(string user)
    {
        lock (_lock)
        {
            if (_isClosed)
                throw new GeneratorBusyException("the server is about to end") { RetryAfter = TimeSpan.FromSeconds(5) };
            if (_count >= options.RunningMax + options.WaitingMax)
                throw new GeneratorBusyException($"{options.RunningMax} answers are being written and {options.WaitingMax} more wait; try again later");
            int ofUser = _ofUsers.GetValueOrDefault(user);
            if (ofUser >= options.PerUserMax)
                throw new GeneratorBusyException($"{options.PerUserMax} answers for this user are being written or wait; try again later");
            _ofUsers[user] = ofUser + 1;
            _count++;
            _present++;
        }
    }

    public void Leave(string user)
    {
        lock (_lock)
        {
            _count--;
            if (--_ofUsers[user] == 0)
                _ofUsers.Remove(user);
        }
    }

    /// <summary>The last thing that whoever has entered does.</summary>
    public void Depart()
    {
        lock (_lock)
        {
            if (--_present == 0 && _isClosed)
                _emptied.TrySetResult();
        }
    }

    /// <returns>False: it is to be stopped at once.</returns>
    public bool Begin(GenerationTask task)
    {
        lock (_lock)
        {
            _running.Add(task.TaskId, task);
            return !_isStopping;
        }
    }

    /// <summary>It has ended; it can be found for a while.</summary>
    public void End(GenerationTask task)
    {
        int length = task.Log.Length;
        lock (_lock)
        {
            _running.Remove(task.TaskId);
            _ended.Add(task.TaskId, task);
            _order.Enqueue((task, length, clock.GetTimestamp()));
            _endedLength += length;
        }

        Sweep();
    }

    public GenerationTask? Find(string taskId)
    {
        lock (_lock)
            return _running.GetValueOrDefault(taskId) ?? _ended.GetValueOrDefault(taskId);
    }

    /// <summary>Forgets what has ended long ago, and what is too much.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            while (_order.TryPeek(out (GenerationTask Task, int Length, long At) oldest)
                && (_ended.Count > options.KeptMax || _endedLength > options.KeptLengthMax || clock.GetElapsedTime(oldest.At) >= options.KeptFor))
            {
                _order.Dequeue();
                _ended.Remove(oldest.Task.TaskId);
                _endedLength -= oldest.Length;
            }
        }
    }

    /// <summary>Lets nobody in from now on.</summary>
    /// <returns>Completes when all have departed.</returns>
    public Task Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (_present == 0)
                _emptied.TrySetResult();
            return _emptied.Task;
        }
    }

    /// <summary>Stops what runs, and what begins from now on.</summary>
    public void StopAll()
    {
        GenerationTask[] running;
        lock (_lock)
        {
            _isStopping = true;
            running = [.. _running.Values];
        }

        foreach (GenerationTask task in running)
            task.StopAs(TaskState.Interrupted);
    }
}
