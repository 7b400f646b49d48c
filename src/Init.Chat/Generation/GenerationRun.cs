using Init.Chat.Providers;
using Init.Chat.Store;
using Init.Chat.Upstream;

namespace Init.Chat.Generation;

/// <summary>How a generation has gone, before it is stored.</summary>
/// <param name="State">Done, failed, cancelled or interrupted.</param>
/// <param name="Problem">Null: nothing.</param>
/// <param name="Error">Something that nobody has foreseen, for the log.</param>
internal sealed record RunOutcome(TaskState State, GenerationProblem? Problem, Exception? Error = null);

/// <summary>Asks a provider and writes what it says into the log of a task.</summary>
internal sealed class GenerationRun(GenerationTask task, IUpstream upstream, SemaphoreSlim slots, GeneratorOptions options, CallMeter meter)
{
    private static readonly GenerationProblem Stopped = new(499, "cancelled", "the generation was cancelled");
    private static readonly GenerationProblem Ended = new(503, "interrupted", "the server was told to end before the answer was complete", TimeSpan.FromSeconds(5));

    /// <summary>Never throws.</summary>
    public async Task<RunOutcome> AskAsync()
    {
        try
        {
            await slots.WaitAsync(task.Stop);
            try
            {
                return await CallAsync();
            }
            finally
            {
                slots.Release();
            }
        }
        catch (OperationCanceledException) when (task.StopState != TaskState.Running)
        {
            return new RunOutcome(task.StopState, task.StopState == TaskState.Cancelled ? Stopped : Ended);
        }
        catch (UpstreamException exception)
        {
            return new RunOutcome(TaskState.Failed, new GenerationProblem(exception.Status, exception.Code, exception.Message, exception.RetryAfter));
        }
        catch (Exception exception) // Whatever it is, the task ends and its context is free again.
        {
            return new RunOutcome(TaskState.Failed, new GenerationProblem(500, "internal_error", "the generation has failed for a reason that is in the server's log"), exception);
        }
        finally
        {
            meter.Ended();
        }
    }

    private async Task<RunOutcome> CallAsync()
    {
        GenerationRequest request = task.Request;
        UpstreamRequest call = new(request.ModelType, "/chat/completions", ProviderRequest.Write(request.Messages, request.Parameters), request.Parameters.Stream) { AsksUsage = true };
        meter.Prepared();
        await using UpstreamAnswer answer = await upstream.CallAsync(call, task.Stop);
        meter.Begun(answer);
        CallOutcome outcome = new CallOutcome.Answered();
        try
        {
            RunOutcome ended = await ReadAsync(answer);
            if (ended is { State: TaskState.Failed, Problem.Code: not "answer_too_long" })
                outcome = new CallOutcome.Broken();
            return ended;
        }
        catch (StreamException exception)
        {
            outcome = exception.Problem == StreamProblem.TooLong ? outcome : new CallOutcome.Broken();
            bool isTime = exception.Problem is StreamProblem.Silent or StreamProblem.Overdue;
            return Failed(isTime ? 504 : 502, isTime ? "upstream_timeout" : "upstream_error", exception.Message);
        }
        finally
        {
            answer.Finish(outcome);
        }
    }

    private async Task<RunOutcome> ReadAsync(UpstreamAnswer answer)
    {
        CharacterJoiner content = default, reasoning = default;
        await foreach (StreamPart part in answer.PartsAsync(task.Stop))
        {
            switch (part)
            {
                case StreamPart.Chunk chunk:
                    meter.Came(chunk);
                    (string said, string thought) = (content.Take(chunk.Content), reasoning.Take(chunk.Reasoning));
                    if (said.Length > 0 || thought.Length > 0)
                        task.Log.Append(said, thought);
                    if (task.Log.Length > options.AnswerLengthMax)
                        return Failed(502, "answer_too_long", $"the answer is longer than {options.AnswerLengthMax} characters and was ended there");
                    break;
                case StreamPart.Failed failed:
                    return Failed(502, "upstream_error", $"the provider has failed in the middle of its answer: {failed.Message}");
                case StreamPart.Ended { IsSaid: false } when meter.FinishReason is null:
                    return Failed(502, "upstream_error", "the provider's answer has ended in the middle");
            }
        }

        return new RunOutcome(TaskState.Done, null);
    }

    private static RunOutcome Failed(int status, string code, string message) => new(TaskState.Failed, new GenerationProblem(status, code, message));
}
