using System.Collections.Immutable;
using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.Reloading;
using Init.Supervision;

namespace Init.Engine.Tests.Reloading;

public sealed class ConfigGroupsTests
{
    private static readonly SourcePosition Somewhere = new("supervisor.toml", 1, 1);

    [Fact]
    public void Add_WhenTheGroupIsNew_PutsItsProgramsWhereTheFileHasThem()
    {
        SystemConfig running = Config(Program("a"), Program("z"));
        SystemConfig read = Config(Program("a"), Program("g:x", group: "g"), Program("g:y", group: "g"), Program("z"), Program("other"));

        var (target, error) = ConfigGroups.Add(running, read, "g");

        Assert.Null(error);
        Assert.Equal(["a", "g:x", "g:y", "z"], NamesOf(target!));
    }

    [Theory]
    [InlineData("a", ErrorCode.AlreadyAdded)]
    [InlineData("nobody", ErrorCode.UnknownGroup)]
    [InlineData("own", ErrorCode.UnknownGroup)]
    [InlineData("needy", ErrorCode.Failed)]
    public void Add_WhenItCannotBe_SaysWhy(string group, string code)
    {
        SystemConfig running = Config(Program("a"));
        SystemConfig read = Config(Program("a"), Program("needy", requires: "absent"), Program("own") with { IsOwn = true });

        var (target, error) = ConfigGroups.Add(running, read, group);

        Assert.Null(target);
        Assert.Equal(code, error!.Code);
    }

    [Fact]
    public void Add_WhenProgramsWouldWaitForEachOther_IsRefused()
    {
        // Each configuration by itself is in order: "a" came to require "b" only after "b" had stopped requiring "a".
        SystemConfig running = Config(Program("a", requires: "b"), Program("b"), Program("c"));
        SystemConfig withoutB = running with { Programs = [.. running.Programs.Where(program => program.Policy.Name != "b").Select(WithoutRequirements)] };
        SystemConfig read = Config(Program("a"), Program("b", requires: "a"));

        Assert.Null(ConfigGroups.Add(withoutB, read, "b").Error);
        Assert.Contains("a -> b -> a", ConfigGroups.Add(running with { Programs = running.Programs.RemoveAt(1) }, read, "b").Error!.Message);
    }

    [Fact]
    public void Add_WhenTheNameIsASelector_AddsThoseOfItsProgramsThatAreMissing()
    {
        GroupDefinition bots = new("bots", ["a", "b", "c"], Somewhere);
        SystemConfig running = Config(Program("a"));
        SystemConfig read = Config(Program("a"), Program("b"), Program("c"), Program("d")) with { Groups = [bots] };

        SystemConfig target = ConfigGroups.Add(running, read, "bots").Target!;

        Assert.Equal(["a", "b", "c"], NamesOf(target));
        Assert.Equal(["a", "b", "c"], Assert.Single(target.Groups).Programs.AsEnumerable());
    }

    [Fact]
    public void Remove_WhenAProgramIsUp_IsRefused()
    {
        SystemConfig running = Config(Program("g:x", group: "g"), Program("g:y", group: "g"), Program("a"));

        Assert.Equal(ErrorCode.StillRunning, ConfigGroups.Remove(running, "g", name => name != "g:y").Error!.Code);
        Assert.Equal(["a"], NamesOf(ConfigGroups.Remove(running, "g", _ => true).Target!));
        Assert.Equal(ErrorCode.UnknownGroup, ConfigGroups.Remove(running, "h", _ => true).Error!.Code);
    }

    [Fact]
    public void Remove_WhenOthersRequireIt_IsRefused()
    {
        SystemConfig running = Config(Program("db"), Program("web", requires: "db"));

        Assert.Contains("\"web\" requires \"db\"", ConfigGroups.Remove(running, "db", _ => true).Error!.Message);
    }

    [Fact]
    public void Remove_TakesItsListenersAndSelectorsAlong()
    {
        SystemConfig running = Config(Program("pool:l", group: "pool"), Program("a")) with
        {
            EventListeners = [new EventListenerPool("pool", ["TICK_5"], 10, Somewhere)],
            Groups = [new GroupDefinition("both", ["pool:l", "a"], Somewhere)],
        };

        SystemConfig target = ConfigGroups.Remove(running, "pool", _ => true).Target!;

        Assert.Empty(target.EventListeners);
        Assert.Equal(["a"], Assert.Single(target.Groups).Programs.AsEnumerable());
    }

    [Fact]
    public void Between_NamesGroupsAndNotPrograms()
    {
        EventListenerPool pool = new("pool", ["TICK_5"], 10, Somewhere);
        SystemConfig running = Config(Program("g:x", group: "g"), Program("old"), Program("pool"), Program("same"), Program("own") with { IsOwn = true }) with
        {
            EventListeners = [pool],
        };
        SystemConfig next = Config(Program("g:x", group: "g"), Program("g:y", group: "g"), Program("new"), Program("pool"), Program("same")) with
        {
            EventListeners = [pool with { BufferSize = 20 }],
        };

        GroupChanges changes = ConfigGroups.Between(running, next, ConfigDiff.Between(running, next));

        Assert.Equal(["new"], changes.Added);
        Assert.Equal(["g", "pool"], changes.Changed);
        Assert.Equal(["old"], changes.Removed);
    }

    [Fact]
    public void Between_KeepsTheOrderOfTheConfiguration()
    {
        SystemConfig running = Config(Program("z:x", group: "z"), Program("k:x", group: "k"), Program("a:x", group: "a"), Program("l:x", group: "l"));
        SystemConfig next = Config(Program("y:x", group: "y"), Program("l:y", group: "l"), Program("b:x", group: "b"), Program("k:y", group: "k"));

        GroupChanges changes = ConfigGroups.Between(running, next, ConfigDiff.Between(running, next));

        Assert.Equal(["y", "b"], changes.Added);
        Assert.Equal(["l", "k"], changes.Changed);
        Assert.Equal(["z", "a"], changes.Removed);
    }

    private static SystemConfig Config(params ImmutableArray<ProgramDefinition> programs) => new(
        new InitSettings { StateDirectory = "/state", LogDirectory = "/log", ControlSocket = "/control.sock" }, programs, Groups: [], EventHooks: []);

    private static ProgramDefinition Program(string name, string? group = null, string? requires = null) => new()
    {
        Policy = new ProgramPolicy { Name = name, Program = name, Requires = requires is null ? [] : [new Requirement(requires)] },
        Launch = new LaunchSpec { Command = ["/bin/true"] },
        GroupName = group,
        At = Somewhere,
    };

    private static ProgramDefinition WithoutRequirements(ProgramDefinition program) => program with { Policy = program.Policy with { Requires = [] } };

    private static IEnumerable<string> NamesOf(SystemConfig config) => config.Programs.Select(program => program.Policy.Name);
}
