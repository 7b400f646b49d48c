using System.Collections.Immutable;
using Init.Routing.Rules;

namespace Init.Routing.Actions;

/// <summary>Which program is behind a backend: what the rule says, or whose probe asks that port of this machine.</summary>
/// <param name="ByPort">Names of instances.</param>
public sealed record BackendPrograms(ImmutableDictionary<int, string> ByPort)
{
    public static BackendPrograms None { get; } = new(ImmutableDictionary<int, string>.Empty);

    /// <param name="rule">Null: the default backend.</param>
    /// <param name="backend">That was chosen.</param>
    /// <returns>Null when none is known.</returns>
    public string? Behind(RouteRule? rule, BackendUrl backend)
    {
        ArgumentNullException.ThrowIfNull(backend);
        return rule?.Program ?? (backend.IsLoopback ? ByPort.GetValueOrDefault(backend.Port) : null);
    }
}
