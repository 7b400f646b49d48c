using Init.Base;
using Init.Chat.Store;
using Init.Chat.Transfer;
using Init.Config;
using Init.Linux;

namespace Init.Applets.Chat;

/// <summary><c>init chat import</c> and <c>init chat export</c>: what users have, into the store and out of it. Both work beside a role that runs.</summary>
internal static class TransferCommands
{
    private const int OwnerOnly = 0b110_000_000;

    public static int Import(string[] arguments)
    {
        bool overwrites = arguments.Contains("--overwrite");
        string[] rest = [.. arguments.Where(argument => argument != "--overwrite")];
        if (!TryTakeConfig(ref rest, out string? config) || rest is not [var directory] || directory.StartsWith('-'))
            return Refuse("import", "name one directory, the one that USER_DATA_DIR named");

        return With(config, async options =>
        {
            await using IChatStore store = await ChatStores.OpenAsync(ChatStores.PlaceOf(options), CancellationToken.None);
            string subDirectory = Environment.GetEnvironmentVariable("USER_DATA_SUB_DIR_NAME") is { Length: > 0 } name ? name : OriginalImportOptions.SubDirectoryDefault;
            OriginalImportResult result = await OriginalImport.RunAsync(store, new OriginalImportOptions(directory, overwrites, subDirectory), CancellationToken.None);
            foreach (string problem in result.Problems)
                Terminal.Complain($"left out: {problem}");
            if (result.ProblemCount > result.Problems.Length)
                Terminal.Complain($"left out: {result.ProblemCount - result.Problems.Length} more");
            Terminal.Say($"{result.Imported} branches imported; {result.Kept} stayed as they were{(result.Kept > 0 ? " (--overwrite replaces them)" : "")}; {result.ProblemCount} left out");
            return result.ProblemCount == 0 ? ExitCode.Success : ExitCode.Failure;
        });
    }

    public static int Export(string[] arguments)
    {
        if (!TryTakeConfig(ref arguments, out string? config) || arguments is not [var user, "-o" or "--output", var path])
            return Refuse("export", "name one user and, with -o, the file for the zip");

        return With(config, async options =>
        {
            await using IChatStore store = await ChatStores.OpenAsync(ChatStores.PlaceOf(options), CancellationToken.None);
            // Beside and renamed: half a zip would look like one.
            string beside = path + ".new";
            _ = Files.Unlink(beside);
            OpenResult made = Files.Open(beside, OpenFlags.Write | OpenFlags.Create | OpenFlags.Exclusive, OwnerOnly);
            if (!made.Succeeded)
                throw new IOException($"cannot make {beside}: {Errno.Describe(made.Errno)}");
            await using (FileStream file = new(new Microsoft.Win32.SafeHandles.SafeFileHandle(made.Fd, ownsHandle: true), FileAccess.Write))
                await UserExport.WriteAsync(store, user, file, CancellationToken.None);
            File.Move(beside, path, overwrite: true);
            return ExitCode.Success;
        });
    }

    private static int With(string? config, Func<ChatOptions, Task<int>> run)
    {
        if (ChatConfiguration.Load(config) is not { } options)
            return ExitCode.Configuration;

        try
        {
            return run(options).GetAwaiter().GetResult();
        }
        catch (Exception exception) when (exception is StoreException or IOException or UnauthorizedAccessException)
        {
            Terminal.Complain(exception.Message);
            return ExitCode.Failure;
        }
    }

    private static bool TryTakeConfig(ref string[] arguments, out string? config)
    {
        int at = Array.FindIndex(arguments, argument => argument is "-c" or "--config");
        config = at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
        if (at < 0)
            return true;
        arguments = [.. arguments[..at], .. arguments.Skip(at + 2)];
        return config is not null;
    }

    private static int Refuse(string command, string problem)
    {
        Terminal.Complain($"cannot {command}: {problem} (see \"init chat --help\")");
        return ExitCode.Usage;
    }
}
