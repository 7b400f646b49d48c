using Init.Config;
using Init.Engine.Listeners;

namespace Init.Engine.Tests.Listeners;

public sealed class EventTypesTests
{
    private static readonly string[] Abstract =
        ["EVENT", "PROCESS_STATE", "PROCESS_LOG", "PROCESS_COMMUNICATION", "SUPERVISOR_STATE_CHANGE", "TICK", "PROCESS_GROUP"];

    [Theory]
    [InlineData("EVENT", "TICK_5", true)]
    [InlineData("EVENT", "REMOTE_COMMUNICATION", true)]
    [InlineData("TICK", "TICK_3600", true)]
    [InlineData("TICK_5", "TICK_5", true)]
    [InlineData("TICK_6", "TICK_60", false)]
    [InlineData("PROCESS_STATE", "PROCESS_STATE_EXITED", true)]
    [InlineData("PROCESS_STATE", "SUPERVISOR_STATE_CHANGE_RUNNING", false)]
    [InlineData("PROCESS_STATE_EXITED", "PROCESS_STATE", false)]
    [InlineData("PROCESS_LOG_STDOUT", "PROCESS_LOG_STDERR", false)]
    public void Subscription_WhenItIsTheTypeOrAbove_IncludesIt(string subscription, string type, bool expected) =>
        Assert.Equal(expected, EventTypes.Includes(subscription, type));

    [Fact]
    public void Subscription_ToAnAbstractType_IncludesNoOtherFamily()
    {
        string[] concrete = [.. KnownNames.SupervisordEvents.Except(Abstract)];

        // Each concrete type has exactly one abstract type above it beside EVENT, but for the one that has none.
        var families = concrete.Select(type => (type, Abstract.Where(above => EventTypes.Includes(above, type)).Except(["EVENT"]).Count()));

        Assert.Equal(["REMOTE_COMMUNICATION"], families.Where(pair => pair.Item2 != 1).Select(pair => pair.type));
    }

    [ToolFact("python3")]
    public void KnownNames_AreThoseOfSupervisord()
    {
        const string Path = "/usr/lib/python3/dist-packages/supervisor/events.py";
        if (!File.Exists(Path))
            return;

        string source = File.ReadAllText(Path);
        source = source[source.IndexOf("class EventTypes", StringComparison.Ordinal)..source.IndexOf("def getEventNameByType", StringComparison.Ordinal)];
        var names = source.Split('\n').Where(line => line.Contains(" = ", StringComparison.Ordinal)).Select(line => line.Split('=')[0].Trim());

        Assert.Equal(names.Order(), KnownNames.SupervisordEvents.Order());
    }
}
