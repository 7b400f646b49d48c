using System.Text;
using Init.Base;
using Init.Config;
using Init.Engine.Children;
using Init.Engine.Listeners;
using Init.Engine.Logging;
using Init.Linux;
using Init.Supervision;

namespace Init.Engine.Tests.Listeners;

/// <summary>Pools with real pipes; the listeners are played by the test.</summary>
public sealed class ListenerPoolsTests : LoopTest
{
    private readonly List<Listener> _listeners = [];
    private readonly HashSet<string> _running = [];
    private readonly List<int> _leftToLog = [];
    private readonly InitLog _log = new(TimeProvider.System, LogLevel.Information, () => { });
    private readonly ListenerPools _pools;

    public ListenerPoolsTests()
    {
        _pools = new ListenerPools(Loop, _running.Contains, (_, fd) => _leftToLog.Add(fd), _log);
        Define("one", bufferSize: 3);
    }

    [Fact]
    public void Event_GoesToOneFreeListenerOfEachPool()
    {
        Define("two", bufferSize: 3);
        Listener[] all = [Start("one", "one:0"), Start("one", "one:1"), Start("two", "two")];
        foreach (Listener listener in all)
            Say(listener, "READY\n", ListenerState.Ready);

        _pools.Take(Tick(1));

        RunUntil(() => all[0].Read().Length > 0 && all[2].Read().Length > 0, "both pools hear of it");
        Assert.Equal("ver:3.0 server:supervisor serial:0 pool:one poolserial:0 eventname:TICK_5 len:6\nwhen:1", all[0].Read());
        Assert.Equal("ver:3.0 server:supervisor serial:0 pool:two poolserial:0 eventname:TICK_5 len:6\nwhen:1", all[2].Read());
        Assert.Equal("", all[1].Read());
        Assert.Equal([ListenerState.Busy, ListenerState.Ready, ListenerState.Busy], all.Select(StateOf));
    }

    [Fact]
    public void Serial_CountsWhatAnyPoolTakes_AndPoolSerialWhatThisOneTakes()
    {
        Define("states", bufferSize: 3, "PROCESS_STATE");
        Listener ticks = Start("one", "one");
        Listener states = Start("states", "states");
        Say(states, "READY\n", ListenerState.Ready);

        _pools.Take(Tick(1));
        _pools.Take(new SupervisordEvent("PROCESS_GROUP_ADDED", "nobody wants it"));
        _pools.Take(new SupervisordEvent("PROCESS_STATE_FATAL", "x"));

        RunUntil(() => states.Read().Length > 0, "the event");
        Assert.StartsWith("ver:3.0 server:supervisor serial:1 pool:states poolserial:0 ", states.Read(), StringComparison.Ordinal);
        Assert.Equal("", ticks.Read());
    }

    [Fact]
    public void Listener_BeforeItIsRunning_GetsNothing()
    {
        Listener listener = Start("one", "one", isRunning: false);
        Say(listener, "READY\n", ListenerState.Ready);
        _pools.Take(Tick(1));
        Assert.Equal("", listener.Read());

        _running.Add("one");
        _pools.NoteRunning("one");

        RunUntil(() => listener.Read().EndsWith("when:1", StringComparison.Ordinal), "the event");
    }

    [Fact]
    public void Listener_WhenItAccepts_GetsTheNextEvent()
    {
        Listener listener = Start("one", "one");
        _pools.Take(Tick(1));
        _pools.Take(Tick(2));

        Say(listener, "READY\n", ListenerState.Busy);
        Say(listener, "RESULT 2\nOK", ListenerState.Acknowledged);
        Say(listener, "READY\n", ListenerState.Busy);

        RunUntil(() => listener.Read().EndsWith("when:2", StringComparison.Ordinal), "the second event");
        Assert.Equal(["when:1", "when:2"], listener.Bodies());
    }

    [Fact]
    public void Listener_WhenItRejects_GetsTheEventAgain_AfterAPause()
    {
        Listener listener = Start("one", "one");
        _pools.Take(Tick(1));
        _pools.Take(Tick(2));
        Say(listener, "READY\n", ListenerState.Busy);
        Instant rejected = MonotonicClock.Now;

        listener.Say("RESULT 4\nFAILREADY\n");

        RunUntil(() => listener.Bodies().Count == 2, "the event to come again");
        Assert.Equal(["when:1", "when:1"], listener.Bodies());
        Assert.True(MonotonicClock.Now - rejected >= ListenerPools.PauseAfterRejection);
        Assert.Contains(_log.Take(), entry => entry.Text == "one: event was rejected");
    }

    [Fact]
    public void Listener_WhenItDiesBusy_LeavesTheEventToTheNext()
    {
        Listener first = Start("one", "one");
        Say(first, "READY\n", ListenerState.Busy, Tick(1), Tick(2));

        _pools.End("one");

        Listener second = Start("one", "one");
        Say(second, "READY\n", ListenerState.Busy);
        Assert.Equal(["when:1"], second.Bodies());
    }

