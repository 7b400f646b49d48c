using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>Answers that are being made, and those of not long ago: found again, watched, cancelled.</summary>
internal static class TaskEndpoints
{
    /// <summary>How often the store is asked about an answer that another process makes.</summary>
    private static readonly TimeSpan OtherPause = TimeSpan.FromSeconds(1);

    /// <summary>Until a cancelled answer has been kept.</summary>
    private static readonly TimeSpan CancelWait = TimeSpan.FromSeconds(10);

    private static readonly (TaskState State, string Word)[] Words =
        [(TaskState.Running, "running"), (TaskState.Done, "done"), (TaskState.Failed, "failed"), (TaskState.Cancelled, "cancelled"), (TaskState.Interrupted, "interrupted")];

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/chat/tasks", ListAsync, RouteAccess.AnyKey);
        router.Map("GET", "/chat/task/{id}", GetAsync, RouteAccess.AnyKey);
        router.Map("GET", "/chat/task/{id}/events", EventsAsync, RouteAccess.AnyKey);
        router.Map("DELETE", "/chat/task/{id}", CancelAsync, RouteAccess.AnyKey);
    }

    public static string WordOf(TaskState state) => Array.Find(Words, pair => pair.State == state).Word;

    private static async Task ListAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        long limit = Math.Clamp(inputs.Integer("limit") ?? 100, 1, ChatLimits.ListMax);
        string? user = inputs.Text("user") is { Length: > 0 } name ? name : null, state = inputs.Text("state") is { Length: > 0 } word ? word : null;
        inputs.Finish();
        if (user is not null)
            call.CheckUser(user);
        if (state is not null && !Array.Exists(Words, pair => pair.Word == state))
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the state must be one of {string.Join(", ", Words.Select(pair => pair.Word))}");

        TaskState? wanted = state is null ? null : Array.Find(Words, pair => pair.Word == state).State;
        ImmutableArray<TaskInfo> tasks = await call.Services.Store.TasksAsync(new TaskFilter(user, wanted, (int)limit), call.Gone);
        await ChatReply.JsonAsync(call, json =>
        {
            json.WriteStartArray();
            foreach (TaskInfo task in tasks.Where(task => call.MayActFor(task.User)))
                Write(json, task, withAnswer: false);
            json.WriteEndArray();
        });
    }

    private static async Task GetAsync(ChatCall call)
    {
        TaskInfo task = await FindAsync(call);
        await ChatReply.JsonAsync(call, json => Write(json, task, withAnswer: true));
    }

    private static async Task EventsAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        long after = inputs.Integer("from") ?? LastEventId(call) ?? 0;
        AnswerForm form = inputs.Has("stream") ? CompletionInputs.FormOf(call, inputs) : CompletionInputs.Accepted(call);
        inputs.Finish();
        TaskInfo task = await FindAsync(call);
        await using EventWriter writer = new(call, form == AnswerForm.Whole ? AnswerForm.Events : form);
        await writer.BeginAsync();
        if (call.Services.Generator.Find(task.Id) is { } generation)
        {
            await writer.FollowAsync(generation, Math.Max(0, after), result => Task.FromResult<Action<Utf8JsonWriter>>(json => CompletionEndpoint.WriteResult(json, result, generation.ModelType, null, null)));
            return;
        }

        // Another process makes it, or it has ended long ago: there are no pieces of it, but the whole.
        for (int length = -1; ; await Task.Delay(OtherPause, call.Gone))
        {
            if (task.Content.Length + task.Reasoning.Length > length)
                await writer.SnapshotAsync(task.Content, task.Reasoning);
            length = task.Content.Length + task.Reasoning.Length;
            if (task.State != TaskState.Running)
                break;
            if (await call.Services.Store.TaskAsync(task.Id, call.Gone) is not { } later)
                break;
            task = later;
        }

        await writer.EndAsync(null, json => Write(json, task, withAnswer: true));
    }

    private static async Task CancelAsync(ChatCall call)
    {
        TaskInfo task = await FindAsync(call);
        if (task.State != TaskState.Running)
            throw new RefusedException(StatusCodes.Status409Conflict, $"the task has ended: {WordOf(task.State)}");
        if (call.Services.Generator.Find(task.Id) is not { } generation)
            throw new RefusedException(StatusCodes.Status409Conflict, "another process makes this answer: ask that one");
        generation.Cancel();
        await generation.Completion.WaitAsync(CancelWait, call.Gone);
        await GetAsync(call);
    }

    private static async Task<TaskInfo> FindAsync(ChatCall call) =>
        await call.Services.Store.TaskAsync(call.Value("id"), call.Gone) is { } task && call.MayActFor(task.User) ? task : throw new RefusedException(StatusCodes.Status404NotFound, "Task not found");

    private static long? LastEventId(ChatCall call) =>
        call.Context.Request.Headers["Last-Event-ID"] is [{ } id] && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static void Write(Utf8JsonWriter json, TaskInfo task, bool withAnswer)
    {
        json.WriteStartObject();
        json.WriteString("task_id", task.Id);
        json.WriteString("state", WordOf(task.State));
        json.WriteString("user_id", task.User);
        json.WriteString("branch_id", task.Branch);
        json.WriteString("model_type", task.ModelType);
        json.WriteString("started", task.Started);
        if (task.Ended is { } ended)
            json.WriteString("ended", ended);
        if (task.Problem is not null)
            json.WriteString("detail", task.Problem);
        if (withAnswer)
        {
            json.WriteString("reasoning_content", task.Reasoning);
            json.WriteString("content", task.Content);
        }

        json.WriteEndObject();
    }
}
