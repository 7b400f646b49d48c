using System.Globalization;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;
using Xunit.Abstractions;

namespace Init.Integration.Tests.LongRun;

/// <summary>
/// A container's busy life: programs that crash, flood, leave orphans and are rolled over, reloads, kills, and clients that ask all the time. Init's memory, descriptors
/// and threads must not grow, and nothing may stay behind. INIT_SOAK_SECONDS says for how long (15 by default).
/// </summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int DescriptorsSlack = 40, MemorySlackKilobytes = 6 * 1024;

    private static TimeSpan SoakTime =>
        TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable("INIT_SOAK_SECONDS"), CultureInfo.InvariantCulture, out int seconds) ? seconds : 15);

    [RootFact]
    public void Init_AfterALongBusyLife_IsNoLargerThanAfterAShortOne()
    {
        using InitUnderTest init = InitUnderTest.Start(Config(generation: 0));
        var random = new Random(4711);
        foreach (string name in (string[])["worker:0", "worker:19", "flood", "front"])
            init.WaitForReady(name);

        Vitals? settled = null;
        Instant began = MonotonicClock.Now, end = began + SoakTime, nextReport = began;
        int rounds = 0;
        while (MonotonicClock.Now < end)
        {
            DisturbOnce(init, random, rounds++);
            if (MonotonicClock.Now < nextReport)
                continue;

            Vitals now = Vitals.Of(init);
            output.WriteLine($"{(MonotonicClock.Now - began).TotalSeconds,6:0} s  {now}  {rounds} disturbances");
            nextReport = MonotonicClock.Now + (SoakTime / 20);

            // The first quarter is for pools and tables to find their size.
            if (MonotonicClock.Now - began > SoakTime / 4)
                settled ??= now;
        }

        init.WaitForReady("front");
        Vitals last = Vitals.Of(init);
        output.WriteLine($"   end    {last}");
        Assert.NotNull(settled);
        Assert.InRange(last.Descriptors, 1, settled.Descriptors + DescriptorsSlack);
        Assert.InRange(last.MemoryKilobytes, 1, settled.MemoryKilobytes + MemorySlackKilobytes);
        Assert.Equal(settled.Threads, last.Threads);
        init.WaitUntil(() => ZombiesOf(init) == 0, "every ended child to be reaped");
        init.EndInOrder();
    }

    private static void DisturbOnce(InitUnderTest init, Random random, int round)
    {
        switch (random.Next(8))
        {
            case 0:
                init.WriteConfig(Config(round));
                init.Signal(Signals.SIGHUP);
                break;
            case 1:
                init.AskOrRefuse(new ControlRequest.Restart([$"worker:{random.Next(20)}"], Rolling: false, Wait: false), out _);
                break;
            case 2:
                init.AskOrRefuse(new ControlRequest.Stop(["front"], Wait: true), out _);
                init.AskOrRefuse(new ControlRequest.Start(["front"], Wait: true), out _);
                break;
            case 3:
                init.Signal(Signals.SIGUSR2);
                break;
            case 4:
                init.AskOrRefuse(new ControlRequest.Tail("flood", LogStream.Stdout, Lines: 100, Bytes: null, Follow: false), out _);
                break;
            case 5:
                List<ProcessInfo> victims = init.ProcessesInside().FindAll(process => process.Pid != init.Pid);
                ProcessInfo victim = victims[random.Next(victims.Count)];
                _ = Processes.KillExactly(victim.Pid, victim.StartTime, Signals.SIGKILL);
                break;
            case 6:
                init.AskOrRefuse(new ControlRequest.Restart(["rolling"], Rolling: true, Wait: false), out _);
                break;
            default:
                init.AskOrRefuse(new ControlRequest.Status([]), out _);
                break;
        }

        init.Watch(TimeSpan.FromMilliseconds(random.Next(60)));
    }

    private static string Config(int generation) => $$"""
        [program.worker]
        command = ["${DUMMY}", "fork", "1", "setsid", "sleep", "2000", "then", "say", "generation {{generation / 50}}", "pause"]
        replicas = 20
        start_grace = "0s"
        [program.rolling]
        command = ["${DUMMY}", "pause"]
        replicas = 4
        start_grace = "0s"
        ready = { delay = "50ms" }
        [program.front]
        command = ["${DUMMY}", "say", "up", "pause"]
        requires = ["worker"]
        start_grace = "0s"
        ready = { log = "up" }
        health = { exec = ["true"], interval = "200ms" }
        environment = { GENERATION = "{{generation}}" }
        [program.crashing]
        command = ["${DUMMY}", "say", "crash", "sleep", "20", "die", "11"]
        replicas = 5
        start_grace = "0s"
        backoff = { initial = "20ms", max = "200ms", attempts = 0 }
        [program.orphans]
        command = ["${DUMMY}", "fork", "5", "daemon", "sleep", "30", "exit", "0", "then", "sleep", "100"]
        backoff = { initial = "50ms", max = "100ms", attempts = 0 }
        [program.flood]
        command = ["${DUMMY}", "flood"]
        start_grace = "0s"
        stdout = { max_size = "1MiB", keep = 2, mirror = false }
        nice = 19
        limits = { cpu = 0.2 }
        [program.tick]
        command = ["${DUMMY}", "say", "tick"]
        every = "1s"
        """;

    private static int ZombiesOf(InitUnderTest init) => ProcFs.ListProcesses().Count(process => process.ParentPid == init.Pid && process.IsZombie);

    private sealed record Vitals(int Descriptors, long MemoryKilobytes, int Threads, TimeSpan Cpu)
    {
        public static Vitals Of(InitUnderTest init)
        {
            string[] rollup = File.ReadAllLines($"/proc/{init.Pid}/smaps_rollup");
            // What is its own. Its share of the binary's pages grows when other Inits on this machine end, who had the rest.
            string[] memory = rollup.First(line => line.StartsWith("Anonymous:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return new Vitals(
                Directory.GetFileSystemEntries($"/proc/{init.Pid}/fd").Length,
                long.Parse(memory[1], CultureInfo.InvariantCulture),
                Directory.GetDirectories($"/proc/{init.Pid}/task").Length,
                ProcFs.Read(init.Pid)!.Value.CpuTime);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture, $"{Descriptors,4} descriptors  {MemoryKilobytes,6} kB anonymous  {Threads} threads  {Cpu.TotalSeconds,7:0.00} s CPU");
    }
}