    [Fact]
    public void Listener_WhenItDies_WhatItSaidLastCounts()
    {
        Listener first = Start("one", "one");
        Say(first, "READY\n", ListenerState.Busy, Tick(1), Tick(2));
        first.Say("RESULT 2\nOK");

        _pools.End("one");

        Listener second = Start("one", "one");
        Say(second, "READY\n", ListenerState.Busy);
        Assert.Equal(["when:2"], second.Bodies());
    }

    [Theory]
    [InlineData("oops", null)]
    [InlineData("RESULT two\n", "one: bad result line: 'RESULT two'")]
    public void Listener_ThatBreaksTheProtocol_IsLeftAlone_AndItsEventIsKept(string said, string? line)
    {
        Listener listener = Start("one", "one");
        if (line is null)
            Say(listener, "READY\n", ListenerState.Ready);
        else
            Say(listener, "READY\n", ListenerState.Busy, Tick(1));

        Say(listener, said, ListenerState.Unknown);
        _pools.Take(Tick(2));

        Assert.Equal(line is null ? 0 : 1, listener.Bodies().Count);
        Assert.Single(_leftToLog);
        List<string> texts = [.. _log.Take().Select(entry => entry.Text)];
        Assert.Contains(texts, text => text.StartsWith("one: has entered the UNKNOWN state and will no longer receive events", StringComparison.Ordinal));
        if (line is not null)
            Assert.Contains(line, texts);

        // A new process has a new chance.
        _pools.End("one");
        Listener next = Start("one", "one");
        Say(next, "READY\n", ListenerState.Busy);
        Assert.Equal([line is null ? "when:2" : "when:1"], next.Bodies());
    }

    [Fact]
    public void Buffer_WhenFull_DropsTheOldest_AndSaysSo()
    {
        for (int i = 0; i < 5; i++)
            _pools.Take(Tick(i));

        Assert.Equal(2, _pools.Discarded);
        Assert.Equal(
            ["pool one event buffer overflowed, discarding event 0", "pool one event buffer overflowed, discarding event 1"],
            _log.Take().Select(entry => entry.Text));
    }

    [Fact]
    public void Flood_OfDroppedEvents_IsSaidInFewLines()
    {
        for (int i = 0; i < 10_000; i++)
            _pools.Take(Tick(i));

        Assert.InRange(_log.Take().Count, 1, 10);
        Assert.Equal(9997, _pools.Discarded);
    }

    [Fact]
    public void Listener_ThatDoesNotRead_HoldsNobodyUp()
    {
        Define("two", bufferSize: 3);
        Listener stuck = Start("one", "one");
        Listener lively = Start("two", "two");
        string large = new('x', 300_000);

        Say(stuck, "READY\n", ListenerState.Busy, new SupervisordEvent("TICK_5", large));

        // Even when it claims to be done: it has not read what it was sent, and gets no more.
        listenerSaysDone();
        for (int i = 0; i < 100; i++)
            _pools.Take(Tick(i));
        Say(lively, "READY\n", ListenerState.Busy);

        RunUntil(() => lively.Bodies().Count == 1, "the other to hear of it");
        Assert.Equal(ListenerState.Ready, StateOf(stuck));

        // When it has read after all, it is as free as any.
        RunUntil(() => stuck.Read().Contains(large, StringComparison.Ordinal), "the large event");
        _pools.Take(Tick(100));
        RunUntil(() => StateOf(stuck) == ListenerState.Busy, "the next event");

        void listenerSaysDone() => Say(stuck, "RESULT 2\nOKREADY\n", ListenerState.Ready);
    }

    [Fact]
    public void Listener_ThatHasClosedItsStdin_IsPassedOver()
    {
        Listener deaf = Start("one", "one:0");
        Listener other = Start("one", "one:1");
        Say(deaf, "READY\n", ListenerState.Ready);
        Say(other, "READY\n", ListenerState.Ready);
        deaf.CloseStdin();

        _pools.Take(Tick(1));

        RunUntil(() => other.Bodies().Count == 1, "the other to get it");
        Assert.Equal(ListenerState.Ready, StateOf(deaf));
    }

