using System.Globalization;
using Init.Linux;

namespace Init.Admin.Rest;

/// <summary>What the kernel says about the machine, and about the container where that has limits of its own.</summary>
internal static class Machine
{
    public static IReadOnlyList<double> Load()
    {
        string[] words = ReadText("/proc/loadavg").Split(' ');
        return words.Length < 3 ? [] : [.. words.Take(3).Select(word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double load) ? load : 0)];
    }

    public static MemoryInfo Memory()
    {
        // In a container with a control group namespace its own group is the root that it sees.
        if (long.TryParse(ReadText("/sys/fs/cgroup/memory.max").Trim(), CultureInfo.InvariantCulture, out long limit)
            && long.TryParse(ReadText("/sys/fs/cgroup/memory.current").Trim(), CultureInfo.InvariantCulture, out long current))
        {
            return new MemoryInfo(limit, current);
        }

        Dictionary<string, long> kilobytes = [];
        foreach (string line in ReadText("/proc/meminfo").Split('\n'))
        {
            string[] fields = line.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 2 && long.TryParse(fields[1], CultureInfo.InvariantCulture, out long value))
                kilobytes[fields[0]] = value;
        }

        long total = kilobytes.GetValueOrDefault("MemTotal") * 1024;
        return new MemoryInfo(total, total - (kilobytes.GetValueOrDefault("MemAvailable") * 1024));
    }

    public static IReadOnlyList<DiskInfo> Disks(IEnumerable<string> directories)
    {
        List<DiskInfo> disks = [];
        HashSet<ulong> devices = [];
        foreach (string directory in directories)
        {
            // Of several directories on one file system the first stands for it.
            if (Files.StatusOf(directory, followLink: true) is { } status && !devices.Add(status.Device))
                continue;

            try
            {
                DriveInfo drive = new(directory);
                disks.Add(new DiskInfo(directory, drive.TotalSize, drive.AvailableFreeSpace));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It is not there yet, or gone: nothing to say about it.
            }
        }

        return disks;
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
