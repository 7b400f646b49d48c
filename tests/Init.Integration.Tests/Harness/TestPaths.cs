namespace Init.Integration.Tests.Harness;

internal static class TestPaths
{
    public static string Repository { get; } = FindRepository();

    /// <summary>The published binary: INIT_BINARY, or what ./build has made.</summary>
    public static string Init { get; } = FindInit();

    /// <summary>The child that does what it is told (tests/Dummy/dummy.c).</summary>
    public static string Dummy { get; } = Path.Combine(Repository, "out", "dummy", "dummy");

    private static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "global.json")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }

    private static string FindInit()
    {
        string path = Environment.GetEnvironmentVariable("INIT_BINARY") ?? Path.Combine(Repository, "out", "init");
        return File.Exists(path) ? path : throw new InvalidOperationException($"cannot find the binary {path}: run ./build first, or set INIT_BINARY");
    }
}
