using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.Notify;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Tests.Notify;

public sealed class ToldEventsTests
{
    private static readonly Instant T0 = new(1_000_000_000);

    private readonly List<ControlEvent> _published = [];
    private readonly List<string> _said = [];
    private readonly ToldEvents _told;

    public ToldEventsTests() => _told = new ToldEvents(_published.Add, TimeProvider.System, _said.Add);

    [Fact]
    public void Event_OfARoleAboutItself_IsPassedOnWithItsNameAndText()
    {
        _told.Tell(Program("keeper", KnownNames.Backup), "backup.failed", "cannot push", T0);

        ControlEvent happening = Assert.Single(_published);
        Assert.Equal(("backup.failed", "keeper", "cannot push"), (happening.Type, happening.Name, happening.Message));
    }

    [Theory]
    [InlineData(null, "backup.failed")]
    [InlineData(KnownNames.Gateway, "backup.failed")]
    [InlineData(KnownNames.Backup, "program.fatal")]
    [InlineData(KnownNames.Backup, "backup.invented")]
    [InlineData(KnownNames.Backup, "")]
    public void Event_ThatIsNotTheSendersToTell_IsPassedOver(string? role, string type)
    {
        _told.Tell(Program("x", role), type, "text", T0);

        Assert.Empty(_published);
        Assert.Empty(_said);
    }

    [Fact]
    public void Events_WhenThereAreTooMany_AreLeftOutUntilTheTimeIsOver()
    {
        ProgramRuntime program = Program("keeper", KnownNames.Backup);
        for (int i = 0; i < 100; i++)
            _told.Tell(program, "backup.failed", "x", T0);

        Assert.Equal(ToldEvents.EventsPerPeriod, _published.Count);
        Assert.Contains("\"keeper\"", Assert.Single(_said));

        _told.Tell(program, "backup.failed", "x", T0 + ToldEvents.Period);
        Assert.Equal(ToldEvents.EventsPerPeriod + 1, _published.Count);
    }

    private static ProgramRuntime Program(string name, string? role) => new(new ProgramDefinition
    {
        Policy = new ProgramPolicy { Name = name, Program = name },
        Launch = new LaunchSpec { Command = [], Builtin = role },
        At = new SourcePosition("x", 1, 1),
    });
}
