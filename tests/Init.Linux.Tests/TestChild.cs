using System.Text;
using Init.Base;

namespace Init.Linux.Tests;

/// <summary>The dummy child (tests/Dummy), started by the spawner under test, with its stdout in a pipe.</summary>
internal sealed class TestChild
{
    private readonly int _output;

    // Whoever started the test runner may have left descriptors open.
    static TestChild() => Processes.MarkCloseOnExec(3);

    private TestChild(int pid, int output) => (Pid, _output) = (pid, output);

    public static string Path { get; } = System.IO.Path.Combine(RepositoryRoot(), "out", "dummy", "dummy");

    public int Pid { get; }

    public static TestChild Start(params string[] commands) => Start(request => request, commands);

    public static TestChild Start(Func<SpawnRequest, SpawnRequest> change, params string[] commands)
    {
        var (read, write) = Pipes.Create();
        SpawnRequest request = new() { Path = Path, Argv = ["dummy", .. commands], Environment = [], Stdout = write, Stderr = 2 };
        SpawnResult result = Spawner.Spawn(change(request));
        Files.Close(write);
        SpawnResult.Spawned spawned = Assert.IsType<SpawnResult.Spawned>(result);
        return new TestChild(spawned.Pid, read);
    }

    public ExitStatus WaitForExit() => Reaper.WaitFor(Pid);

    /// <summary>Everything until all writers are gone, by lines; then the child is reaped.</summary>
    public string[] ReadAllLines()
    {
        byte[]? bytes = Files.ReadToEnd(_output, 1 << 20, out _);
        Files.Close(_output);
        WaitForExit();
        return Encoding.UTF8.GetString(bytes!).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>One line, which must come.</summary>
    public string ReadLine()
    {
        StringBuilder line = new();
        Span<byte> one = stackalloc byte[1];
        while (Files.Read(_output, one).Count == 1 && one[0] != '\n')
            line.Append((char)one[0]);
        return line.ToString();
    }

    private static string RepositoryRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(System.IO.Path.Combine(directory, "global.json")))
            directory = System.IO.Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
