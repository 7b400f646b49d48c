using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http.Endpoints;

/// <summary>How an answer comes.</summary>
internal enum AnswerForm
{
    /// <summary>One JSON object, when it is whole.</summary>
    Whole,

    /// <summary>Server-sent events.</summary>
    Events,

    /// <summary>A JSON object a line.</summary>
    Lines,
}

/// <summary>What a request for an answer says. Texts that were left empty are null.</summary>
internal sealed record CompletionInputs
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool"];

    public required string Message { get; init; }

    public required string UserName { get; init; }

    public required string Role { get; init; }

    public required string? RoleName { get; init; }

    public required string? ModelType { get; init; }

    public required bool LoadsPrompt { get; init; }

    public required bool Renders { get; init; }

    public required bool Saves { get; init; }

    public required string? ReferenceId { get; init; }

    public required bool Continues { get; init; }

    public required AnswerForm Form { get; init; }

    public static async Task<CompletionInputs> ReadAsync(ChatCall call)
    {
        RequestInputs inputs = await RequestInputs.ReadAsync(call);
        CompletionInputs read = new()
        {
            Message = inputs.Text("message") ?? "",
            UserName = inputs.Text("user_name") ?? "",
            Role = Given("role") ?? "user",
            RoleName = Given("role_name"),
            ModelType = Given("model_type"),
            LoadsPrompt = inputs.Flag("load_prompt", otherwise: true),
            Renders = inputs.Flag("rendering", otherwise: false),
            Saves = inputs.Flag("save_context", otherwise: true),
            ReferenceId = Given("reference_context_id"),
            Continues = inputs.Flag("continue_completion", otherwise: false),
            Form = FormOf(call, inputs),
        };
        inputs.Finish();
        CheckRole(read.Role);
        if (read.Continues && read.Message.Length > 0)
            throw new RefusedException(StatusCodes.Status400BadRequest, "Cannot send message when continuing completion");
        if (read.ReferenceId is { } reference)
        {
            Names.Check("reference_context_id", reference);
            call.CheckUser(reference);
        }

        return read;

        string? Given(string name) => inputs.Text(name) is { Length: > 0 } text ? text : null;
    }

    public static void CheckRole(string role)
    {
        if (!Roles.Contains(role))
            throw new RefusedException(StatusCodes.Status400BadRequest, $"the role must be one of {string.Join(", ", Roles)}");
    }

    /// <summary>Looks whether there is such a model, and the key may use it.</summary>
    public static void CheckModel(ChatCall call, string type)
    {
        if (!call.Services.Upstream.Knows(type))
            throw new RefusedException(StatusCodes.Status400BadRequest, $"API group not found for model type: {type}");
        if (call.Key?.AllowsModel(type) == false)
            throw new RefusedException(StatusCodes.Status403Forbidden, "this API key may not use this model") { Code = "model_not_allowed" };
    }

    /// <summary><c>stream</c> is true, "sse" or "ndjson"; with true, what the client accepts decides.</summary>
    public static AnswerForm FormOf(ChatCall call, RequestInputs inputs)
    {
        switch (inputs.Text("stream"))
        {
            case "ndjson":
                return AnswerForm.Lines;
            case "sse":
                return AnswerForm.Events;
            default:
                return !inputs.Flag("stream", otherwise: false) ? AnswerForm.Whole : Accepted(call);
        }
    }

    public static AnswerForm Accepted(ChatCall call) =>
        call.Context.Request.Headers.Accept.Any(accept => accept?.Contains("ndjson", StringComparison.OrdinalIgnoreCase) == true) ? AnswerForm.Lines : AnswerForm.Events;
}
