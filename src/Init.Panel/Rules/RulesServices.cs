using Init.Routing.Statistics;
using Init.Routing.Store;

namespace Init.Panel.Rules;

/// <param name="Url">As the rules have it.</param>
/// <param name="Healthy">It may be chosen.</param>
/// <param name="Program">That is known to be behind it; null when none is.</param>
/// <param name="State">Of the program, as the supervisor calls it; null when it is not known.</param>
public sealed record BackendSight(string Url, bool Healthy, string? Program, string? State);

/// <summary>What the interface to the rules works with.</summary>
/// <param name="Keeper">The rules.</param>
/// <param name="Statistics">What they have had to do.</param>
/// <param name="Time">For the history.</param>
public sealed record RulesServices(RouteKeeper Keeper, RouteStatistics Statistics, TimeProvider Time)
{
    /// <summary>Every backend of the rules in force, once.</summary>
    public Func<Task<IReadOnlyList<BackendSight>>> Backends { get; init; } = () => Task.FromResult<IReadOnlyList<BackendSight>>([]);
}
