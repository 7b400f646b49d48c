using System.Diagnostics;
using Init.Linux;
using Npgsql;

namespace Init.Chat.Tests.Store;

/// <summary>
/// Debian's PostgreSQL as an ordinary user, in a directory of its own, on a Unix socket and no port. Started once for all tests that need it, and ended with them.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly string _folder;
    private readonly Process? _process;
    private int _databases;

    public PostgresServer()
    {
        _folder = Directory.CreateTempSubdirectory("init-chat-pg-").FullName;
        if (Missing is not null)
            return;

        if (IsRoot)
            Run("chown", "nobody", _folder);

        Run(Program("initdb"), "-D", Path.Combine(_folder, "data"), "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N");
        _process = Process.Start(StartOf(
            Program("postgres"), ["-D", Path.Combine(_folder, "data"), "-k", _folder, "-c", "listen_addresses=", "-c", "shared_buffers=32MB", "-c", "max_connections=60", "-c", "fsync=off", "-c", "log_min_messages=panic"]));
        WaitUntilReady();
    }

    private static bool IsRoot => Processes.GetUid() == 0;

    /// <summary>Why there is none; null: there is.</summary>
    public static string? Missing { get; } = Program("initdb").Length == 0 ? "PostgreSQL is not installed (apt-get install postgresql)" : null;

    /// <returns>The connection string of a new database.</returns>
    public string NewDatabase()
    {
        string name = $"d{Interlocked.Increment(ref _databases)}";
        Run(Program("psql"), "-h", _folder, "-U", "tester", "-d", "postgres", "-qc", $"CREATE DATABASE {name}");
        return $"Host={_folder};Username=tester;Password=secret-canary;Database={name}";
    }

    /// <summary>As another program sees it.</summary>
    public string Ask(string database, string sql) => Run(Program("psql"), "-h", _folder, "-U", "tester", "-d", new NpgsqlConnectionStringBuilder(database).Database!, "-qtAc", sql).Trim();

    public void Dispose()
    {
        if (_process is not null)
        {
            // Not at once (SIGQUIT): its children would still be writing while their directory is deleted.
            _ = Processes.Kill(_process.Id, 2 /* SIGINT: fast, and all of them */);
            _process.WaitForExit();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string Program(string name) => Directory.Exists("/usr/lib/postgresql")
        ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin", name)).LastOrDefault(File.Exists) ?? ""
        : "";

    private static ProcessStartInfo StartOf(string program, string[] arguments) =>
        // It refuses to run as root.
        new("setpriv", [.. IsRoot && program.Contains("postgresql") ? (string[])["--reuid=nobody", "--regid=nogroup", "--clear-groups"] : [], "--", program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(StartOf(program, arguments))!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {errors.Result}");
    }

    private void WaitUntilReady()
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            try
            {
                Run(Program("pg_isready"), "-q", "-h", _folder);
                return;
            }
            catch (InvalidOperationException) when (Stopwatch.GetElapsedTime(start) < StartMax && !_process!.HasExited)
            {
                Thread.Sleep(50);
            }
        }
    }
}

/// <summary>One server for all classes of tests that use it.</summary>
[CollectionDefinition("postgres")]
#pragma warning disable CA1711 // xunit's word.
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>;
#pragma warning restore CA1711
