using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Init.Container.Tests.Harness;

/// <summary>How a container is started, beside what is the same for all.</summary>
internal sealed record ContainerOptions
{
    public string Image { get; init; } = Images.Stack;

    /// <summary>Options of podman run.</summary>
    public IReadOnlyList<string> Flags { get; init; } = [];

    /// <summary>Name=value.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Lines of [backup] that are put into the image's supervisor.toml, as somebody does who has another git host.</summary>
    public string Backup { get; init; } = "";

    /// <summary>After the image's name.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];
}

internal static class Images
{
    public static string Plain { get; } = Environment.GetEnvironmentVariable("INIT_IMAGE_PLAIN") ?? "";

    public static string Stack { get; } = Environment.GetEnvironmentVariable("INIT_IMAGE_STACK") ?? "";

    public static string Base { get; } = Environment.GetEnvironmentVariable("INIT_IMAGE_BASE") ?? "";
}

/// <summary>A container with its disk; both are gone when it is disposed of.</summary>
internal sealed class RunningContainer : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private static readonly string[] RunFlags = (Environment.GetEnvironmentVariable("INIT_CONTAINER_RUN") ?? "").Split(' ');

    private readonly string _directory;

    private RunningContainer(string id, string directory)
    {
        Id = id;
        _directory = directory;
    }

    public string Id { get; }

    public PublicPort Port { get; } = new();

    public static async Task<RunningContainer> StartAsync(ContainerOptions options)
    {
        string directory = Directory.CreateTempSubdirectory("container-").FullName;
        List<string> arguments = ["create", .. RunFlags, "--env", $"ADMIN_PASSWORD={Password}"];
        foreach (string variable in options.Environment)
            arguments.AddRange(["--env", variable]);
        if (options.Backup.Length > 0)
        {
            string file = Path.Combine(directory, "supervisor.toml"), shipped = await File.ReadAllTextAsync(Path.Combine(Repository, "supervisor.toml"));
            await File.WriteAllTextAsync(file, shipped.Replace("\n[backup]\n", $"\n[backup]\n{options.Backup}\n", StringComparison.Ordinal));
            arguments.AddRange(["--volume", $"{file}:/etc/init/supervisor.toml:ro"]);
        }

        Said created = await Shell.PodmanAsync([.. arguments, .. options.Flags, options.Image, .. options.Command]);
        Assert.True(created.Code == 0, $"cannot make the container: {created}");
        RunningContainer container = new(created.Output.Trim(), directory);
        await container.StartAgainAsync();
        return container;
    }

    /// <summary>Runs it to its end, and takes it away.</summary>
    /// <param name="image">Which.</param>
    /// <param name="flags">Options of podman run.</param>
    /// <param name="command">After the image's name.</param>
    public static Task<Said> RunAsync(string image, string[] flags, params string[] command) => Shell.PodmanAsync(["run", "--rm", .. RunFlags, .. flags, image, .. command]);

    public static string Repository { get; } = FindRepository();

    public async Task StartAgainAsync()
    {
        Said started = await Shell.PodmanAsync("start", Id);
        Assert.True(started.Code == 0, $"cannot start the container: {started}");
    }

    public Task<Said> ExecAsync(params string[] command) => Shell.PodmanAsync(["exec", Id, .. command]);

    /// <summary>Its standard output; fails when the command does.</summary>
    public async Task<string> DoAsync(params string[] command)
    {
        Said said = await ExecAsync(command);
        Assert.True(said.Code == 0, $"{string.Join(' ', command)}: {said}");
        return said.Output;
    }

    public Task<string> ShellAsync(string script) => DoAsync("sh", "-c", script);

    public async Task<string> LogAsync()
    {
        Said said = await Shell.PodmanAsync("logs", Id);
        return said.Output + said.Errors;
    }

    public Task WaitForLogAsync(string part, TimeSpan? limit = null) =>
        Shell.WaitForAsync(async () => (await LogAsync()).Contains(part, StringComparison.Ordinal), async () => $"\"{part}\" in the log:\n{await LogAsync()}", limit);

    public async Task SignalAsync(string signal) => Assert.Equal(0, (await Shell.PodmanAsync("kill", "--signal", signal, Id)).Code);

    public async Task<JsonNode> StatusOfAsync(string program)
    {
        string output = (await ExecAsync("init", "status", "--json", program)).Output;
        return output.Length == 0 ? new JsonObject() : JsonNode.Parse(output)!["programs"]!.AsArray().FirstOrDefault() ?? new JsonObject();
    }

    public Task WaitForReadyAsync(params string[] programs) => WaitForStateAsync("RUNNING", program => (bool?)program["ready"] == true, programs);

    public async Task WaitForStateAsync(string state, Func<JsonNode, bool>? condition, params string[] programs)
    {
        foreach (string program in programs)
        {
            JsonNode last = new JsonObject();
            await Shell.WaitForAsync(
                async () => (string?)(last = await StatusOfAsync(program))["state"] == state && (condition is null || condition(last)),
                async () => $"{program} to be {state}; it is {last}\n{await LogAsync()}");
        }
    }

    public async Task<JsonNode> BackupStatusAsync() => JsonNode.Parse((await ExecAsync("init", "backup", "status", "--json")).Output is { Length: > 0 } output ? output : "{}")!;

    /// <summary>As "docker stop" does it: TERM, and after ten seconds KILL.</summary>
    /// <returns>The exit code, and how long it took.</returns>
    public async Task<(int Code, TimeSpan Time)> StopAsync()
    {
        Stopwatch clock = Stopwatch.StartNew();
        Said stopped = await Shell.PodmanAsync("stop", "--time", "10", Id);
        TimeSpan time = clock.Elapsed;
        Assert.True(stopped.Code == 0, $"cannot stop the container: {stopped}");
        return (int.Parse((await InspectAsync("{{.State.ExitCode}}")).Trim()), time);
    }

    public async Task<string> InspectAsync(string format) => (await Shell.PodmanAsync("inspect", "--format", format, Id)).Output;

    public async ValueTask DisposeAsync()
    {
        Port.Dispose();
        _ = await Shell.PodmanAsync("rm", "--force", "--time", "0", "--volumes", Id);
        Directory.Delete(_directory, recursive: true);
    }

    private static string FindRepository()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "global.json")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException("the tests do not run inside the repository");
    }
}
