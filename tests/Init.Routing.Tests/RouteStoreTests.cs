using Init.Routing.Json;
using Init.Routing.Rules;
using Init.Routing.Store;

namespace Init.Routing.Tests;

public sealed class RouteStoreTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private static readonly RouteState Three = new(Requests.Configuration("{'id':'a'},{'id':'b','priority':2,'backend':'http://b'},{'id':'c'}"), 7, []);

    [Fact]
    public void Create_WhenItIsValid_AddsItWithAnIdAndAnEntry()
    {
        var done = Done(Three, new RouteCommand.Create(Requests.Json("{'priority':3}"), Index: 1));

        Assert.Equal(["a", "rule-1", "b", "c"], Ids(done.State));
        Assert.Equal((8, "\"8\"", "rule-1"), (done.State.Revision, done.State.ETag, done.RuleId));
        HistoryEntry entry = done.State.History.Single();
        Assert.Equal((8, Noon, "owner", "created rule \"rule-1\""), (entry.Revision, entry.At, entry.Who, entry.What));
        Assert.Equal(["rule-1 added"], entry.Diff.Rules.Select(change => $"{change.Id} {(change.Before is null ? "added" : "")}"));
    }

    [Fact]
    public void Replace_WhenItHasNoId_KeepsIdAndPlace()
    {
        var done = Done(Three, new RouteCommand.Replace("b", Requests.Json("{'priority':5}")));

        Assert.Equal(["a", "b", "c"], Ids(done.State));
        Assert.Equal((5.0, 0), (done.State.Configuration.Rules[1].Priority, done.State.Configuration.Rules[1].Backends.Length));
    }

    [Fact]
    public void Replace_WhenItHasAnotherId_RenamesTheRule() => Assert.Equal(["a", "new", "c"], Ids(Done(Three, new RouteCommand.Replace("b", Requests.Json("{'id':'new'}"))).State));

    [Fact]
    public void Patch_WhenItHasSomeKeys_ChangesThoseOnly()
    {
        RouteRule rule = Done(Three, new RouteCommand.Patch("b", Requests.Json("{'enabled':false,'match':{'method':'GET'},'priority':null}"))).State.Configuration.Rules[1];

        Assert.Equal((false, "GET", 0.0, "http://b"), (rule.Enabled, rule.Match.Method, rule.Priority, rule.Backends.Single().Url));
    }

    [Theory]
    [InlineData("{'backends':[{'url':'http://x'},{'url':'http://y'}]}", "http://x http://y")]
    [InlineData("{'backend':'http://x'}", "http://x")]
    [InlineData("{'backend':null}", "")]
    public void Patch_WhenItHasBackends_DecidesHowTheyAreWritten(string patch, string expected) => Assert.Equal(
        expected, string.Join(' ', Done(Three, new RouteCommand.Patch("b", Requests.Json(patch))).State.Configuration.Rules[1].Backends.Select(backend => backend.Url)));

    [Fact]
    public void Delete_WhenItIsThere_RemovesIt() => Assert.Equal(["a", "c"], Ids(Done(Three, new RouteCommand.Delete("b")).State));

    [Theory]
    [InlineData(0, "c a b")]
    [InlineData(1, "a c b")]
    [InlineData(2, "a b c")]
    public void Move_WhenThePlaceIsThere_PutsItThere(int index, string expected) => Assert.Equal(expected, string.Join(' ', Ids(Done(Three, new RouteCommand.Move("c", index)).State)));

    [Fact]
    public void Reorder_WhenAllIdsAreGiven_TakesThatOrder() => Assert.Equal(["c", "a", "b"], Ids(Done(Three, new RouteCommand.Reorder(["c", "a", "b"])).State));

    [Fact]
    public void DefaultBackend_WhenItIsValid_IsSet() => Assert.Equal("http://new", Done(Three, new RouteCommand.SetDefaultBackend("http://new")).State.Configuration.DefaultBackend);

    [Fact]
    public void Command_WhenItChangesNothing_MakesNoRevision()
    {
        Assert.Same(Three, Done(Three, new RouteCommand.Move("b", 1)).State);
        Assert.Same(Three, Done(Three, new RouteCommand.ReplaceAll(RuleWriter.ToUtf8(Three.Configuration))).State);
    }

    public static TheoryData<RouteCommand, string> Invalid => new()
    {
        { new RouteCommand.Create(Requests.Json("{'id':'a'}")), "rules[3] \"a\": id: rules[0] has the same id (give each rule an id of its own)" },
        { new RouteCommand.Create(Requests.Json("{'id':'x','backend':'y'}"), 0), "\"x\": backend: a backend is an http://, https:// or h2c:// URL (write it like http://127.0.0.1:6185)" },
        { new RouteCommand.Create(Requests.Json("{}"), 4), "index: 4 is out of range (use 0 to 3)" },
        { new RouteCommand.Replace("b", Requests.Json("{'id':'c'}")), "rules[2] \"c\": id: rules[1] has the same id (give each rule an id of its own)" },
        { new RouteCommand.Patch("b", Requests.Json("{'prio':1}")), "\"b\": prio: unknown key (remove it)" },
        { new RouteCommand.Patch("b", Requests.Json("[]")), "document: a patch is an object (write { … } with the keys that change)" },
        { new RouteCommand.Patch("b", Requests.Json("{")), "document: cannot read the JSON, or a key is there twice (correct it)" },
        { new RouteCommand.Patch("b", Requests.Json("{'id':'x','id':'y'}")), "document: cannot read the JSON, or a key is there twice (correct it)" },
        { new RouteCommand.Move("a", 3), "index: 3 is out of range (use 0 to 2)" },
        { new RouteCommand.Reorder(["a", "b"]), "ids: they are not the ids of all rules, each once (read the rules again)" },
        { new RouteCommand.Reorder(["a", "b", "b"]), "ids: they are not the ids of all rules, each once (read the rules again)" },
        { new RouteCommand.ReplaceAll(Requests.Json("{'default_backend':'http://x','rules':null}")), "rules: is null, not an array (leave the key out)" },
        { new RouteCommand.SetDefaultBackend("ftp://x"), "default_backend: a backend is an http://, https:// or h2c:// URL (write it like http://127.0.0.1:6185)" },
        { new RouteCommand.Undo(3), "revision: 3 is not in the history (use 7 to 7)" },
        { new RouteCommand.Import(Requests.Json("[]")), "document: is an array, not an object (write { … })" },
    };

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Command_WhenItIsNotValid_ChangesNothingAndSaysWhy(RouteCommand command, string expected)
    {
        var result = Assert.IsType<RouteCommandResult.Invalid>(RouteStore.Apply(Three, command, new CommandContext("owner", Noon)));

        Assert.Equal(expected, result.Problems.Single().ToString());
    }

    [Fact]
    public void Command_WhenTheRevisionIsAnother_IsAConflict() =>
        Assert.Equal(new RouteCommandResult.Conflict(7), RouteStore.Apply(Three, new RouteCommand.Delete("a"), new CommandContext("owner", Noon, IfMatch: 6)));

    [Fact]
    public void Command_WhenTheRuleIsNotThere_SaysSo() =>
        Assert.Equal(new RouteCommandResult.NotFound("x"), RouteStore.Apply(Three, new RouteCommand.Delete("x"), new CommandContext("owner", Noon, IfMatch: 7)));

    [Fact]
    public void Import_WhenTheOriginalHadOddities_TellsThem()
    {
        var done = Done(Three, new RouteCommand.Import(Requests.Json("{'rules':[{'id':'x'},{'id':'x'}]}")));

        Assert.Equal(["x", "x-2"], Ids(done.State));
        Assert.Single(done.Notes);
    }

    [Fact]
    public void Undo_WhenItIsDoneTwice_IsARedo()
    {
        RouteState changed = Done(Three, new RouteCommand.Delete("b")).State;

        RouteState undone = Done(changed, new RouteCommand.Undo()).State;
        RouteState redone = Done(undone, new RouteCommand.Undo()).State;

        Assert.Equal(["a", "b", "c"], Ids(undone));
        Assert.Equal(["a", "c"], Ids(redone));
        Assert.Equal(10, redone.Revision);
    }

    /// <summary>Random commands; every state of the past that is still in the history must come back byte by byte, also through the file.</summary>
    [Fact]
    public void History_WhateverWasDone_LeadsBackToEveryState()
    {
        int seed = Random.Shared.Next();
        Random random = new(seed);
        RouteState state = RouteState.Fresh;
        Dictionary<long, byte[]> past = new() { [1] = RuleWriter.ToUtf8(state.Configuration) };
        for (int i = 0; i < 400; i++)
        {
            state = Assert.IsType<RouteCommandResult.Done>(RouteStore.Apply(state, RandomCommand(random, state), new CommandContext("chance", Noon))).State;
            past[state.Revision] = RuleWriter.ToUtf8(state.Configuration);
        }

        Assert.Equal(RouteState.HistoryMax, state.History.Length);
        var (read, problems) = RouteStateJson.Read(RouteStateJson.ToUtf8(state));
        Assert.True(problems.IsEmpty, $"seed {seed}: {string.Join('\n', problems)}");
        Assert.Equal(RouteStateJson.ToUtf8(state), RouteStateJson.ToUtf8(read!));
        foreach (long revision in past.Keys.Where(revision => revision >= state.Revision - RouteState.HistoryMax))
            Assert.True(past[revision].AsSpan().SequenceEqual(RuleWriter.ToUtf8(read!.At(revision)!)), $"seed {seed}, revision {revision}");
        Assert.Null(read!.At(state.Revision - RouteState.HistoryMax - 1));
    }

    [Fact]
    public void History_WhenRulesOnlyComeAndGo_NeedsNoListOfIds() =>
        Assert.Empty(Done(Three, new RouteCommand.ReplaceAll(Requests.Json("{'rules':[{'id':'new'},{'id':'c'}]}"))).State.History.Single().Diff.OrderBefore);

    [Fact]
    public void History_WhenChangesAreLarge_StaysBelowItsBytes()
    {
        RouteState state = RouteState.Fresh;
        for (int i = 0; i < 20; i++)
        {
            string rules = string.Join(',', Enumerable.Range(0, 400).Select(n => $"{{'id':'r{n}','match':{{'path_prefix':'/{i}/{new string('x', 200)}'}}}}"));
            state = Done(state, new RouteCommand.ReplaceAll(Requests.Json($"{{'rules':[{rules}]}}"))).State;
        }

        Assert.InRange(state.History.Length, 1, 19);
        Assert.InRange(state.History.Sum(RouteStateJson.BytesOf), 1, RouteState.HistoryBytesMax);
    }

    private static RouteCommand RandomCommand(Random random, RouteState state)
    {
        string[] ids = [.. Ids(state)];
        string some = ids.Length > 0 ? ids[random.Next(ids.Length)] : "";
        byte[] rule = RuleWriter.ToUtf8(new RouteRule { Id = "x", Priority = random.Next(3) } with { Id = "" });
        return random.Next(ids.Length is 0 or > 12 ? 1 : 9) switch
        {
            0 when ids.Length > 12 => new RouteCommand.ReplaceAll(Requests.Json("{'rules':[{'id':'one'},{'id':'two'}]}")),
            0 or 1 or 2 => new RouteCommand.Create(rule, random.Next(ids.Length + 1)),
            3 => new RouteCommand.Replace(some, rule),
            4 => new RouteCommand.Patch(some, Requests.Json($"{{'id':'n{random.Next()}'}}")),
            5 => new RouteCommand.Delete(some),
            6 => new RouteCommand.Move(some, random.Next(ids.Length)),
            7 => new RouteCommand.Reorder([.. ids.OrderBy(_ => random.Next())]),
            _ => random.Next(2) == 0 ? new RouteCommand.SetDefaultBackend(random.Next(2) == 0 ? null : $"http://b{random.Next(9)}") : new RouteCommand.Undo(state.Revision - random.Next(Math.Min(4, state.History.Length + 1))),
        };
    }

    private static IEnumerable<string> Ids(RouteState state) => state.Configuration.Rules.Select(rule => rule.Id);

    private static RouteCommandResult.Done Done(RouteState state, RouteCommand command) =>
        Assert.IsType<RouteCommandResult.Done>(RouteStore.Apply(state, command, new CommandContext("owner", Noon, IfMatch: state.Revision)));
}
