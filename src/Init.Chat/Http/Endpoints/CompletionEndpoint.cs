using System.Globalization;
using System.Text.Json;
using Init.Chat.Generation;
using Init.Chat.Rendering;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>POST /chat/completion/{user}: says something and waits for the answer, or watches it come. The answer is made and kept also when the client has gone.</summary>
internal static class CompletionEndpoint
{
    /// <summary>What a client comes back with: GET /chat/task/{id}.</summary>
    public const string TaskHeader = "X-Task-Id";

    public static void Map(ChatRouter router)
    {
        router.MapWrite("/chat/completion/{user}", CompleteAsync);
        router.Map("GET", "/file/render/{uuid}.png", PictureAsync, RouteAccess.Anyone); // Nobody guesses the name, and it is gone in a minute: chat clients fetch it without a key.
    }

    /// <summary>The original's members first, in its order; then ours.</summary>
    public static void WriteResult(Utf8JsonWriter json, GenerationResult result, string modelType, RenderedPicture? picture, string? pictureUrl)
    {
        json.WriteStartObject();
        json.WriteString("reasoning_content", result.Reasoning);
        json.WriteString("content", result.Content);
        json.WriteString("model_name", result.Model?.Name ?? "");
        json.WriteString("model_type", result.Model?.Type ?? modelType);
        json.WriteString("model_id", result.Model?.Id ?? "");
        if (picture is not null)
        {
            json.WriteString("image_url", pictureUrl);
            json.WriteString("file_uuid", picture.FileId);
        }

        json.WriteString("task_id", result.TaskId);
        json.WriteString("state", TaskEndpoints.WordOf(result.State));
        if (result.FinishReason is not null)
            json.WriteString("finish_reason", result.FinishReason);
        if (result.Usage is { } usage)
        {
            json.WriteStartObject("usage");
            json.WriteNumber("prompt_tokens", usage.Prompt);
            json.WriteNumber("completion_tokens", usage.Completion);
            json.WriteNumber("total_tokens", usage.Total);
            json.WriteEndObject();
        }

        if (result.Problem is { } problem)
        {
            json.WriteString("detail", problem.Message);
            json.WriteString("code", problem.Code);
        }

        json.WriteEndObject();
    }

    private static async Task CompleteAsync(ChatCall call)
    {
        CompletionInputs inputs = await CompletionInputs.ReadAsync(call);
        if (inputs.Renders && call.Services.Renderer is null)
            throw new RefusedException(StatusCodes.Status501NotImplemented, "pictures need Chromium (as root: apt-get install chromium)");
        GenerationRequest request = await new TurnPreparation(call, inputs).PrepareAsync();
        IGeneration generation = await call.Services.Generator.StartAsync(request, call.Gone);
        call.Context.Response.Headers[TaskHeader] = generation.TaskId;
        if (inputs.Form != AnswerForm.Whole)
        {
            await using EventWriter writer = new(call, inputs.Form);
            await writer.BeginAsync();
            await writer.TaskAsync(generation.TaskId);
            await writer.FollowAsync(generation, after: 0, result => FinishAsync(call, inputs, request, result));
            return;
        }

        GenerationResult result = await generation.Completion.WaitAsync(call.Gone);
        Action<Utf8JsonWriter> write = await FinishAsync(call, inputs, request, result);
        if (result.Problem?.RetryAfter is { } wait)
            call.Context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        int status = result.State switch
        {
            TaskState.Done => StatusCodes.Status200OK,
            TaskState.Cancelled => StatusCodes.Status409Conflict,
            _ => result.Problem?.Status ?? StatusCodes.Status502BadGateway,
        };
        await ChatReply.JsonAsync(call, write, status);
    }

    /// <summary>Makes the picture, if one is wanted and there is something to show. That there is none is no reason to withhold the answer.</summary>
    private static async Task<Action<Utf8JsonWriter>> FinishAsync(ChatCall call, CompletionInputs inputs, GenerationRequest request, GenerationResult result)
    {
        if (!inputs.Renders || result.State != TaskState.Done || result.Content.Length + result.Reasoning.Length == 0)
            return json => WriteResult(json, result, request.ModelType, null, null);

        UserConfig config = await VariableEndpoints.ConfigOfAsync(call, call.User);
        RenderRequest picture = new() { Content = result.Content, Reasoning = result.Reasoning, Style = config.RenderStyle };
        RenderedPicture rendered = await call.Services.Renderer!.RenderAsync(picture, call.Gone);
        string url = PublicUrl.Of(call, $"/file/render/{rendered.FileId}.png");
        return json => WriteResult(json, result, request.ModelType, rendered, url);
    }

    private static async Task PictureAsync(ChatCall call)
    {
        byte[]? picture = null;
        try
        {
            if (call.Services.Renderer?.Find(call.Value("uuid")) is { } path)
                picture = await File.ReadAllBytesAsync(path, call.Gone);
        }
        catch (IOException)
        {
            // It has expired meanwhile.
        }

        await (picture is null ? ChatReply.ErrorAsync(call.Context, StatusCodes.Status404NotFound, "File not found") : ChatReply.BytesAsync(call.Context, "image/png", picture, StatusCodes.Status200OK));
    }
}
