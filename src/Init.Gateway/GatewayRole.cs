using System.Runtime.InteropServices;
using Init.Admin.Hosting;

namespace Init.Gateway;

/// <summary>The role "gateway": a process of its own that serves HTTP, and asks the supervisor over the control socket.</summary>
public static class GatewayRole
{
    /// <summary>Serves until SIGTERM or SIGINT; at SIGHUP it reads the certificate again, and rules and password that somebody else has changed.</summary>
    /// <exception cref="BindException">An address cannot be listened on.</exception>
    public static async Task RunAsync(GatewayOptions options)
    {
        TaskCompletionSource end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using PosixSignalRegistration term = EndOn(PosixSignal.SIGTERM, end);
        using PosixSignalRegistration interrupt = EndOn(PosixSignal.SIGINT, end);

        await using RunningGateway gateway = await RunningGateway.StartAsync(options);
        using PosixSignalRegistration hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            gateway.Reread();
        });
        await end.Task;
    }

    private static PosixSignalRegistration EndOn(PosixSignal signal, TaskCompletionSource end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _ = end.TrySetResult();
        });
}
