using System.Diagnostics;

namespace Init.Container.Tests.Harness;

/// <summary>What a command said.</summary>
/// <param name="Code">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Errors">Standard error.</param>
internal sealed record Said(int Code, string Output, string Errors)
{
    public override string ToString() => $"exit code {Code}\n{Output}{Errors}";
}

internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static string[] Podman { get; } = (Environment.GetEnvironmentVariable("INIT_CONTAINER_PODMAN") ?? "podman").Split(' ');

    public static Task<Said> PodmanAsync(params IEnumerable<string> arguments) => RunAsync([.. Podman, .. arguments]);

    /// <summary>Ends it, and fails, after two minutes.</summary>
    public static async Task<Said> RunAsync(params string[] command)
    {
        using Process process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false })!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
            return new Said(process.ExitCode, await output, await errors);
        }
        catch (TimeoutException exception)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)}: not done after {Patience}", exception);
        }
    }

    /// <summary>Looks ten times a second.</summary>
    /// <param name="condition">What is waited for.</param>
    /// <param name="what">The same in words, asked for when the patience is over.</param>
    /// <param name="limit">A minute, when it is not given.</param>
    public static async Task WaitForAsync(Func<Task<bool>> condition, Func<Task<string>> what, TimeSpan? limit = null)
    {
        Stopwatch clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > (limit ?? TimeSpan.FromMinutes(1)))
                Assert.Fail($"waited {clock.Elapsed.TotalSeconds:0} s in vain for {await what()}");
            await Task.Delay(100);
        }
    }
}
