using System.Text;
using Init.Chat.Http;
using Init.Chat.OpenAi;
using Init.Chat.Providers;
using Init.Chat.Upstream;

namespace Init.Chat.Manage;

/// <summary>/manage/providers and /manage/test</summary>
internal static class ManageProviders
{
    /// <summary>Of a test.</summary>
    private static readonly TimeSpan TestLimit = TimeSpan.FromSeconds(60);

    private const int AnswerLengthMax = 200;

    public static void Map(ChatRouter router)
    {
        router.Map("GET", "/manage/providers", ListAsync, RouteAccess.Administration);
        router.Map("POST", "/manage/test", TestAsync, RouteAccess.Administration);
    }

    private static Task ListAsync(ChatCall call)
    {
        IUpstream upstream = call.Services.Upstream;
        return ManageRequest.WriteAsync(call, new ProviderList([.. upstream.Models.Select(Shown)], [.. upstream.Health.Select(Shown)]), ManageJson.Default.ProviderList);
    }

    /// <summary>One tiny request.</summary>
    private static async Task TestAsync(ChatCall call)
    {
        TestOrder order = await ManageRequest.ReadAsync(call, ManageJson.Default.TestOrder);
        byte[] body = ChatReply.ToJson(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("messages"u8);
            json.WriteStartObject();
            json.WriteString("role"u8, "user"u8);
            json.WriteString("content"u8, "Say OK."u8);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteNumber("max_tokens"u8, 5);
            json.WriteEndObject();
        });
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
        limit.CancelAfter(TestLimit);
        long began = call.Services.Time.GetTimestamp();
        TestResult result;
        try
        {
            await using UpstreamAnswer answer = await call.Services.Upstream.CallAsync(new UpstreamRequest(order.Model, "/chat/completions", body, IsStream: false), limit.Token);
            using PooledBytes whole = new();
            await whole.FillAsync(answer.Body, limit.Token);
            answer.Finish(new CallOutcome.Answered());
            result = new TestResult(order.Model, true, Elapsed(), answer.Model.Provider, answer.Model.Id, answer.Url, TextOf(whole.Memory.Span));
        }
        catch (OperationCanceledException) when (!call.Gone.IsCancellationRequested)
        {
            result = new TestResult(order.Model, false, Elapsed(), Problem: $"there was no answer within {TestLimit.TotalSeconds:0} s");
        }
        catch (UpstreamException exception)
        {
            result = new TestResult(order.Model, false, Elapsed(), Problem: exception.Message);
        }
        catch (StreamException exception)
        {
            result = new TestResult(order.Model, false, Elapsed(), Problem: exception.Message);
        }

        await ManageRequest.WriteAsync(call, result, ManageJson.Default.TestResult);

        long Elapsed() => (long)call.Services.Time.GetElapsedTime(began).TotalMilliseconds;
    }

    private static string TextOf(ReadOnlySpan<byte> answer)
    {
        string text = "";
        try
        {
            text = Completion.Read(answer.ToArray()).Content;
        }
        catch (StreamException)
        {
            text = Encoding.UTF8.GetString(answer);
        }

        return text.Length <= AnswerLengthMax ? text : text[..AnswerLengthMax] + "…";
    }

    private static ManagedModel Shown(ModelInfo model) => new(
        model.Provider, model.Name, model.Id, model.Type, model.Url, model.KeyVariables, model.Weight, model.Price is { } price ? new ManagedPrice(price.Input, price.CachedInput, price.Output) : null);

    private static ManagedProviderKey Shown(KeyHealth health)
    {
        bool isMissing = health.RestsFor == TimeSpan.MaxValue, rests = health.RestsFor > TimeSpan.Zero;
        return new ManagedProviderKey(
            health.Entry.Provider,
            health.Entry.KeyVariable,
            health.Entry.ModelId,
            health.Entry.Url,
            isMissing ? "missing" : rests ? "resting" : "in use",
            isMissing || !rests ? null : Math.Round(health.RestsFor.TotalSeconds, 1),
            health.Reason,
            health.Calls,
            health.Failures);
    }
}
