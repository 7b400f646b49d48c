using Simulation;

namespace Init.Supervision.Tests;

public sealed class SimulationTests
{
    private const int Steps = 300;

    public static TheoryData<string> Canaries { get; } = [.. Simulation.Canaries.All.Select(canary => canary.Name)];

    /// <summary>A broken seed is replayed with <c>dotnet run --project tests/Simulation -p:InitFramework=net10.0 -- --seed N</c>.</summary>
    [Fact]
    public void Core_WithAThousandSeeds_KeepsEveryInvariant()
    {
        var seen = new Dictionary<string, long>();
        for (ulong seed = 1; seed <= 1000; seed++)
        {
            RunResult result = new World(seed, Steps).Run();

            Assert.True(result.Problem is null, result.Problem);
            foreach (var (what, count) in result.Seen)
                seen[what] = seen.GetValueOrDefault(what) + count;
        }

        // A simulation in which something never happens proves nothing about it.
        string[] cases =
        [
            .. NestedCasesOf(typeof(SystemEvent)).Where(name => name != nameof(SystemEvent.OfProgram)),
            nameof(ProgramEvent.Spawned), nameof(ProgramEvent.SpawnFailed), nameof(ProgramEvent.Exited), nameof(ProgramEvent.HookEnded), nameof(ProgramEvent.ProbeEnded),
            nameof(ProgramEvent.ReadyTold), nameof(ProgramEvent.WatchdogFed), nameof(ProgramEvent.Swept),
            .. NestedCasesOf(typeof(ProgramEffect)).Where(name => name != nameof(ProgramEffect.Announce)), .. NestedCasesOf(typeof(ProgramNotice)),
            "clock leap", "forgotten", "late hook end", "late probe result", "early DeadlineReached", "rolling restart ended", "run skipped", "set-up failed after spawn",
            "spawn failed: EAGAIN", "spawn failed: not found", "shutdown by itself", "shutdown clean", "shutdown with something left",
        ];
        string[] missing = [.. cases.Where(name => !seen.ContainsKey(name))];
        Assert.Empty(missing);
    }

    [Fact]
    public void World_WithTheSameSeed_DoesTheSame()
    {
        for (ulong seed = 1; seed <= 40; seed++)
        {
            RunResult first = new World(seed, Steps).Run();
            RunResult second = new World(seed, Steps).Run();

            Assert.Equal((first.TraceHash, first.Steps), (second.TraceHash, second.Steps));
        }
    }

    [Fact]
    public void World_WithDifferentSeeds_DoesDifferentThings()
    {
        ulong[] hashes = [.. Enumerable.Range(1, 40).Select(seed => new World((ulong)seed, Steps).Run().TraceHash)];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Canaries))]
    public void World_WithABrokenCore_SaysWhatIsWrong(string name)
    {
        Canary canary = Simulation.Canaries.All.Single(known => known.Name == name);
        var others = new List<string>();

        for (ulong seed = 1; seed <= 400; seed++)
        {
            if (new World(seed, Steps, trace: null, canary.Make).Run().Problem is not { } problem)
                continue;
            if (problem.Contains(canary.Symptom, StringComparison.Ordinal))
                return;
            others.Add(problem);
        }

        Assert.Fail($"400 seeds did not notice a core that {name}; what they said instead:\n{string.Join('\n', others.Take(5))}");
    }

    private static IEnumerable<string> NestedCasesOf(Type closed) => closed.GetNestedTypes().Select(type => type.Name);
}
