using System.Collections.Immutable;

namespace Init.Chat.Providers;

/// <summary>A model of a provider.</summary>
/// <param name="Provider">The group's name.</param>
/// <param name="Name">For people.</param>
/// <param name="Id">What the provider calls it.</param>
/// <param name="Type">What requests ask for: "chat", "reasoner". Compared without case.</param>
/// <param name="Url">Of the interface, without a slash at its end; "/chat/completions" comes behind it.</param>
/// <param name="KeyVariables">The environment variables that have its keys; the names, never the keys. None: it takes no key.</param>
public sealed record ModelInfo(string Provider, string Name, string Id, string Type, string Url, ImmutableArray<string> KeyVariables);

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
