using System.Collections.Immutable;
using Init.Chat.Generation;
using Init.Chat.Http;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Manage;

/// <summary>/manage/tasks</summary>
internal static class ManageTasks
{
    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/manage/tasks", ListAsync, RouteAccess.Administration);
        router.Map("DELETE", "/manage/tasks/{id}", CancelAsync, RouteAccess.Administration);
    }

    /// <summary>Those that run, unless others are asked for.</summary>
    private static async Task ListAsync(ChatCall call)
    {
        TaskState? state = (ManageRequest.Text(call, "state") ?? "running") switch
        {
            "running" => TaskState.Running,
            "done" => TaskState.Done,
            "failed" => TaskState.Failed,
            "cancelled" => TaskState.Cancelled,
            "interrupted" => TaskState.Interrupted,
            "all" => null,
            _ => throw ManageRequest.Wrong("state: is none of running, done, failed, cancelled, interrupted, all"),
        };
        int limit = (int)Math.Max(1, ManageRequest.Number(call, "limit", 100, ChatLimits.ListMax));
        ImmutableArray<TaskInfo> tasks = await call.Services.Store.TasksAsync(new TaskFilter(ManageRequest.Text(call, "user"), state, limit), call.Gone);
        await ManageRequest.WriteAsync(call, new TaskList([.. tasks.Select(task => Shown(task, call.Services.Generator.Find(task.Id)))]), ManageJson.Default.TaskList);
    }

    private static async Task CancelAsync(ChatCall call)
    {
        string id = call.Value("id");
        if (call.Services.Generator.Find(id) is { } generation)
        {
            generation.Cancel();
            _ = await generation.Completion.WaitAsync(call.Gone);
        }

        TaskInfo task = await call.Services.Store.TaskAsync(id, call.Gone) ?? throw ManageRequest.Missing("there is no task with this id");
        if (task.State == TaskState.Running)
            throw new RefusedException(StatusCodes.Status409Conflict, "this task is run by another process: ask that one");
        await ManageRequest.WriteAsync(call, new TaskList([Shown(task, null)]), ManageJson.Default.TaskList);
    }

    private static ManagedTask Shown(TaskInfo task, IGeneration? here) => new(
        task.Id,
        task.User,
        task.Branch,
        task.ModelType,
        task.KeyId,
        task.State.ToString().ToLowerInvariant(),
        task.State == TaskState.Running && here is not null ? here.Length : task.Content.Length,
        task.State == TaskState.Running && here is not null,
        task.Problem,
        task.Started,
        task.Ended);
}
