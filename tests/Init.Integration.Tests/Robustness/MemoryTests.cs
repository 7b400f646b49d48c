using System.Globalization;
using Init.Control;
using Init.Integration.Tests.Harness;

namespace Init.Integration.Tests.Robustness;

/// <summary>What PID 1 holds of the machine's memory when nothing happens.</summary>
public sealed class MemoryTests
{
    [RootFact]
    public void Rest_GivesBackTheCodeOfTheStart_WhichIsThereAgainWhenItIsNeeded()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.one]
            command = ["sleep", "1000"]
            start_grace = "0s" # With a second of grace it became RUNNING just when Init came to rest, or just after: then the next time is a minute away.
            """);
        int before = init.WaitForState("one", "RUNNING").Pid!.Value;

        // Starting touches some 5 MB of it. Asking would touch it too, so the test only looks from outside.
        init.WaitUntil(() => MappedCodeBytes(init.Pid) < 2_000_000, () => $"the code to be given back; {MappedCodeBytes(init.Pid)} bytes of it are mapped");

        init.Ask(new ControlRequest.Signal(["one"], Linux.Signals.SIGKILL));
        init.WaitForState("one", "RUNNING", status => status.Pid != before);
    }

    private static long MappedCodeBytes(int pid)
    {
        bool isCode = false;
        long kilobytes = 0;
        foreach (string line in File.ReadLines($"/proc/{pid}/smaps"))
        {
            if (line.Contains(" r-xp ", StringComparison.Ordinal))
                isCode = line.EndsWith("/init", StringComparison.Ordinal);
            else if (line.StartsWith("VmFlags:", StringComparison.Ordinal))
                isCode = false;
            else if (isCode && line.StartsWith("Rss:", StringComparison.Ordinal))
                kilobytes += long.Parse(line["Rss:".Length..^"kB".Length], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);
        }

        return kilobytes * 1024;
    }
}
