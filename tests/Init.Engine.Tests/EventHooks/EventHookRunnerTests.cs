using System.Text;
using System.Text.Json;
using Init.Base;
using Init.Config;
using Init.Control;
using Init.Engine.Children;
using Init.Engine.EventHooks;

namespace Init.Engine.Tests.EventHooks;

public sealed class EventHookRunnerTests
{
    private static readonly ControlEvent Fatal = new()
    {
        Time = 1_772_420_000_123,
        Type = "program.fatal",
        Name = "web:0",
        Program = "web",
        From = "STARTING",
        To = "FATAL",
        Pid = 17,
        Message = "it ended with exit code 1",
    };

    private readonly FakeCommands _commands = new();
    private readonly List<ControlEvent> _raised = [];
    private readonly List<string> _said = [];
    private readonly EventHookRunner _runner;

    public EventHookRunnerTests() => _runner = new EventHookRunner(_commands, "/sbin/init", TimeProvider.System, _raised.Add, _said.Add);

    [Fact]
    public void Command_WhenTheEventMatches_IsRunWithTheEvent()
    {
        Configure(Hook("alert", "program.fatal") with { Environment = ["PATH=/bin", "INIT_EVENT=stale"] });
        _runner.Handle(Fatal);

        FakeCommand command = Assert.Single(_commands.All);
        Assert.Equal<string>(["/bin/alert"], command.Request.Command);
        Assert.Equal(TimeSpan.FromSeconds(5), command.Request.Limit);
        Assert.Equal("/bin", command.Variable("PATH"));
        Assert.Equal("program.fatal", command.Variable("INIT_EVENT"));
        Assert.Equal("2026-03-02T02:53:20.123Z", command.Variable("INIT_EVENT_TIME"));
        Assert.Equal("web:0", command.Variable("INIT_PROGRAM_NAME"));
        Assert.Equal("it ended with exit code 1", command.Variable("INIT_EVENT_MESSAGE"));
        Assert.Equal("STARTING", command.Variable("INIT_EVENT_FROM"));
        Assert.Equal("FATAL", command.Variable("INIT_EVENT_TO"));
        Assert.Equal("17", command.Variable("INIT_EVENT_PID"));
        Assert.Equal("alert", command.Variable("INIT_EVENT_HOOK"));

        string input = Encoding.UTF8.GetString(command.Request.Input!.Value.Span);
        Assert.Equal(input.Length - 1, input.IndexOf('\n', StringComparison.Ordinal));
        Assert.Equal("web:0", JsonDocument.Parse(input).RootElement.GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("program.fatal", true)]
    [InlineData("program.*", true)]
    [InlineData("*", true)]
    [InlineData("*.fatal", true)]
    [InlineData("program.f?tal", true)]
    [InlineData("program.fata", false)]
    [InlineData("program", false)]
    [InlineData("backup.*", false)]
    public void Hook_WhenThereIsAPattern_HearsWhatMatches(string pattern, bool hears)
    {
        Configure(Hook("alert", "init.started", pattern));
        _runner.Handle(Fatal);
        Assert.Equal(hears ? 1 : 0, _commands.All.Count);
    }

    [Fact]
    public void Hook_WhenSeveralPatternsMatch_RunsOnce()
    {
        Configure(Hook("alert", "*", "program.*", "program.fatal"));
        _runner.Handle(Fatal);
        Assert.Single(_commands.All);
    }

    [Fact]
    public void Url_WhenTheEventMatches_IsNotAmongTheArguments()
    {
        Configure(Hook("post", "*") with { Command = [], Url = new Uri("https://user:pass@example.org/hook/T0KEN?key=1") });
        _runner.Handle(Fatal);

        FakeCommand command = Assert.Single(_commands.All);
        Assert.Equal<string>(["/sbin/init", "post-event"], command.Request.Command);
        Assert.Equal("https://user:pass@example.org/hook/T0KEN?key=1", command.Variable("INIT_EVENT_URL"));
        Assert.Equal("5000", command.Variable("INIT_EVENT_TIMEOUT_MS"));
        Assert.True(command.Request.Limit > TimeSpan.FromSeconds(5)); // It gives up by itself, and says why.

        command.Exit(PostEventStatus.Unreachable);
        Assert.Equal("cannot tell event hook \"post\" of program.fatal: the server cannot be reached", Assert.Single(_said));
    }

    [Fact]
    public void Event_WhenItsTextIsWild_IsMadeToFit()
    {
        Configure(Hook("alert", "*"));
        _runner.Handle(Fatal with { Message = "a\0b\n" + string.Concat(Enumerable.Repeat("🚀", 100_000)) });

        FakeCommand command = Assert.Single(_commands.All);
        Assert.InRange(command.Request.Input!.Value.Length, 1, CommandRequest.InputBytesMax);
        string message = command.Variable("INIT_EVENT_MESSAGE")!;
        Assert.StartsWith("a b\n🚀", message, StringComparison.Ordinal);
        Assert.EndsWith("🚀", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 4000, 4096);
        Assert.Equal(1, Encoding.UTF8.GetString(command.Request.Input.Value.Span).Count(c => c == '\n'));
    }

    [Fact]
    public void Handle_WhenMoreThanAFewAreRunning_QueuesThenDropsAndSaysItOnce()
    {
        Configure(Hook("slow", "*"));
        for (int i = 0; i < 100; i++)
            _runner.Handle(Fatal with { Pid = i });

        Assert.Equal((4, 64, 32L), (_runner.Running, _runner.Waiting, _runner.Dropped));
        Assert.Equal(4, _commands.All.Count);
        Assert.Equal("cannot run the event hooks fast enough: 64 are waiting, further events are dropped until there is room", Assert.Single(_said));

        while (_commands.Running.Any())
            _commands.Running.First().Exit(0);
        Assert.Equal((0, 0), (_runner.Running, _runner.Waiting));
        Assert.Equal(Enumerable.Range(0, 68).Select(i => $"{i}"), _commands.All.Select(command => command.Variable("INIT_EVENT_PID")));

        for (int i = 0; i < 100; i++)
            _runner.Handle(Fatal);
        Assert.Equal((64L, 2), (_runner.Dropped, _said.Count)); // Once for each time.
    }

    [Fact]
    public void Failure_WhenAHookFails_IsSaidAndRaised()
    {
        Configure(Hook("alert", "program.*"));
        _runner.Handle(Fatal);
        _commands.All[0].End(new CommandOutcome(ExitStatus.Signalled(9), Problem: null, TimedOut: true));

        const string message = "cannot tell event hook \"alert\" of program.fatal: /bin/alert: it took longer than 5s and was killed";
        Assert.Equal([message], _said);
        ControlEvent raised = Assert.Single(_raised);
        Assert.Equal(("hook.failed", message), (raised.Type, raised.Message));
    }

    [Fact]
    public void Failure_WhenTwoBrokenHooksHearOfEachOther_EndsAfterOneRound()
    {
        EventHookRunner? runner = null;
        runner = new EventHookRunner(_commands, "/sbin/init", TimeProvider.System, raised => runner!.Handle(raised), _said.Add);
        runner.Configure([Hook("a", "*"), Hook("b", "*")]);
        runner.Handle(Fatal);

        for (int ended = 0; ended < _commands.All.Count; ended++)
        {
            Assert.True(ended < 100, "it goes on and on");
            _commands.All[ended].Exit(1);
        }

        // Two for the event itself, and two for each of the two failures.
        Assert.Equal(6, _commands.All.Count);
        Assert.Equal(6, _said.Count);
    }

    [Fact]
    public void Stop_WhenCalled_EndsAllOfIt()
    {
        Configure(Hook("slow", "*"));
        for (int i = 0; i < 10; i++)
            _runner.Handle(Fatal);
        _runner.Stop();

        Assert.All(_commands.All, command => Assert.True(command.IsAbandoned));
        Assert.Equal((0, 0, 4), (_runner.Running, _runner.Waiting, _commands.All.Count));
    }

    private static EventHookDefinition Hook(string name, params string[] events) =>
        new(name, [.. events], [$"/bin/{name}"], Url: null, TimeSpan.FromSeconds(5), new SourcePosition("supervisor.toml", 1, 1));

    private void Configure(params EventHookDefinition[] hooks) => _runner.Configure([.. hooks]);
}
