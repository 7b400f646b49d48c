using System.Diagnostics;
using System.Text;
using Init.Linux;

namespace Init.Backup.Store;

/// <summary>Git refused, failed or took too long. The message says what was tried and what git said.</summary>
#pragma warning disable CA1032, MA0056 // Without a reason it would not be this exception.
public sealed class GitException(string message) : Exception(message);
#pragma warning restore CA1032, MA0056

/// <summary>
/// Runs git on one bare repository, the same way on every machine: no configuration but the one in here, no hooks, no attributes, no questions. Paths of live files never go
/// through arguments, which are strings: they go through standard input.
/// </summary>
/// <param name="repository">The directory of the bare repository; it need not exist yet.</param>
/// <param name="program">Git, by name or path.</param>
/// <param name="configuration">Besides ours, and by the environment as ours: secrets may be in it.</param>
/// <param name="environment">Besides ours.</param>
public sealed class GitRunner(
    string repository, string program = "git", IReadOnlyList<(string Key, string Value)>? configuration = null, IReadOnlyDictionary<string, string>? environment = null)
{
    public static readonly TimeSpan ShortTime = TimeSpan.FromSeconds(60);

    /// <summary>Bytes of output that a short command may give.</summary>
    private const int OutputCharactersMax = 4 * 1024 * 1024;

    private static readonly (string Key, string Value)[] Configuration =
    [
        ("core.hooksPath", "/dev/null"),
        ("core.attributesFile", "/dev/null"),
        ("core.compression", "1"),
        ("pack.compression", "1"),
        // A blob above this goes straight to disk instead of through git's memory.
        ("core.bigFileThreshold", "1m"),
        // Packs are mapped in small windows, and what differences are made from is kept within limits: else a git that reads a large pack grows to its size.
        ("core.packedGitWindowSize", "4m"),
        ("core.packedGitLimit", "32m"),
        ("core.deltaBaseCacheLimit", "16m"),
        // What has been acknowledged survives a power cut: packs, and the branch that names them.
        ("core.fsync", "all"),
        // Always a pack, which is there or not: hundreds of loose objects could be there in part.
        ("fastimport.unpackLimit", "1"),
        ("transfer.unpackLimit", "1"),
        ("gc.auto", "0"),
        ("maintenance.auto", "false"),
        ("advice.detachedHead", "false"),
        ("protocol.ext.allow", "never"),
    ];

    public string Repository => repository;

    /// <summary>What a ref names, by its full name; null when it is not there.</summary>
    /// <remarks>A ref that has moved lately is a file of its own (gitrepository-layout); reading that takes no process. What is not found there, git is asked for.</remarks>
    public string? ReadRef(string name)
    {
        const int IdLength = 40;
        string? text = Files.ReadAll(Path.Combine(repository, name), IdLength + 2, out _) is { } bytes ? Encoding.ASCII.GetString(bytes).TrimEnd('\n') : null;
        return text is { Length: IdLength } && text.All(char.IsAsciiHexDigitLower) ? text : Run(ShortTime, [1], "rev-parse", "--verify", "--quiet", name);
    }

    /// <summary>Standard output of a command that ends soon, without its last line end.</summary>
    /// <param name="accept">Exit codes that are an answer and not a failure, besides 0; then the result is null.</param>
    /// <exception cref="GitException">It failed, or took longer than <paramref name="timeout"/>.</exception>
    public string? Run(TimeSpan timeout, IReadOnlyCollection<int> accept, params string[] arguments) => Run(timeout, accept, "", arguments, default);

    /// <summary>The same for one that may take a while.</summary>
    /// <exception cref="GitException">It failed, or took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and git ended.</exception>
    internal string? RunLong(TimeSpan timeout, CancellationToken cancel, params string[] arguments) => Run(timeout, [], "", arguments, cancel);

    /// <summary>The same for one that reads its standard input.</summary>
    /// <exception cref="GitException">It failed, or took longer than <paramref name="timeout"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, and git ended.</exception>
    internal string RunLongWith(string input, TimeSpan timeout, CancellationToken cancel, params string[] arguments) => Run(timeout, [], input, arguments, cancel)!;

    /// <summary>Standard output of a command that ends soon and reads its standard input, without its last line end.</summary>
    /// <exception cref="GitException">It failed, or took too long.</exception>
    internal string RunWith(string input, params string[] arguments) => Run(ShortTime, [], input, arguments, default)!;

    private string? Run(TimeSpan timeout, IReadOnlyCollection<int> accept, string input, string[] arguments, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using Process process = Start(arguments);
        using CancellationTokenRegistration end = cancel.Register(process.Kill);
        var output = ReadLimited(process.StandardOutput);
        var errors = ReadLimited(process.StandardError);
        try
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has ended without reading all of it, and says why.
        }

        if (!process.WaitForExit(timeout))
        {
            process.Kill();
            throw new GitException($"cannot run git {arguments[0]} in {repository}: it did not end within {timeout.TotalSeconds:0} s");
        }

        process.WaitForExit();
        cancel.ThrowIfCancellationRequested();
        string text = output.GetAwaiter().GetResult().TrimEnd('\n');
        string problem = errors.GetAwaiter().GetResult();
        if (process.ExitCode == 0)
            return text;

        return accept.Contains(process.ExitCode) ? null : throw Failure(arguments[0], process.ExitCode, problem);
    }

    /// <summary>A git that is spoken to while it runs. The caller ends it and reads all three streams.</summary>
    public Process Start(params string[] arguments)
    {
        ProcessStartInfo start = new(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = "/",
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        SetEnvironment(start.Environment);

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new GitException($"cannot run \"{program}\": {exception.Message}; install git");
        }
    }

    internal GitException Failure(string command, int exitCode, string errors)
    {
        // The last lines say what was wrong; a crash report and hints come before and after.
        string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string? said = lines.LastOrDefault(line => line.StartsWith("fatal:", StringComparison.Ordinal)) ?? lines.LastOrDefault();
        return new GitException($"cannot run git {command} in {repository}: exit code {exitCode}{(said is null ? "" : ": " + said)}");
    }

    internal static async Task<string> ReadLimited(StreamReader reader)
    {
        StringBuilder text = new();
        char[] buffer = new char[4096];
        int count;
        while ((count = await reader.ReadAsync(buffer)) > 0)
        {
            // What is beyond is read and dropped: a full pipe would stop git.
            if (text.Length < OutputCharactersMax)
                text.Append(buffer, 0, count);
        }

        return text.ToString();
    }

    private void SetEnvironment(IDictionary<string, string?> variables)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin";
        variables.Clear();
        variables["PATH"] = path;
        variables["LC_ALL"] = "C";
        variables["HOME"] = repository;
        variables["GIT_DIR"] = repository;
        variables["GIT_CONFIG_NOSYSTEM"] = "1";
        variables["GIT_CONFIG_GLOBAL"] = "/dev/null";
        variables["GIT_ATTR_NOSYSTEM"] = "1";
        variables["GIT_TERMINAL_PROMPT"] = "0";
        variables[AbandonedGit.OwnerVariable] = AbandonedGit.Owner;

        // The state directory may have been made by another user before.
        (string Key, string Value)[] all = [.. Configuration, ("safe.directory", repository), .. configuration ?? []];
        variables["GIT_CONFIG_COUNT"] = all.Length.ToString();
        for (int i = 0; i < all.Length; i++)
        {
            variables[$"GIT_CONFIG_KEY_{i}"] = all[i].Key;
            variables[$"GIT_CONFIG_VALUE_{i}"] = all[i].Value;
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            variables[name] = value;
    }
}
