using System.Collections.Immutable;
using System.Text;
using Init.Base;
using Init.Config.Toml;

namespace Init.Config.Tests.Toml;

/// <summary>What must hold for any table and any bytes; chance is seeded, and a failure names its seed.</summary>
public sealed class TomlPropertyTests
{
    private const int Tries = 2000;
    private static readonly SourcePosition Nowhere = new("", 1, 1);

    [Fact]
    public void Table_WhenWrittenInAnyWay_IsReadTheSame()
    {
        for (int seed = 0; seed < Tries; seed++)
        {
            Random random = new(seed);
            TomlTable table = RandomTable(random, depth: 0);
            string text = TomlWriter.Write(table, random);

            (TomlTable? read, List<ConfigProblem> problems) = TomlFiles.Read(Encoding.UTF8.GetBytes(text));

            Assert.True(problems.Count == 0, $"seed {seed}: {string.Join('\n', problems)}\n{text}");
            Assert.True(TomlWriter.AreSame(table, read!), $"seed {seed}:\n{text}");
        }
    }

    [Fact]
    public void Reader_OnAnyBytes_NeverThrowsAndExplainsItself()
    {
        for (int seed = 0; seed < Tries; seed++)
        {
            byte[] bytes = RandomBytes(new Random(seed));

            Assert.True(TomlInvariants.Violation(bytes) is not { } violation, $"seed {seed}: {TomlInvariants.Violation(bytes)}");
        }
    }

    private static TomlTable RandomTable(Random random, int depth)
    {
        int count = random.Next(depth == 0 ? 12 : 5);
        IEnumerable<string> keys = Enumerable.Range(0, count).Select(_ => RandomText(random)).Distinct(StringComparer.Ordinal);
        return new TomlTable(Nowhere, [.. keys.ToList().Select(key => new TomlEntry(key, Nowhere, RandomValue(random, depth + 1)))]);
    }

    private static TomlValue RandomValue(Random random, int depth) => random.Next(depth > 4 ? 8 : 12) switch
    {
        0 => new TomlInteger(Nowhere, random.Next(3) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(-10, 1000)),
        1 => new TomlFloat(Nowhere, RandomFloat(random)),
        2 => new TomlBoolean(Nowhere, random.Next(2) == 0),
        3 => new TomlLocalDate(Nowhere, RandomDate(random)),
        4 => new TomlLocalTime(Nowhere, RandomTime(random)),
        5 => new TomlLocalDateTime(Nowhere, RandomDate(random), RandomTime(random)),
        6 => new TomlOffsetDateTime(Nowhere, RandomDate(random), RandomTime(random), random.Next(-1439, 1440)),
        8 => new TomlArray(Nowhere, [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1)).ToImmutableArray()]),
        9 => new TomlArray(Nowhere, [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomTable(random, depth + 1))]),
        10 or 11 => RandomTable(random, depth),
        _ => new TomlString(Nowhere, RandomText(random)),
    };

    private static double RandomFloat(Random random) => random.Next(6) switch
    {
        0 => double.NaN,
        1 => double.PositiveInfinity,
        2 => double.NegativeInfinity,
        3 => random.Next(100),
        _ => BitConverter.Int64BitsToDouble(random.NextInt64()) is var any && double.IsFinite(any) ? any : 0.5,
    };

    private static TomlDate RandomDate(Random random) => new(random.Next(10000), random.Next(1, 13), random.Next(1, 29));

    private static TomlTime RandomTime(Random random) =>
        new(random.Next(24), random.Next(60), random.Next(61), random.Next(2) == 0 ? 0 : random.Next(1_000_000_000));

    private static string RandomText(Random random)
    {
        string[] alphabets = ["abcXYZ019-_", "ab \t.='\"\\#[]{},", "é日😀\u0000\u001f\u007f\u0085\r\n\b\f'\"\\ ", "'\"\n "];
        List<Rune> runes = [.. alphabets[random.Next(alphabets.Length)].EnumerateRunes()];
        return string.Concat(Enumerable.Range(0, random.Next(9)).Select(_ => runes[random.Next(runes.Count)].ToString()));
    }

    private static byte[] RandomBytes(Random random)
    {
        byte[] bytes = new byte[random.Next(200)];
        random.NextBytes(bytes);
        if (random.Next(4) == 0)
            return bytes;

        // Bytes that mean something to TOML come further into the reader than others do.
        ReadOnlySpan<byte> alphabet = "a1=.[]{}\"'\\#,\n\r\t -_:+ex0TZ\u00e9"u8;
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = alphabet[bytes[i] % alphabet.Length];

        return bytes;
    }
}
