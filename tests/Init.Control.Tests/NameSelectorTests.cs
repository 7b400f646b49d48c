namespace Init.Control.Tests;

public class NameSelectorTests
{
    private static readonly SelectableInstance[] Instances =
    [
        new("web", "web", []),
        new("worker:0", "worker", ["jobs"]),
        new("worker:1", "worker", ["jobs"]),
        new("cron", "cron", ["jobs", "night"]),
    ];

    [Theory]
    [InlineData("", "web worker:0 worker:1 cron")]
    [InlineData("all", "web worker:0 worker:1 cron")]
    [InlineData("web", "web")]
    [InlineData("web:*", "web")]
    [InlineData("worker:1", "worker:1")]
    [InlineData("worker", "worker:0 worker:1")]
    [InlineData("worker:*", "worker:0 worker:1")]
    [InlineData("jobs", "worker:0 worker:1 cron")]
    [InlineData("jobs:*", "worker:0 worker:1 cron")]
    [InlineData("night:cron", "cron")]
    [InlineData("jobs:worker:1", "worker:1")]
    [InlineData("cron web cron", "web cron")]
    public void Names_SelectInstances(string names, string expected)
    {
        NameSelection selection = NameSelector.Select(names.Split(' ', StringSplitOptions.RemoveEmptyEntries), Instances);

        Assert.Equal(expected, string.Join(' ', selection.Indexes.Select(index => Instances[index].Name)));
        Assert.Empty(selection.Unknown);
    }

    [Theory]
    [InlineData("wbe", "did you mean \"web\"?")]
    [InlineData("worker:2", "did you mean \"worker:0\"?")]
    [InlineData("night:web", null)]
    [InlineData(":", null)]
    [InlineData(":*", null)]
    public void Name_WhenNothingIsCalledSo_IsUnknownWithAHint(string name, string? hint)
    {
        NameSelection selection = NameSelector.Select([name], Instances);

        Assert.Empty(selection.Indexes);
        Assert.Equal(new UnknownName(name, hint), Assert.Single(selection.Unknown));
    }

    /// <summary>Of a supervisord.conf: the group "web" has a program of that name, and "mail" is in two groups.</summary>
    private static readonly SelectableInstance[] Supervisords =
    [
        OfSupervisord("cron", "cron", "cron"),
        OfSupervisord("web", "web", "web"),
        OfSupervisord("web:mail", "web", "mail"),
        OfSupervisord("night:mail", "night", "mail"),
        OfSupervisord("worker:worker_00", "worker", "worker_00"),
        OfSupervisord("worker:worker_01", "worker", "worker_01"),
    ];

    [Theory]
    [InlineData("web:*", "web web:mail")]
    [InlineData("web:", "web web:mail")]
    [InlineData("web", "web")]
    [InlineData("web:web", "web")]
    [InlineData("web:mail", "web:mail")]
    [InlineData("night:*", "night:mail")]
    [InlineData("night", "night:mail")]
    [InlineData("worker:worker_01", "worker:worker_01")]
    [InlineData("worker", "worker:worker_00 worker:worker_01")]
    [InlineData("cron:cron cron:*", "cron")]
    [InlineData("all", "cron web web:mail night:mail worker:worker_00 worker:worker_01")]
    public void Names_OfASupervisordConf_MeanWhatTheyMeanThere(string names, string expected)
    {
        NameSelection selection = NameSelector.Select(names.Split(' '), Supervisords);

        Assert.Equal(expected, string.Join(' ', selection.Indexes.Select(index => Supervisords[index].Name)));
        Assert.Empty(selection.Unknown);
    }

    [Theory]
    [InlineData("mail")]
    [InlineData("mail:*")]
    [InlineData("night:web")]
    [InlineData("worker_01")]
    [InlineData(":mail")]
    [InlineData(":")]
    [InlineData("*")]
    public void Name_ThatSupervisordDoesNotKnow_SelectsNothing(string name) =>
        Assert.Equal(name, Assert.Single(NameSelector.Select([name], Supervisords).Unknown).Name);

    /// <summary>The same as <c>init import</c> writes it: tables, two of which say that they are in supervisord's group "web".</summary>
    private static readonly SelectableInstance[] Imported =
    [
        new("cron", "cron", []) { Group = "cron", Process = "cron" },
        new("web", "web", []) { Group = "web", Process = "web" },
        new("mail", "mail", []) { Group = "web", Process = "mail" },
        new("night-mail", "night-mail", ["night"]) { Group = "night", Process = "mail" },
    ];

    [Theory]
    [InlineData("web:*", "web mail")]
    [InlineData("web", "web")]
    [InlineData("web:mail", "mail")]
    [InlineData("night:mail", "night-mail")]
    [InlineData("night:*", "night-mail")]
    [InlineData("night", "night-mail")]
    [InlineData("mail:*", "mail")]
    [InlineData("cron:*", "cron")]
    public void Names_OfAnImportedFile_MeanWhatTheyMeantToSupervisord(string names, string expected)
    {
        NameSelection selection = NameSelector.Select(names.Split(' '), Imported);

        Assert.Equal(expected, string.Join(' ', selection.Indexes.Select(index => Imported[index].Name)));
        Assert.Empty(selection.Unknown);
    }

    private static SelectableInstance OfSupervisord(string name, string group, string process) =>
        new(name, process.Split('_')[0], [group]) { Group = group, Process = process, HasSupervisordNames = true };

    [Fact]
    public void All_WhenThereIsNothing_IsNothing() => Assert.Empty(NameSelector.Select(["all"], []).Unknown);

    [Theory]
    [InlineData("", true)]
    [InlineData("*", true)]
    [InlineData("program.*", true)]
    [InlineData("program.fatal", true)]
    [InlineData("config.* program.fatal", true)]
    [InlineData("program", false)]
    [InlineData("prog.*", false)]
    [InlineData("program.fatal.*", false)]
    public void EventFilter_MatchesExactlyOrByPrefix(string types, bool expected) =>
        Assert.Equal(expected, new EventFilter(types.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Matches("program.fatal"));
}