    [Fact]
    public void Listener_ThatClosesItsStdout_CostsNothing()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Busy, Tick(1));
        listener.CloseStdout();
        RunFor(TimeSpan.FromMilliseconds(50));
        long before = Loop.WakeUps;

        RunFor(TimeSpan.FromMilliseconds(50));

        Assert.InRange(Loop.WakeUps - before, 0, 2);
        Assert.Equal(ListenerState.Busy, StateOf(listener));
    }

    [Fact]
    public void Listener_ThatIsToEnd_HearsFirstWhatItHasNotHeard()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Busy, Tick(1), Tick(2), new SupervisordEvent("TICK_5", "its own stop") { Instance = "one" });
        _running.Remove("one");
        bool hasEnded = false;

        _pools.EndAfterFarewell("one", () => hasEnded = true);

        listener.Say("RESULT 2\nOKREADY\n");
        RunUntil(() => listener.Bodies().Count == 2, "the second event");
        Assert.False(hasEnded);
        Say(listener, "RESULT 2\nOK", ListenerState.Acknowledged);
        Assert.True(hasEnded);
        Assert.Equal(["when:1", "when:2"], listener.Bodies());
    }

    [Fact]
    public void Listener_ThatIsToEnd_IsNotWaitedForForEver()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Busy, Tick(1));
        bool hasEnded = false;
        Instant began = MonotonicClock.Now;

        _pools.EndAfterFarewell("one", () => hasEnded = true);
        RunUntil(() => hasEnded, "the end of the patience");

        Assert.True(MonotonicClock.Now - began >= ListenerPools.FarewellLimit);
    }

    [Fact]
    public void Listener_ThatIsToEnd_AndHasHeardAll_IsNotWaitedFor()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Ready);
        Listener broken = Start("one", "one:1");
        Say(broken, "x", ListenerState.Unknown);
        int ended = 0;

        foreach (string name in (string[])["one", "one:1", "no listener"])
            _pools.EndAfterFarewell(name, () => ended++);

        Assert.Equal(3, ended);
    }

    [Fact]
    public void Listener_ThatEndsByItself_IsNotToldTo()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Busy, Tick(1));
        bool hasEnded = false;
        _pools.EndAfterFarewell("one", () => hasEnded = true);

        _pools.End("one");
        RunFor(ListenerPools.FarewellLimit + TimeSpan.FromMilliseconds(100));

        Assert.False(hasEnded);
    }

    [Fact]
    public void Pool_ThatIsRemoved_GetsNothingMore()
    {
        Listener listener = Start("one", "one");
        Say(listener, "READY\n", ListenerState.Busy, Tick(1));
        _pools.Remove("one");

        Say(listener, "RESULT 4\nFAILREADY\n", ListenerState.Ready);
        _pools.Take(Tick(2));
        _pools.End("one");

        Assert.Single(listener.Bodies());
        Assert.False(_pools.Wants("TICK_5"));
    }

    public override void Dispose()
    {
        foreach (Listener listener in _listeners)
            listener.Dispose();
        foreach (int fd in _leftToLog)
            Files.Close(fd);
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    private static SupervisordEvent Tick(int when) => SupervisordEvent.Tick("TICK_5", when);

    private void Define(string pool, int bufferSize, params string[] events) =>
        _pools.Define(new EventListenerPool(pool, events.Length == 0 ? ["TICK"] : [.. events], bufferSize, new SourcePosition("x", 1, 1)));

    private Listener Start(string pool, string instance, bool isRunning = true)
    {
        var definition = new ProgramDefinition
        {
            Policy = new ProgramPolicy { Name = instance, Program = pool },
            Launch = new LaunchSpec(),
            ProcessName = instance,
            At = new SourcePosition("x", 1, 1),
        };
        var stdin = StdinPipe.Create(Loop, 1024, out int stdinEnd);
        Assert.Equal(0, Files.SetNonBlocking(stdinEnd, nonBlocking: true));
        var listener = new Listener(instance, stdin, stdinEnd, _pools.Open(definition, stdin));
        _listeners.Add(listener);
        if (isRunning)
            _running.Add(instance);
        return listener;
    }

    private void Say(Listener listener, string text, ListenerState then, params SupervisordEvent[] meanwhile)
    {
        foreach (SupervisordEvent happening in meanwhile)
            _pools.Take(happening);
        listener.Say(text);
        RunUntil(() => StateOf(listener) == then, $"{listener.Instance} is {then} after \"{text}\"; it is {StateOf(listener)}");
    }

    private ListenerState StateOf(Listener listener) => _pools.StateOf(listener.Instance)!.Value;

    private sealed class Listener(string instance, StdinPipe ours, int stdin, int stdout) : IDisposable
    {
        private readonly List<byte> _read = [];
        private int _stdin = stdin;
        private int _stdout = stdout;

        public string Instance { get; } = instance;

        public void Say(string text) => Assert.Equal(0, Files.WriteAll(_stdout, Encoding.UTF8.GetBytes(text)).Errno);

        /// <summary>All that it was sent until now.</summary>
        public string Read()
        {
            byte[] buffer = new byte[65536];
            while (_stdin >= 0 && Files.Read(_stdin, buffer) is { Count: > 0 } read)
                _read.AddRange(buffer.AsSpan(0, read.Count));
            return Encoding.UTF8.GetString([.. _read]);
        }

        public List<string> Bodies()
        {
            string text = Read();
            var bodies = new List<string>();
            while (text.IndexOf('\n', StringComparison.Ordinal) is var end and >= 0)
            {
                int length = int.Parse(text[(text.IndexOf("len:", StringComparison.Ordinal) + 4)..end]);
                if (text.Length < end + 1 + length)
                    break;
                bodies.Add(text.Substring(end + 1, length));
                text = text[(end + 1 + length)..];
            }

            return bodies;
        }

        public void CloseStdin()
        {
            Files.Close(_stdin);
            _stdin = -1;
        }

        public void CloseStdout()
        {
            Files.Close(_stdout);
            _stdout = -1;
        }

        public void Dispose()
        {
            ours.Dispose();
            foreach (int fd in (int[])[_stdin, _stdout])
            {
                if (fd >= 0)
                    Files.Close(fd);
            }
        }
    }
}
