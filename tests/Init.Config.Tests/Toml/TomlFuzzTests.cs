using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Init.Config.Tests.Toml;

/// <summary>
/// Changes the cases at random for some seconds (INIT_FUZZ_SECONDS, 3 by default) and looks for a text that breaks an invariant. The seed
/// (INIT_FUZZ_SEED, else by chance) is printed; with the seed of one text that failed, that text comes first.
/// </summary>
public sealed class TomlFuzzTests(ITestOutputHelper output)
{
    private const int BytesMax = 16 * 1024;
    private static readonly TimeSpan OneTextMax = TimeSpan.FromSeconds(20);

    private static readonly string[] Pieces =
    [
        "=", ".", ",", "[", "]", "[[", "]]", "{", "}", "\"", "'", "\"\"\"", "'''", "#", "\n", "\r\n", "\r", "\\", "\\u", "\\U0010FFFF", "\\\n", "\t", "\0",
        "a = ", "[a]\n", "[[a]]\n", "a.b", "true", "inf", "nan", "-", "+", "_", "0x", "1e", "1979-05-27", "T07:32:00", "Z", " 07:32", "99999999999999999999",
        "\ufeff", "ü", "😀", "[[[[[[[[", "{a={a={a=",
    ];

    [Fact]
    public async Task Reader_OnMutatedCases_KeepsItsInvariants()
    {
        TimeSpan length = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("INIT_FUZZ_SECONDS") ?? "3", CultureInfo.InvariantCulture));
        int firstSeed = Environment.GetEnvironmentVariable("INIT_FUZZ_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next(int.MaxValue / 2);
        output.WriteLine($"INIT_FUZZ_SEED={firstSeed}");
        List<byte[]> corpus = Corpus();

        // On a thread of its own, so that a text that never ends fails the test instead of hanging it.
        int seed = firstSeed;
        string? failure = null;
        Stopwatch time = Stopwatch.StartNew();
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread worker = new(() =>
        {
            do
            {
                byte[] bytes = Mutate(corpus, new Random(seed));
                failure = TomlInvariants.Violation(bytes) is { } violation
                    ? $"INIT_FUZZ_SEED={seed}: {violation}\n{Convert.ToHexString(bytes)}\n{Encoding.UTF8.GetString(bytes)}"
                    : null;
            }
            while (failure is null && time.Elapsed < length && ++seed != int.MaxValue);
            done.SetResult();
        })
        { IsBackground = true };
        worker.Start();
        bool ended = await Task.WhenAny(done.Task, Task.Delay(length + OneTextMax)) == done.Task;

        Assert.True(ended, $"INIT_FUZZ_SEED={Volatile.Read(ref seed)}: reading does not end");
        output.WriteLine($"{seed - firstSeed} texts");
        Assert.True(failure is null, failure);
    }

    private static List<byte[]> Corpus()
    {
        IEnumerable<string> files = Directory.EnumerateFiles(TomlFiles.Cases, "*.toml", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        if (TomlFiles.PublicSuite is { } suite)
            files = files.Concat(TomlFiles.PublicCases("valid").Concat(TomlFiles.PublicCases("invalid")).Select(path => Path.Combine(suite, path)));

        return [.. files.Select(File.ReadAllBytes).Where(bytes => bytes.Length is > 0 and <= BytesMax)];
    }

    private static byte[] Mutate(List<byte[]> corpus, Random random)
    {
        List<byte> bytes = [.. corpus[random.Next(corpus.Count)]];
        for (int left = random.Next(1, 6); left > 0; left--)
        {
            int at = random.Next(bytes.Count + 1);
            int count = Math.Min(random.Next(1, 20), bytes.Count - at);
            byte[] other = corpus[random.Next(corpus.Count)];
            int from = random.Next(other.Length);
            switch (random.Next(7))
            {
                case 0:
                    bytes.RemoveRange(at, count);
                    break;
                case 1:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + random.Next(1, 200))]);
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }
}
