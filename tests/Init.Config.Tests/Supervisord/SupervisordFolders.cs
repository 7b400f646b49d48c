namespace Init.Config.Tests.Supervisord;

/// <summary>The example configurations in Supervisord/Cases, one folder each.</summary>
internal static class SupervisordFolders
{
    /// <summary>The environment that every case is read in, by Init and by supervisord. A value that must never show up in a message contains "s3cret".</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["HOME"] = "/home/user",
        ["PATH"] = "/usr/bin:/bin",
        ["WORKERS"] = "3",
        ["DISPLAY_WIDTH"] = "1280",
        ["DISPLAY_HEIGHT"] = "720",
        ["TOKEN"] = "s3cret",
        ["USER_NAME"] = "admin",
        ["LANG"] = "C.UTF-8",
    };

    public static string Root { get; } = FindRoot();

    public static string Cases => Path.Combine(Root, "Cases");

    public static IEnumerable<string> Names => Directory.GetDirectories(Cases).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string candidate = Path.Combine(at, "tests", "Init.Config.Tests", "Supervisord");
            if (Directory.Exists(candidate))
                return candidate;
        }

        throw new DirectoryNotFoundException("tests/Init.Config.Tests/Supervisord is not above " + AppContext.BaseDirectory);
    }
}
