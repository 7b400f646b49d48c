using System.Globalization;

namespace Init.Linux;

/// <summary>The memory of this process.</summary>
public static unsafe class OwnMemory
{
    private const int MapsBytesMax = 1 << 20;

    /// <summary>
    /// Gives back the pages of our own code that are mapped only because start-up has touched them or their neighbours. They stay in the page cache while there is
    /// room, and come back by a minor fault when they are used (MADV_DONTNEED, madvise(2)).
    /// </summary>
    public static void ReleaseProgramPages()
    {
        if (Processes.OwnExecutable() is not { } executable || Files.ReadAll("/proc/self/maps", MapsBytesMax, out _) is not { } maps)
            return;

        foreach (string line in System.Text.Encoding.UTF8.GetString(maps).Split('\n'))
        {
            // "00405000-00bed000 r-xp 00005000 fe:00 1234   /init". Only code: read-only data may have been changed by the loader before it was made read-only
            // (RELRO), and those changes are nowhere else.
            string[] fields = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 6 || fields[1] is not "r-xp" || fields[5] != executable)
                continue;

            string[] range = fields[0].Split('-');
            if (nuint.TryParse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint start)
                && nuint.TryParse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out nuint end))
            {
                _ = Libc.madvise((void*)start, end - start, Libc.MADV_DONTNEED); // A failure costs memory and nothing else.
            }
        }
    }
}
