using System.Net;
using System.Text;
using Init.Routing.Json;
using Init.Routing.Matching;
using Init.Routing.Rules;

namespace Init.Routing.Tests;

/// <summary>Headers as a list, as they stand in a message.</summary>
internal sealed class HeaderList(params (string Name, string Value)[] headers) : IRequestHeaders
{
    public int Count(string name)
    {
        int count = 0;
        foreach (var header in headers)
            count += header.Name.Equals(name, StringComparison.OrdinalIgnoreCase) ? 1 : 0;
        return count;
    }

    public string Value(string name, int index)
    {
        foreach (var header in headers)
        {
            if (header.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && index-- == 0)
                return header.Value;
        }

        throw new ArgumentOutOfRangeException(nameof(index));
    }
}

internal static class Requests
{
    public static RouteRequest Get(string target, params (string Name, string Value)[] headers) =>
        new(target, "space.example", "GET", new HeaderList(headers), IPAddress.Parse("192.0.2.1"));

    /// <summary>The rules from JSON with ' for "; the default backend is http://default.</summary>
    public static RouteTable Table(string rules) => new(Configuration(rules));

    public static RouteConfiguration Configuration(string rules)
    {
        var (configuration, problems) = RuleReader.ReadConfiguration(Json($"{{'default_backend':'http://default','rules':[{rules}]}}"), RouteConfiguration.Empty);
        Assert.Empty(problems);
        return configuration!;
    }

    public static byte[] Json(string text) => Encoding.UTF8.GetBytes(text.Replace('\'', '"'));

    public static string? Winner(this RouteTable table, RouteRequest request) => table.Match(request).Rule?.Rule.Id;
}
