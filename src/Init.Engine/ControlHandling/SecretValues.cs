using Init.Config;

namespace Init.Engine.ControlHandling;

/// <summary>The values that a program was granted and nobody else may see, wherever they have been put: "postgres://me:${PASSWORD}@db" tells one as well.</summary>
public sealed class SecretValues
{
    private readonly List<string> _values;

    public SecretValues(LaunchSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _values = [.. spec.Environment
            .Select(variable => variable.Split('=', 2))
            .Where(pair => spec.SecretNames.Contains(pair[0]) && pair is [_, { Length: > 0 }])
            .Select(pair => pair[1])];
    }

    public bool AreIn(string? text) => text is not null && _values.Exists(value => text.Contains(value, StringComparison.Ordinal));

    /// <summary>The text with "***" in the place of each secret.</summary>
    public string Hide(string text) => _values.Aggregate(text, static (hidden, value) => hidden.Replace(value, "***", StringComparison.Ordinal));
}
