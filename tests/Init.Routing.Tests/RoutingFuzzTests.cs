using System.Text;
using Init.Routing.Actions;
using Init.Routing.Json;
using Init.Routing.Matching;
using Init.Routing.Rules;
using Init.Routing.Store;

namespace Init.Routing.Tests;

/// <summary>Whatever comes in from outside is answered and never an exception. A failure names its seed.</summary>
public sealed class RoutingFuzzTests
{
    private const int Rounds = 6000;

    private static readonly byte[][] Pieces = [.. new[] { "\"", "{", "}", "[", "]", ",", ":", "null", "-1", "1e400", "\\ud800", "\\u0000", "\"id\":\"x\",", "true", "\"\"", "\u00e9" }.Select(Encoding.UTF8.GetBytes)];
    private static readonly string[] TargetPieces = ["/", "..", ".", "%2f", "%2e", "%", "%00", "%ff", "?", "#", "\\", "a", "webui", "gemini", "\ud83d\ude00", "\ud800", "\r\n", "http://", "@", ":"];

    [Fact]
    public void Readers_WhateverTheBytes_AnswerWithAResultOrProblems()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        RouteState state = ((RouteCommandResult.Done)RouteStore.Apply(RouteState.Fresh, new RouteCommand.Reorder([.. RouteState.Fresh.Configuration.Rules.Select(rule => rule.Id).Reverse()]), new CommandContext("x", default))).State;
        byte[][] good = [RouteStateJson.ToUtf8(state), RuleWriter.ToUtf8(new RandomRules(random).Configuration(12)), RuleWriter.ToUtf8(state.Configuration.Rules[0])];
        int refused = 0;
        for (int round = 0; round < Rounds; round++)
        {
            byte[] bytes = Mutated(good[random.Next(good.Length)], random);
            try
            {
                var (configuration, problems) = RuleReader.ReadConfiguration(bytes, RouteConfiguration.Empty);
                Assert.Equal(configuration is null, problems.Length > 0);
                refused += configuration is null ? 1 : 0;
                var (import, importProblems) = OriginalConfig.Read(bytes);
                Assert.Equal(import is null, importProblems.Length > 0);
                if (import is not null)
                    _ = new RouteTable(import.Configuration);
                var (read, _) = RouteStateJson.Read(bytes);
                Assert.NotNull(read?.At(read.Revision - read.History.Length) ?? RouteConfiguration.Empty);
                foreach (RouteCommand command in new RouteCommand[] { new RouteCommand.Patch("proxy-webui", bytes), new RouteCommand.Create(bytes), new RouteCommand.ReplaceAll(bytes) })
                    _ = RouteStore.Apply(state, command, new CommandContext("x", default));
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {exception}\n{Encoding.Latin1.GetString(bytes)}");
            }
        }

        Assert.InRange(refused, Rounds / 2, Rounds - 1);
    }

    [Fact]
    public void Request_WhateverItSays_HasAnAction()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        RouteTable table = Requests.Table(
            "{'id':'w','priority':1,'match':{'path_prefix':'/webui/'},'app_scope':'webui','strip_prefix':true},"
            + "{'id':'g','action':'redirect','match':{'path_prefix':'/gemini'},'redirect_to_prefix':'/'},{'id':'h','match':{'host':'a:1'}}");
        for (int round = 0; round < 10 * Rounds; round++)
        {
            RouteRequest request = new(
                "/" + Text(random), Text(random), Text(random), new HeaderList(("Referer", "https://" + Text(random)), ("Cookie", "init_app=" + Text(random)), ("Accept", "text/html")), null);
            try
            {
                DryRunReport report = DryRun.Explain(table, request);
                if (report.Action is RouteAction.Redirect { Location: var location })
                    Assert.True(location[0] == '/' && (location.Length == 1 || location[1] is not ('/' or '\\')) && location.All(c => c is > ' ' and < '\x7f'), location);
                if (table.Scopes.CookieFor(request, report.Decision, isSecure: true) is { } cookie)
                    Assert.StartsWith("init_app=", cookie, StringComparison.Ordinal);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {exception}\n{request}");
            }
        }
    }

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(7)).Select(_ => TargetPieces[random.Next(TargetPieces.Length)]));

    private static byte[] Mutated(byte[] good, Random random)
    {
        List<byte> bytes = [.. good];
        for (int changes = random.Next(1, 4); changes > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                default:
                    int from = random.Next(bytes.Count);
                    bytes.InsertRange(at, bytes.GetRange(from, Math.Min(random.Next(40), bytes.Count - from)));
                    break;
            }

            if (bytes.Count == 0)
                bytes.Add((byte)'{');
        }

        return [.. bytes];
    }
}
