using System.Globalization;
using System.Text;

namespace Init.Linux;

/// <summary>The memory of this process.</summary>
public static unsafe class OwnMemory
{
    private const int MapsBytesMax = 1 << 20;

    /// <summary>
    /// Collects the heap down to what is used, and gives back the pages of our own binary. Those stay in the page cache while there is room, and come back by a minor
    /// fault when they are used (MADV_DONTNEED, madvise(2)): what is asked for once (the reading of a configuration) need not stay mapped, nor the 64 KiB around it that the
    /// kernel maps along with each page.
    /// </summary>
    public static void Trim()
    {
        // Read first, for this too leaves something on the heap.
        List<(nuint Start, nuint End)> pages = ProgramPages();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        foreach (var (start, end) in pages)
            _ = Libc.madvise((void*)start, end - start, Libc.MADV_DONTNEED); // A failure costs memory and nothing else.
    }

    /// <summary>The code and the constants of the binary. Not its variables, and not what the loader has changed (RELRO): those changes are nowhere else.</summary>
    private static List<(nuint Start, nuint End)> ProgramPages()
    {
        List<(nuint, nuint)> pages = [];
        if (Processes.OwnExecutable() is not { } executable || Files.ReadAll("/proc/self/smaps", MapsBytesMax, out _) is not { } maps)
            return pages;

        (nuint, nuint)? mapping = null;
        foreach (string line in Encoding.UTF8.GetString(maps).Split('\n'))
        {
            // "00405000-00bed000 r-xp 00005000 fe:00 1234   /init", and then what is known of that mapping, "Anonymous:  0 kB" among it (proc_pid_smaps(5)).
            string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields is [_, { Length: 4 }, _, _, _, ..])
                mapping = fields is [var range, "r-xp" or "r--p", .., var file] && file == executable ? RangeOf(range) : null;
            else if (fields is ["Anonymous:", "0", ..] && mapping is { } unchanged)
                pages.Add(unchanged);
        }

        return pages;
    }

    private static (nuint Start, nuint End)? RangeOf(string text)
    {
        string[] range = text.Split('-');
        return nuint.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint start)
            && nuint.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint end)
            ? (start, end)
            : null;
    }
}
