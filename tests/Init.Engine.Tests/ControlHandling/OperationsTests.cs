using Init.Base;
using Init.Control;
using Init.Engine.ControlHandling;
using Init.Supervision;

namespace Init.Engine.Tests.ControlHandling;

/// <summary>Who waits for a rolling restart always gets an answer for every instance, whatever becomes of it.</summary>
public sealed class OperationsTests
{
    private readonly Supervisor _core = new(
        [Program("web:0"), Program("web:1"), Program("web:2")], new SupervisorOptions(TimeSpan.FromSeconds(25), ExitOnFatal: false), () => 0.5);

    private readonly Operations _operations;
    private readonly Queue<SystemEvent> _queue = new();
    private int _lastPid = 100;

    public OperationsTests()
    {
        _operations = new Operations(_core);
        Handle(new SystemEvent.Boot());
    }

    [Fact]
    public void RollingRestart_WhenAllComeUp_IsAnsweredOneByOne()
    {
        Reply reply = Roll("web:0", "web:1");
        Assert.Empty(reply.Outcomes);

        Exit("web:0");
        Assert.Equal(["web:0 started"], reply.Outcomes);
        Exit("web:1");

        Assert.Equal(["web:0 started", "web:1 started"], reply.Outcomes);
        Assert.True(reply.IsClosed);
    }

    [Fact]
    public void RollingRestart_WhenAnotherIsAskedFor_AnswersForThoseThatWereNotRestarted()
    {
        Reply first = Roll("web:0", "web:1");

        Reply second = Roll("web:2");

        Assert.Equal(["web:1 failed: it was not restarted: another rolling restart was asked for"], first.Outcomes);
        Assert.False(first.IsClosed);
        Exit("web:0");
        Assert.Contains("web:0 started", first.Outcomes);
        Assert.True(first.IsClosed);
        Assert.Empty(second.Outcomes);
        Exit("web:2");
        Assert.Equal(["web:2 started"], second.Outcomes);
    }

    [Fact]
    public void RollingRestart_WhenOneDoesNotComeUp_AnswersForAll()
    {
        Reply reply = Roll("web:0", "web:1", "web:2");

        Exit("web:0", spawnFails: true);

        Assert.StartsWith("web:0 failed: ", reply.Outcomes[0], StringComparison.Ordinal);
        Assert.Equal(["web:1 failed: it was not restarted: web:0 did not come up", "web:2 failed: it was not restarted: web:0 did not come up"], reply.Outcomes[1..]);
        Assert.True(reply.IsClosed);
    }

    [Fact]
    public void RollingRestart_WhenEverythingIsShutDown_AnswersAtOnce()
    {
        Reply reply = Roll("web:0", "web:1");

        Handle(new SystemEvent.ShutdownAsked());

        Assert.Equal(["web:0 failed: init is shutting down", "web:1 failed: it was not restarted: init is shutting down"], reply.Outcomes);
        Assert.True(reply.IsClosed);
    }

    [Fact]
    public void RollingRestart_OfOneThatIsDown_WaitsForItsTurn()
    {
        Handle(new SystemEvent.StopAsked(["web:1"]));
        Exit("web:1");

        Reply reply = Roll("web:0", "web:1");
        Assert.Empty(reply.Outcomes);
        Exit("web:0");

        Assert.Equal(["web:0 started", "web:1 started"], reply.Outcomes);
    }

    private static ProgramPolicy Program(string name) => new()
    {
        Name = name,
        Program = "web",
        StartGrace = TimeSpan.Zero,
        Stop = new StopPolicy { Group = false },
        Backoff = new BackoffPolicy { Jitter = 0 },
    };

    private Reply Roll(params string[] names)
    {
        Reply reply = new();
        long ticket = _operations.NewTicket();
        var targets = names.Select(name => new Target(name, _core.StateOf(name).Pid));
        _operations.Start(reply, targets, Goal.Up, ticket, () => Carry(new SystemEvent.RestartAsked([.. names], Rolling: true, ticket)));
        EndPass();
        return reply;
    }

    private void Exit(string name, bool spawnFails = false)
    {
        _spawnFails = spawnFails;
        Handle(new SystemEvent.OfProgram(name, new ProgramEvent.Exited(ExitStatus.Exited(0))));
        _spawnFails = false;
    }

    private bool _spawnFails;

    private void Handle(SystemEvent happening)
    {
        Carry(happening);
        EndPass();
    }

    /// <summary>As the engine does, which looks at operations once per pass.</summary>
    private void EndPass() => _operations.Advance();

    private void Carry(SystemEvent happening)
    {
        _queue.Enqueue(happening);
        while (_queue.TryDequeue(out SystemEvent? next))
        {
            foreach (SystemEffect effect in _core.Handle(next, new Instant(1_000_000_000_000)).ToArray())
            {
                if (effect is SystemEffect.RollingRestartEnded end)
                    _operations.NoteRollingEnd(end);
                if (effect is not SystemEffect.OfProgram(var name, var inner))
                    continue;

                if (inner is ProgramEffect.Spawn)
                    Tell(name, _spawnFails ? new ProgramEvent.SpawnFailed("no such thing", NotInstalled: false, 127) : new ProgramEvent.Spawned(++_lastPid));
                else if (inner is ProgramEffect.Sweep)
                    Tell(name, new ProgramEvent.Swept());
            }
        }
    }

    private void Tell(string name, ProgramEvent inner) => _queue.Enqueue(new SystemEvent.OfProgram(name, inner));

    private sealed class Reply : IControlReply
    {
        public List<string> Outcomes { get; } = [];

        public ControlPeer Peer => default;

        public bool IsClosed { get; private set; }

        public Action? Closed { get; set; }

        public bool Send(ControlItem item)
        {
            var outcome = Assert.IsType<ControlItem.Outcome>(item);
            Outcomes.Add(outcome.Message is null ? $"{outcome.Name} {outcome.Code}" : $"{outcome.Name} {outcome.Code}: {outcome.Message}");
            return true;
        }

        public void Complete(ControlResult? result = null) => IsClosed = true;

        public void Fail(ControlError error) => throw new InvalidOperationException(error.Message);
    }
}
