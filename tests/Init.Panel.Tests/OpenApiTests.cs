using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Init.Panel.Backup;
using Init.Panel.Rules;
using Init.Panel.SignIn;
using Init.Panel.Tests.Harness;
using Init.Panel.Tests.Rules;

namespace Init.Panel.Tests;

/// <summary>The document says what is there: each route and each property of each body, no more and no less.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task RulesPart_HasTheRoutes()
    {
        await using RulesServer server = await RulesServer.StartAsync();

        Assert.Equal(server.Endpoints("/api/v1"), Documented(Part("openapi-rules.json")));
    }

    /// <summary>Whoever adds a route below /admin/api/v1 describes it: in openapi.json of Rules, of SignIn, of Backup, of Chat, or of Init.Admin.</summary>
    [Fact]
    public async Task Panel_HasTheRoutes()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        IEnumerable<string> routes = panel.Routes.Where(route => route.Path.StartsWith(PanelRoutes.Root + "/", StringComparison.Ordinal)).Select(route => $"{route.Method} {route.Path[PanelRoutes.Root.Length..]}");

        using JsonDocument document = JsonDocument.Parse(OpenApiDocument.OfPanel());

        Assert.Equal(routes.Order(StringComparer.Ordinal), Documented(document.RootElement));
    }

    [Fact]
    public void SignInPart_HasThePropertiesOfTheBodies()
    {
        SignInJson json = SignInJson.Default;
        AssertBodies("openapi-sign-in.json", [], [json.SignInBody, json.PasswordBody, json.TokenBody, json.SessionState, json.SessionInfo, json.SessionList, json.TokenInfo, json.TokenList, json.NewToken]);
    }

    [Fact]
    public void BackupPart_HasThePropertiesOfTheBodies()
    {
        BackupJson json = BackupJson.Default;
        AssertBodies("openapi-backup.json", [],
        [
            json.BackupSight, json.BackupNowBody, json.BackupNowReply, json.BackupCommit, json.BackupHistory, json.BackupEntry, json.BackupListing, json.BackupChange, json.BackupDifference,
            json.BackupRestoreBody, json.BackupRestoreView, json.BackupRestore, json.RestoreProgress, json.RestoreOutcome,
        ]);
    }

    [Fact]
    public void RulesPart_HasThePropertiesOfTheBodies()
    {
        // The first two are read and written by hand; RuleReaderTests hold them.
        RulesJson json = RulesJson.Default;
        AssertBodies("openapi-rules.json", ["Rule", "RouteConfiguration"],
        [
            json.RouteDocument, json.ChangeReply, json.ImportReply, json.RulesProblem, json.RuleProblemBody, json.ValidationReply, json.OrderBody, json.MoveBody, json.DefaultBackendBody,
            json.UndoBody, json.EffectiveReply, json.EffectiveEntry, json.DryRunBody, json.HeaderBody, json.DryRunReply, json.TrialBody, json.HistoryReply, json.HistoryEntryBody, json.DiffBody,
            json.DefaultBackendDiff, json.RuleDiff, json.StatisticsReply, json.RuleStatisticsBody, json.FailureBody, json.BackendBody,
        ]);
    }

    [Theory]
    [InlineData(false, "/api/v1")]
    [InlineData(true, "/admin/api/v1")]
    public void Composed_HasAllPartsAndReferencesThatLeadSomewhere(bool isPanel, string root)
    {
        using JsonDocument document = JsonDocument.Parse(isPanel ? OpenApiDocument.OfPanel() : OpenApiDocument.OfAdministration());

        Assert.Equal(root, document.RootElement.GetProperty("servers")[0].GetProperty("url").GetString());
        string[] paths = [.. document.RootElement.GetProperty("paths").EnumerateObject().Select(path => path.Name)];
        Assert.Contains("/programs/{name}", paths);
        Assert.Contains("/routes/rules/{id}", paths);
        Assert.All(ReferencesIn(document.RootElement), reference =>
        {
            JsonElement at = document.RootElement;
            foreach (string part in reference.Split('/').Skip(1))
                Assert.True(at.TryGetProperty(part, out at), reference);
        });
        string[] operations = [.. document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Where(method => method.Name != "parameters").Select(method => method.Value.GetProperty("operationId").GetString()!)];
        Assert.Equal(operations.Distinct(StringComparer.Ordinal), operations);
    }

    private static void AssertBodies(string part, IEnumerable<string> others, JsonTypeInfo[] types)
    {
        JsonElement schemas = Part(part).GetProperty("components").GetProperty("schemas");
        HashSet<string> seen = [.. others];
        foreach (JsonTypeInfo type in types)
        {
            Assert.True(schemas.TryGetProperty(type.Type.Name, out JsonElement schema), $"{type.Type.Name} is not in the document");
            Assert.Equal(
                type.Properties.Select(property => property.Name).Order(StringComparer.Ordinal),
                schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal));
            seen.Add(type.Type.Name);
        }

        Assert.Equal(seen.Order(StringComparer.Ordinal), schemas.EnumerateObject().Select(schema => schema.Name).Order(StringComparer.Ordinal));
    }

    private static IEnumerable<string> Documented(JsonElement part) =>
        (from path in part.GetProperty("paths").EnumerateObject()
         from method in path.Value.EnumerateObject()
         where method.Name != "parameters"
         select $"{method.Name.ToUpperInvariant()} {path.Name}").Order(StringComparer.Ordinal);

    private static IEnumerable<string> ReferencesIn(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.Name == "$ref" ? [property.Value.GetString()!] : ReferencesIn(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(ReferencesIn),
        _ => [],
    };

    private static JsonElement Part(string name)
    {
        using Stream stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream(name)!;
        return JsonDocument.Parse(stream).RootElement;
    }
}
