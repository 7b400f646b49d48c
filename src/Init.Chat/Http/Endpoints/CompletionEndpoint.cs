using System.Globalization;
using System.Text.Json;
using Init.Chat.Generation;
using Init.Chat.Rendering;
using Init.Chat.Store;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <param name="Status">Of the answer.</param>
/// <param name="Write">Its object.</param>
internal readonly record struct AnswerEnding(int Status, Action<Utf8JsonWriter> Write);

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
        GenerationRequest request = await new TurnPreparation(call, inputs).PrepareAsync();
        using IDisposable? begun = await BeginCallAsync(call, request);
        IGeneration generation = await call.Services.Generator.StartAsync(request, call.Gone);
        call.Context.Response.Headers[TaskHeader] = generation.TaskId;
        if (inputs.Form != AnswerForm.Whole)
        {
            await using EventWriter writer = new(call, inputs.Form);
            await writer.BeginAsync();
            await writer.TaskAsync(generation.TaskId);
            await writer.FollowAsync(generation, after: 0, async result => (await FinishAsync(call, inputs, request, result)).Write);
            return;
        }

        GenerationResult result = await generation.Completion.WaitAsync(call.Gone);
        AnswerEnding ending = await FinishAsync(call, inputs, request, result);
        if (result.Problem?.RetryAfter is { } wait)
            call.Context.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        await ChatReply.JsonAsync(call, ending.Write, ending.Status);
    }

    /// <summary>What the key may still use is asked before the provider is; a refusal ends the turn.</summary>
    private static async Task<IDisposable?> BeginCallAsync(ChatCall call, GenerationRequest request)
    {
        try
        {
            return call.Key?.BeginCall(request.ModelType, request.Messages.Sum(message => TokenEstimate.Of(message.Content)));
        }
        catch
        {
            if (request.Turn is not null)
                await request.Turn.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the picture, if one is wanted and there is something to show. An answer is not withheld because its picture cannot be made: the problem stands beside it.</summary>
    private static async Task<AnswerEnding> FinishAsync(ChatCall call, CompletionInputs inputs, GenerationRequest request, GenerationResult result)
    {
        if (!inputs.Renders || result.State != TaskState.Done || result.Content.Length + result.Reasoning.Length == 0)
            return new(StatusOf(result), json => WriteResult(json, result, request.ModelType, null, null));

        try
        {
            UserConfig config = await VariableEndpoints.ConfigOfAsync(call, call.User);
            RenderedPicture picture = await call.Services.Renderer.RenderAsync(new RenderRequest { Content = result.Content, Reasoning = result.Reasoning, Style = config.RenderStyle }, call.Gone);
            string url = PublicUrl.Of(call, $"/file/render/{picture.FileId}.png");
            return new(StatusCodes.Status200OK, json => WriteResult(json, result, request.ModelType, picture, url));
        }
        catch (RenderException exception)
        {
            GenerationResult told = result with { Problem = new GenerationProblem(exception.Status, exception.Code, exception.Message) };
            return new(exception.Status, json => WriteResult(json, told, request.ModelType, null, null));
        }
    }

    private static int StatusOf(GenerationResult result) => result.State switch
    {
        TaskState.Done => StatusCodes.Status200OK,
        TaskState.Cancelled => StatusCodes.Status409Conflict,
        _ => result.Problem?.Status ?? StatusCodes.Status502BadGateway,
    };

    private static async Task PictureAsync(ChatCall call)
    {
        byte[]? picture = null;
        try
        {
            if (call.Services.Renderer.Find(call.Value("uuid")) is { } path)
                picture = await File.ReadAllBytesAsync(path, call.Gone);
        }
        catch (IOException)
        {
            // It has expired meanwhile.
        }

        await (picture is null ? ChatReply.ErrorAsync(call.Context, StatusCodes.Status404NotFound, "File not found") : ChatReply.BytesAsync(call.Context, "image/png", picture, StatusCodes.Status200OK));
    }
}
