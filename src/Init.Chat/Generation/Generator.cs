using System.Collections.Immutable;
using System.Security.Cryptography;
using Init.Chat.CallLog;
using Init.Chat.Store;
using Init.Chat.Upstream;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Generation;

/// <summary>
/// Runs generations as tasks of the server. The start of one is stored before its provider is asked; its end is stored, with its call and what it took, before anybody is told. So a process that is killed loses what a provider
/// has said since the last checkpoint, and nothing that anybody was told is complete.
/// </summary>
public sealed class Generator : IGenerator
{
    private readonly IUpstream _upstream;
    private readonly IChatStore _store;
    private readonly string _owner;
    private readonly GeneratorOptions _options;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly TaskTable _tasks;
    private readonly TaskEnds _ends;
    private readonly Housekeeper _housekeeper;
    private readonly SemaphoreSlim _slots;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _housekeeping;
    private Task? _disposal;

    /// <param name="upstream">Who is asked.</param>
    /// <param name="store">Where it is kept.</param>
    /// <param name="owner">This process, by the name that <see cref="IChatStore.InterruptTasksAsync"/> would be told if it died.</param>
    /// <param name="watch">Is told of each call once its end is stored.</param>
    /// <param name="options">All limits.</param>
    /// <param name="clock">Both clocks.</param>
    /// <param name="logger">For what an operator is to know.</param>
    public Generator(IUpstream upstream, IChatStore store, string owner, ICallWatch watch, GeneratorOptions options, TimeProvider clock, ILogger logger)
    {
        (_upstream, _store, _owner, _options, _clock, _logger) = (upstream, store, owner, options, clock, logger);
        _tasks = new TaskTable(options, clock);
        _ends = new TaskEnds(store, watch, options, clock, logger);
        _housekeeper = new Housekeeper(_tasks, _ends, store, options, clock, logger);
        _slots = new SemaphoreSlim(options.RunningMax, options.RunningMax);
        _housekeeping = _housekeeper.RunAsync(_stop.Token);
    }

    public ImmutableArray<IGeneration> Running => [.. _tasks.Running];

    public IGeneration? Find(string taskId) => _tasks.Find(taskId);

    public async Task<IGeneration> StartAsync(GenerationRequest request, CancellationToken cancellation)
    {
        bool hasEntered = false;
        try
        {
            _tasks.Enter(request.User);
            hasEntered = true;
            GenerationTask task = new(RandomNumberGenerator.GetHexString(32, lowercase: true), request, _clock.GetUtcNow());
            cancellation.ThrowIfCancellationRequested();
            await BeginAsync(task);
            if (!_tasks.Begin(task))
                task.StopAs(TaskState.Interrupted);
            _housekeeper.Wake();
            _ = RunAsync(task);
            return task;
        }
        catch
        {
            await EndTurnAsync(request);
            if (hasEntered)
            {
                _tasks.Leave(request.User);
                _tasks.Depart();
            }

            throw;
        }
    }

    /// <summary>Lets nobody in, gives what runs a short time, ends the rest as interrupted, and waits until all is stored.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_stop)
            return new ValueTask(_disposal ??= EndAsync());
    }

    private async Task EndAsync()
    {
        Task emptied = _tasks.Close();
        await Task.WhenAny(emptied, Task.Delay(_options.Grace, _clock));
        _tasks.StopAll();
        _ends.Hurry();
        await emptied;
        await _stop.CancelAsync();
        await _housekeeping;
        _stop.Dispose();
        _housekeeper.Dispose();
        _slots.Dispose();
    }

    /// <summary>Is not given up in the middle: a start that may or may not be stored would be a task that runs for ever.</summary>
    private async Task BeginAsync(GenerationTask task)
    {
        GenerationRequest request = task.Request;
        try
        {
            await _store.BeginTaskAsync(new TaskStart(task.TaskId, _owner, request.User, request.Branch, request.Said, request.ModelType, request.KeyId, task.Started), CancellationToken.None);
        }
        catch
        {
            _ends.Withdraw(task.TaskId, _clock.GetUtcNow());
            _housekeeper.Wake();
            task.Dispose();
            throw;
        }
    }

    /// <summary>Never throws.</summary>
    private async Task RunAsync(GenerationTask task)
    {
        await Task.Yield();
        GenerationResult result;
        try
        {
            result = await AskAndStoreAsync(task);
        }
        catch (Exception exception) // A fault of ours. Nobody may wait for ever for it.
        {
            _logger.TaskFailed(task.TaskId, exception);
            result = new GenerationResult(task.TaskId, TaskState.Failed, "", "", null, "", null, null, new GenerationProblem(500, "not_stored", "the generation has failed for a reason that is in the server's log"));
        }

        await EndTurnAsync(task.Request);
        _tasks.Leave(task.User);
        _tasks.End(task);
        task.End(result);
        task.Dispose();
        _tasks.Depart();
    }

    private async Task<GenerationResult> AskAndStoreAsync(GenerationTask task)
    {
        GenerationRequest request = task.Request;
        CallMeter meter = new(request, _clock);
        RunOutcome outcome = await new GenerationRun(task, _upstream, _slots, _options, meter).AskAsync();
        if (outcome.Error is not null)
            _logger.TaskFailed(task.TaskId, outcome.Error);
        (string content, string reasoning) = task.Log.Texts;
        ImmutableArray<ChatMessage> append = GenerationEnding.Append(request, outcome.State, content, reasoning);
        CallRecord? record = meter.Record(task.TaskId, outcome.State, content, reasoning);
        GenerationProblem? untruth = await _ends.StoreAsync(new TaskEnd(task.TaskId, outcome.State, append, record, outcome.Problem?.Message, _clock.GetUtcNow()));
        TaskState state = untruth switch { null => outcome.State, { Code: "interrupted" } => TaskState.Interrupted, _ => TaskState.Failed };
        return new GenerationResult(task.TaskId, state, content, reasoning, meter.Model, meter.Id, meter.FinishReason, meter.Usage, untruth ?? outcome.Problem);
    }

    private async Task EndTurnAsync(GenerationRequest request)
    {
        if (request.Turn is null)
            return;
        try
        {
            await request.Turn.DisposeAsync();
        }
        catch (Exception exception) // Its lease runs out by itself.
        {
            _logger.TurnFailed(exception);
        }
    }
}
