using System.Runtime.InteropServices;
using System.Text;
using Init.Admin.Hosting;
using Init.Chat.Http;
using Init.Config;
using Init.Linux;
using Microsoft.Extensions.Logging;

namespace Init.Chat;

/// <summary>The role "chat": a process of its own that serves the chat API.</summary>
public static class ChatRole
{
    /// <summary>Serves until SIGTERM or SIGINT.</summary>
    /// <exception cref="BindException">An address cannot be listened on.</exception>
    /// <exception cref="Store.StoreException">The store cannot be opened.</exception>
    /// <exception cref="ChatStartException">The options cannot be used, or something is missing on this machine.</exception>
    /// <exception cref="IOException">A directory cannot be made.</exception>
    public static async Task RunAsync(ChatOptions options, string version)
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = EndOn(PosixSignal.SIGTERM, end);
        using PosixSignalRegistration interrupt = EndOn(PosixSignal.SIGINT, end);

        using LineLoggerProvider log = new(fd: 2, LogLevel.Information);
        if (!OpenSsl.IsThere)
            throw new ChatStartException($"cannot serve the chat API: OpenSSL is missing ({OpenSsl.Remedy})");
        foreach (string directory in new[] { options.StateDirectory, options.DataDirectory })
        {
            int errno = Files.MakeDirectories(directory, OwnerOnly);
            if (errno != 0)
                throw new IOException($"cannot make {directory}: {Errno.Describe(errno)} (make it, or choose another: [chat] data_dir, [init] state_dir)");
        }

        await using ChatParts parts = await ChatParts.OpenAsync(options, version, log);
        await using (ChatServer server = await ChatServer.StartAsync(parts.Services, ChatRoutes.Create(), log))
        {
            Notify($"READY=1\nSTATUS=serves on {options.Listen.Address}:{options.Listen.Port}");
            await end.Task;
            Notify("STOPPING=1\nSTATUS=ends");
        }
    }

    private const int OwnerOnly = 0b111_000_000;

    private static PosixSignalRegistration EndOn(PosixSignal signal, TaskCompletionSource end) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _ = end.TrySetResult();
    });

    /// <summary>sd_notify(3). Whoever does not read it does without.</summary>
    private static void Notify(string message)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is { Length: > 0 } socket)
            _ = UnixSockets.SendDatagram(socket, Encoding.UTF8.GetBytes(message));
    }
}
