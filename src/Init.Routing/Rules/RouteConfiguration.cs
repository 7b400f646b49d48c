using System.Collections.Immutable;

namespace Init.Routing.Rules;

/// <summary>What the gateway routes by: the rules in the order of the list, and where a request goes that none of them takes.</summary>
/// <param name="DefaultBackend">Null: such a request is answered with 404.</param>
/// <param name="Rules">Their ids are unique.</param>
public sealed record RouteConfiguration(string? DefaultBackend, ImmutableArray<RouteRule> Rules)
{
    public static RouteConfiguration Empty { get; } = new(null, []);

    /// <summary>-1 when there is none.</summary>
    public int IndexOf(string id)
    {
        for (int i = 0; i < Rules.Length; i++)
        {
            if (Rules[i].Id == id)
                return i;
        }

        return -1;
    }
}
