using System.Collections.Immutable;

namespace Init.Chat.Providers;

/// <summary>A model of a provider.</summary>
/// <param name="Provider">The group's name.</param>
/// <param name="Name">For people.</param>
/// <param name="Id">What the provider calls it.</param>
/// <param name="Type">What requests ask for: "chat", "reasoner". Compared without case.</param>
/// <param name="Url">Of the interface, without a slash at its end; "/chat/completions" comes behind it.</param>
/// <param name="KeyVariables">The environment variables that have its keys; the names, never the keys. None: it takes no key.</param>
public sealed record ModelInfo(string Provider, string Name, string Id, string Type, string Url, ImmutableArray<string> KeyVariables)
{
    /// <summary>How often it is asked beside the others of its type; 1 to <see cref="WeightMax"/>.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Null: nobody has said; calls cost nothing then.</summary>
    public ModelPrice? Price { get; init; }

    /// <summary>Whether it may be asked for usage in a stream (<c>stream_options</c>); null: as <c>Init.Chat.Upstream</c> knows the provider.</summary>
    public bool? TakesStreamOptions { get; init; }

    public const int WeightMax = 1000;
}

/// <summary>In units of a currency, whichever it is, for a million tokens each: a token costs as many millionths.</summary>
/// <param name="Input">Of the prompt.</param>
/// <param name="CachedInput">Of that part of the prompt which the provider found in its cache.</param>
/// <param name="Output">Of the answer.</param>
public sealed record ModelPrice(decimal Input, decimal CachedInput, decimal Output)
{
    /// <returns>Millionths, rounded to the nearest.</returns>
    public long Of(TokenUsage usage)
    {
        long cached = Math.Clamp(usage.CacheHits, 0, usage.Prompt);
        return (long)decimal.Round(((usage.Prompt - cached) * Input) + (cached * CachedInput) + (usage.Completion * Output), MidpointRounding.AwayFromZero);
    }
}

public abstract record ModelList
{
    private ModelList()
    {
    }

    /// <param name="Models">In the file's order, which decides between those of a type when nothing else does.</param>
    public sealed record Read(ImmutableArray<ModelInfo> Models) : ModelList;

    /// <param name="Problems">Each with its place, as "[0].models[2].URL: ...".</param>
    public sealed record Refused(ImmutableArray<string> Problems) : ModelList;
}
