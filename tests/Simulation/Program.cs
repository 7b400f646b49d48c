using System.Diagnostics;
using System.Globalization;

namespace Simulation;

/// <summary><c>Simulation --seeds 1000</c> runs many seeds; <c>--seed N</c> replays one with its full trace.</summary>
public static class Program
{
    private const int DefaultSteps = 300;

    public static int Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        ulong? seed = null;
        ulong from = 1;
        ulong seeds = 1000;
        int steps = DefaultSteps;
        for (int i = 0; i + 1 < args.Length; i += 2)
        {
            ulong value = ulong.Parse(args[i + 1], CultureInfo.InvariantCulture);
            switch (args[i])
            {
                case "--seed":
                    seed = value;
                    break;
                case "--seeds":
                    seeds = value;
                    break;
                case "--from":
                    from = value;
                    break;
                case "--steps":
                    steps = (int)value;
                    break;
                default:
                    Console.Error.WriteLine($"cannot understand {args[i]}: known are --seed N, --seeds N, --from N, --steps N");
                    return 2;
            }
        }

        if (seed is { } one)
        {
            RunResult result = new World(one, steps, Console.Out.WriteLine).Run();
            Console.Out.WriteLine(result.Problem ?? $"seed {one}: all held, {result.Steps} steps, trace {result.TraceHash:x16}");
            return result.Problem is null ? 0 : 1;
        }

        return RunMany(from, seeds, steps);
    }

    private static int RunMany(ulong from, ulong seeds, int steps)
    {
        var clock = Stopwatch.StartNew();
        var seen = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var problems = new List<string>();
        long total = 0;
        for (ulong seed = from; seed < from + seeds; seed++)
        {
            RunResult result = new World(seed, steps).Run();
            total += result.Steps;
            foreach (var (what, count) in result.Seen)
                seen[what] = seen.GetValueOrDefault(what) + count;
            if (result.Problem is { } problem)
                problems.Add(problem);
        }

        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seeds} seeds from {from}, {steps} steps of chaos each: {total} steps in {clock.Elapsed.TotalSeconds:F1} s, {problems.Count} broken"));
        foreach (string problem in problems.Take(20))
            Console.Out.WriteLine(problem);
        foreach (var (what, count) in seen)
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {what,-30} {count,10}"));
        return problems.Count == 0 ? 0 : 1;
    }
}
