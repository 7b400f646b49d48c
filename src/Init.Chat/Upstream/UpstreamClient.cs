using System.Collections.Immutable;
using Init.Base;
using Init.Chat.Providers;
using Microsoft.Extensions.Logging;

namespace Init.Chat.Upstream;

/// <summary>Asks the providers of the list over HTTP, by turns of <see cref="KeyPool"/>; the built-in "echo" when the list is empty.</summary>
public sealed class UpstreamClient : IUpstream, IDisposable
{
    private readonly UpstreamOptions _options;
    private readonly Func<string, string?> _lookup;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly HttpMessageInvoker _http;
    private readonly KeyPool _pool;
    private volatile ModelDirectory _directory;

    /// <param name="models">The list; empty: "echo".</param>
    /// <param name="lookup">The value of an environment variable; null: it is not set.</param>
    /// <param name="options">All limits.</param>
    /// <param name="clock">Both clocks.</param>
    /// <param name="logger">For what an operator is to know.</param>
    public UpstreamClient(ImmutableArray<ModelInfo> models, Func<string, string?> lookup, UpstreamOptions options, TimeProvider clock, ILogger logger)
    {
        (_lookup, _options, _clock, _logger) = (lookup, options, clock, logger);
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // A key goes to the address of the list and nowhere else.
            UseCookies = false,
            ConnectTimeout = options.Connect,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // Names are asked again.
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = 32,
            ResponseDrainTimeout = TimeSpan.Zero, // A call that is given up ends at the provider, too.
        });
        _pool = new KeyPool([], options.Pool);
        _directory = Install(models);
    }

    public ImmutableArray<ModelInfo> Models => _directory.Models;

    public ImmutableArray<KeyHealth> Health =>
        [.. _pool.Health(Now()), .. _directory.Missing.Select(entry => new KeyHealth(entry, 0, 0, TimeSpan.MaxValue, "missing"))];

    public bool Knows(string modelTypeOrId) => _directory.Find(modelTypeOrId) is not null;

    public void Replace(ImmutableArray<ModelInfo> models) => _directory = Install(models);

    public async Task<UpstreamAnswer> CallAsync(UpstreamRequest request, CancellationToken cancellation)
    {
        ModelDirectory directory = _directory;
        ModelDirectory.Candidates candidates = directory.Find(request.ModelTypeOrId)
            ?? throw new UpstreamException(404, "model_not_found", $"there is no model of type or id \"{Cut(request.ModelTypeOrId)}\"");
        if (directory.IsEcho)
            return EchoAnswer(request, directory);

        Rounds rounds = new();
        while (true)
        {
            switch (_pool.Choose(entry => candidates.Contains(entry) && directory.CanAsk(entry), rounds.Tried, Now()))
            {
                case PoolChoice.Use(var entry):
                    ProviderCall call = new(_http, _options, _clock, candidates[entry], directory.Key(entry), directory.Scrubber, outcome => _pool.Note(entry, outcome, Now()));
                    CallBeginning beginning = await call.BeginAsync(request, cancellation);
                    if (beginning is CallBeginning.Answered(var answer))
                        return answer;
                    CallBeginning.Failed failed = (CallBeginning.Failed)beginning;
                    _pool.Note(entry, failed.Verdict.Outcome, Now());
                    Tell(entry, failed);
                    rounds.Add(entry, failed);
                    if (failed.Verdict.IsFinal || rounds.Tries >= _options.TriesMax)
                        throw failed.Problem;
                    break;
                case PoolChoice.Wait(var rest) when rounds.Waited + rest <= _options.WaitMax:
                    rounds.Waited += rest;
                    await Task.Delay(rest, _clock, cancellation);
                    break;
                case PoolChoice.Wait(var rest):
                    throw rounds.LastBroken ?? Resting(candidates, rest, rounds.Last);
                default:
                    if (!rounds.BeginAgain())
                        throw rounds.Last ?? NoKey(request);
                    await Task.Delay(_options.RepeatPause, _clock, cancellation);
                    break;
            }
        }
    }

    public void Dispose() => _http.Dispose();

    private ModelDirectory Install(ImmutableArray<ModelInfo> models)
    {
        ModelDirectory directory = new(models, _lookup);
        foreach (PoolEntry entry in directory.Missing)
            _logger.KeyMissing(entry.Provider, entry.ModelId, entry.KeyVariable);
        _pool.Replace(directory.Entries);
        return directory;
    }

    private Answer EchoAnswer(UpstreamRequest request, ModelDirectory directory)
    {
        DateTimeOffset now = _clock.GetUtcNow();
        ImmutableArray<byte[]> pieces = Echo.Answer(request, now);
        TimeSpan pace = request.IsStream ? TimeSpan.FromTicks(Math.Min(_options.EchoPace.Ticks, _options.EchoMax.Ticks / pieces.Length)) : TimeSpan.Zero;
        long time = (now - DateTimeOffset.UnixEpoch).Ticks * 100;
        string contentType = request.IsStream ? "text/event-stream" : "application/json";
        return new Answer(Echo.Model, Echo.Model.Url, 200, contentType, (time, time), new PacedStream(pieces, pace, _clock), directory.Scrubber, _ => { }, null);
    }

    private void Tell(PoolEntry entry, CallBeginning.Failed failed)
    {
        if (failed.Verdict.Outcome is CallOutcome.KeyRefused)
            _logger.KeyRefused(entry.Provider, entry.KeyVariable, failed.Problem.Message);
        else if (failed.Verdict.Outcome is CallOutcome.QuotaSpent)
            _logger.QuotaSpent(entry.Provider, entry.KeyVariable, entry.ModelId);
        else
            _logger.CallFailed(entry.Provider, entry.ModelId, entry.KeyVariable, failed.Problem.Message);
    }

    /// <summary>All that could answer rest for longer than a request waits.</summary>
    private UpstreamException Resting(ModelDirectory.Candidates candidates, TimeSpan rest, UpstreamException? last)
    {
        bool isRate = _pool.Health(Now()).Any(health => candidates.Contains(health.Entry) && health is { RestsFor.Ticks: > 0, Reason: "rate" or "quota" });
        string message = last?.Message ?? $"every key for this model rests for another {Math.Ceiling(rest.TotalSeconds):0} s";
        return isRate
            ? new UpstreamException(429, "rate_limited", message) { RetryAfter = rest }
            : new UpstreamException(503, "upstream_error", message) { RetryAfter = rest };
    }

    private static UpstreamException NoKey(UpstreamRequest request) =>
        new(503, "upstream_error", $"no provider can be asked for \"{Cut(request.ModelTypeOrId)}\": the environment variables of its keys are not set");

    private static string Cut(string text) => text.Length <= 100 ? text : text[..100] + "…";

    private Instant Now() => new(_clock.GetElapsedTime(0).Ticks * 100);

    /// <summary>What one request has tried.</summary>
    private sealed class Rounds
    {
        private readonly List<PoolEntry> _again = [];

        public List<PoolEntry> Tried { get; } = [];

        public int Tries { get; private set; }

        public TimeSpan Waited { get; set; }

        public UpstreamException? Last { get; private set; }

        /// <summary>The last failure, if it was no matter of rates.</summary>
        public UpstreamException? LastBroken { get; private set; }

        public void Add(PoolEntry entry, CallBeginning.Failed failed)
        {
            Tries++;
            Last = failed.Problem;
            LastBroken = failed.Verdict.Outcome is CallOutcome.RateLimited or CallOutcome.QuotaSpent ? null : failed.Problem;
            if (failed.Verdict.Outcome is CallOutcome.RateLimited)
                return; // It rests; when that is short, it is waited for.
            Tried.Add(entry);
            if (failed.MayRepeat)
                _again.Add(entry);
        }

        /// <summary>When all have been tried: those that broke down at once get another chance.</summary>
        public bool BeginAgain()
        {
            bool isAny = _again.Count > 0;
            Tried.RemoveAll(_again.Contains);
            _again.Clear();
            return isAny;
        }
    }
}
