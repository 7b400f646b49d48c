using System.Globalization;
using System.Text.RegularExpressions;

namespace Init.Backup.Remote;

/// <summary>Reads the lines that git shows progress by: "Receiving objects:  45% (9/20), 1.20 MiB | 3.00 MiB/s".</summary>
internal static partial class GitProgress
{
    /// <returns>Null: the line is something else.</returns>
    public static TransferProgress? Parse(string line)
    {
        Match match = Line().Match(line);
        if (!match.Success)
            return null;

        long total = match.Groups["total"].Success ? long.Parse(match.Groups["total"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        long done = match.Groups["done"].Success ? long.Parse(match.Groups["done"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        double bytes = match.Groups["amount"].Success ? double.Parse(match.Groups["amount"].ValueSpan, CultureInfo.InvariantCulture) * FactorOf(match.Groups["unit"].Value) : 0;
        return new TransferProgress(match.Groups["stage"].Value, done, total, (long)bytes);
    }

    private static double FactorOf(string unit) => unit switch
    {
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        "GiB" => 1024 * 1024 * 1024,
        _ => 1,
    };

    [GeneratedRegex(@"^(remote: )?(?<stage>[A-Z][a-z]+( [a-z]+)?): +(\d+% \((?<done>\d{1,18})/(?<total>\d{1,18})\)|(?<done>\d{1,18}))(, (?<amount>\d+(\.\d+)?) (?<unit>bytes|[KMG]iB))?", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Line();
}
