using Init.Admin.Metrics;
using Init.Chat.CallLog;
using Init.Chat.Http;
using Init.Chat.OpenAi;
using Init.Chat.Providers;
using Init.Control;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Metrics;

/// <summary><c>GET /metrics</c>: docs/reference/chat-manage.md lists the families. It names models, keys by their ids, and variables; not what anybody has said.</summary>
internal static class MetricsEndpoint
{
    private const string Prometheus = "text/plain; version=0.0.4; charset=utf-8", OpenMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    public static void Map(ChatRouter router, OpenAiRoutes openAi) => router.Map("GET", "/metrics", call => AnswerAsync(call, openAi));

    private static Task AnswerAsync(ChatCall call, OpenAiRoutes openAi)
    {
        if (call.Door == ChatDoor.Published)
            throw new RefusedException(StatusCodes.Status404NotFound, "Not Found");
        bool isOpenMetrics = call.Context.Request.Headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);
        MetricsText text = new(isOpenMetrics);
        WriteRequests(text, call.Services.Accounts, openAi);
        WriteCalls(text, call.Services.Accounts);
        WriteTasks(text, call.Services);
        WriteKeys(text, call.Services);
        return ChatReply.BytesAsync(call.Context, isOpenMetrics ? OpenMetrics : Prometheus, text.End(), StatusCodes.Status200OK);
    }

    private static void WriteRequests(MetricsText text, ChatAccounts accounts, OpenAiRoutes openAi)
    {
        text.Counter("init_chat_responses", "Answers to clients, by the class of their status.");
        for (int digit = 2; digit <= 5; digit++)
            text.Sample(accounts.Metrics.ResponsesOf(digit), "status", $"{digit}xx");
        text.Gauge("init_chat_v1_running", "Requests to /v1 that are being answered.");
        text.Sample(openAi.Running);
        text.Gauge("init_chat_v1_draining", "Answers that are read on for clients that have gone, to know what they took.");
        text.Sample(openAi.Draining);
    }

    private static void WriteCalls(MetricsText text, ChatAccounts accounts)
    {
        text.Counter("init_chat_calls", "Calls of providers, by the id of the model and how they ended.");
        foreach (var ((model, outcome), count) in accounts.Metrics.Calls)
            text.Sample(count.Value, "model", model, "outcome", outcome);
        text.Counter("init_chat_tokens", "Tokens, by the id of the model and that of the API key (\"\": none was needed).");
        foreach (var ((model, key), sums) in accounts.Metrics.Usage)
        {
            text.Sample(sums.Prompt.Value, "model", model, "key", key, "kind", "prompt");
            text.Sample(sums.Completion.Value, "model", model, "key", key, "kind", "completion");
        }

        text.Counter("init_chat_cost", "What calls have cost, in the currency of the list of models.");
        foreach (var ((model, key), sums) in accounts.Metrics.Usage)
            text.Sample(sums.CostMicros.Value / 1e6, "model", model, "key", key);

        var (counts, seconds) = accounts.Metrics.FirstToken;
        long sum = 0;
        List<HistogramBucket> buckets = [.. ChatMetrics.FirstTokenLimits.Select((limit, i) => new HistogramBucket(limit, sum += counts[i]))];
        text.Histogram("init_chat_first_token_seconds", "From a request to the first piece of its answer, of answers that came as streams from the provider.", new Histogram(buckets, counts.Sum(), seconds, 0));
        text.Gauge("init_chat_calls_unlogged", "Calls of /v1 that wait to be written to the log.");
        text.Sample(accounts.Log.Waiting);
        text.Counter("init_chat_calls_lost", "Calls of /v1 that are not in the log, because the store could not take them in time.");
        text.Sample(accounts.Log.Lost);
    }

    private static void WriteTasks(MetricsText text, ChatServices services)
    {
        text.Gauge("init_chat_tasks_running", "Generations that run.");
        text.Sample(services.Generator.Running.Length);
    }

    private static void WriteKeys(MetricsText text, ChatServices services)
    {
        text.Gauge("init_chat_provider_key_available", "1 if the key of a provider can be used for the model now, 0 if it rests or is missing.");
        foreach (KeyHealth health in services.Upstream.Health)
            text.Sample(health.RestsFor > TimeSpan.Zero ? 0 : 1, Labels(health));
        text.Counter("init_chat_provider_key_calls", "Calls that were begun with it.");
        foreach (KeyHealth health in services.Upstream.Health)
            text.Sample(health.Calls, Labels(health));
        text.Counter("init_chat_provider_key_failures", "Calls that failed by the key's or the provider's fault.");
        foreach (KeyHealth health in services.Upstream.Health)
            text.Sample(health.Failures, Labels(health));
        text.Gauge("init_chat_api_keys", "API keys that are valid.");
        text.Sample(services.Accounts.Keys.All.Count(key => key.Problem(services.Time.GetUtcNow()) is null));
    }

    private static string[] Labels(KeyHealth health) => ["provider", health.Entry.Provider, "model", health.Entry.ModelId, "key_variable", health.Entry.KeyVariable, "url", health.Entry.Url];
}
