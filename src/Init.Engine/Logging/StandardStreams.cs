using System.Globalization;
using Init.Linux;

namespace Init.Engine.Logging;

/// <summary>Log files that are Init's own stdout or stderr by another name, as containers have them.</summary>
internal static class StandardStreams
{
    /// <summary>1 or 2, or null for any other file. The path is not followed: a link to /dev/stdout is somebody's deliberate choice of a file.</summary>
    public static int? DescriptorOf(string path)
    {
        switch (path)
        {
            case "/dev/stdout":
                return 1;
            case "/dev/stderr":
                return 2;
        }

        string own = string.Create(CultureInfo.InvariantCulture, $"/proc/{Processes.GetPid()}/fd/");
        foreach (string directory in (ReadOnlySpan<string>)["/dev/fd/", "/proc/self/fd/", own])
        {
            if (path.StartsWith(directory, StringComparison.Ordinal))
                return path.AsSpan(directory.Length) switch { "1" => 1, "2" => 2, _ => null };
        }

        return null;
    }
}
