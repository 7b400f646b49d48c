using Init.Control;

namespace Init.Admin.Rest;

/// <summary><c>/system</c>: the supervisor, and the machine or container it is in.</summary>
internal static class SystemApi
{
    public static async Task GetAsync(RestCall call)
    {
        if (await call.AskAsync<ControlResult.Version>(new ControlRequest.Version()) is not { Server: var server })
            return;

        double uptime = (DateTimeOffset.UtcNow - DateTimeOffset.FromUnixTimeMilliseconds(server.StartedAt)).TotalSeconds;
        await call.AnswerAsync(
            new SystemInfo
            {
                Version = server.Version,
                State = server.State,
                Identifier = server.Identifier,
                Pid = server.Pid,
                ConfigFile = server.ConfigFile,
                StartedAt = server.StartedAt,
                UptimeSeconds = Math.Max(0, Math.Round(uptime, 3)),
                Hostname = Environment.MachineName,
                Load = Machine.Load(),
                Memory = Machine.Memory(),
                Disks = Machine.Disks(call.Services.Directories),
            },
            RestJson.Default.SystemInfo);
    }
}
