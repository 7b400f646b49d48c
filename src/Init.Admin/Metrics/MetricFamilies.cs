using Init.Control;

namespace Init.Admin.Metrics;

/// <summary>What is told about the supervisor and its programs, and what it is called. docs/reference/http-api.md lists it.</summary>
internal static class MetricFamilies
{
    private static readonly string[] States = ["STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "WAITING", "ABSENT"];

    public static byte[] Write(ControlResult.Metrics metrics, string version, bool isOpenMetrics)
    {
        MetricsText text = new(isOpenMetrics);
        WriteServer(text, metrics.Server, version);
        WritePrograms(text, [.. metrics.Programs.Where(program => !program.Own)]);
        return text.End();
    }

    private static void WriteServer(MetricsText text, ServerMetrics server, string version)
    {
        text.Gauge("init_build_info", "The version of Init.");
        text.Sample(1, "version", version);
        text.Gauge("init_start_time_seconds", "When Init was started, as Unix time.", "seconds");
        text.Sample(server.StartedAt / 1000.0);
        text.Counter("init_cpu_seconds", "Processor time of Init itself.", "seconds");
        text.Sample(server.CpuSeconds);
        text.Gauge("init_memory_bytes", "Resident memory of Init itself.", "bytes");
        text.Sample(server.MemoryBytes);
        text.Counter("init_loop_wakeups", "How often the main loop has returned from its sleep.");
        text.Sample(server.WakeUps);
        text.Histogram("init_loop_pass_seconds", "How long a pass of the main loop took.", server.LoopPass);
        text.Histogram("init_timer_delay_seconds", "How late the main loop's timers were.", server.TimerDelay);
        text.Counter("init_orphans_reaped", "Processes that other processes have left behind.");
        text.Sample(server.OrphansReaped);
        text.Counter("init_config_reloads", "Configurations that were read again, by what became of them.");
        text.Sample(server.Reloads, "result", "applied");
        text.Sample(server.ReloadsFailed, "result", "refused");
        text.Gauge("init_control_connections", "Clients of the control socket.");
        text.Sample(server.ControlConnections);
        text.Counter("init_control_connections_accepted", "Clients of the control socket since the start.");
        text.Sample(server.ControlConnectionsTotal);
        text.Counter("init_control_requests", "Requests on the control socket.");
        text.Sample(server.ControlRequestsTotal);
    }

    private static void WritePrograms(MetricsText text, List<ProgramMetrics> programs)
    {
        text.Gauge("init_program_state", "1 for the state that the program is in, 0 for the others.");
        foreach (ProgramMetrics program in programs)
        {
            foreach (string state in States)
                text.Sample(program.State == state ? 1 : 0, [.. Labels(program), "state", state]);
        }

        text.Gauge("init_program_wanted", "1 if the program is meant to be up.");
        ForEach(program => program.Wanted ? 1 : 0);
        text.Gauge("init_program_critical", "1 if the container cannot do without the program.");
        ForEach(program => program.Critical ? 1 : 0);
        text.Gauge("init_program_ready", "1 if the program is ready.");
        ForEach(program => program.Ready ? 1 : 0);
        text.Gauge("init_program_healthy", "1 if the last health probe was passed, 0 if not. Only programs with a health probe that has said something.");
        ForEach(program => program.Health switch { "healthy" => 1, "unhealthy" => 0, _ => null });
        text.Gauge("init_program_start_time_seconds", "When the program's process was started, as Unix time.", "seconds");
        ForEach(program => program.StartedAt / 1000.0);
        text.Counter("init_program_restarts", "Restarts by the supervisor.");
        ForEach(program => program.Restarts);
        text.Counter("init_program_exits", "Ends of the program's processes, by exit code or signal.");
        foreach (ProgramMetrics program in programs)
        {
            foreach (ExitCount exit in program.Exits)
                text.Sample(exit.Count, [.. Labels(program), "code", exit.Code?.ToString() ?? "", "signal", exit.Signal ?? ""]);
        }

        text.Gauge("init_program_cpu_usage_seconds", "Processor time of the program's present process: it begins anew with each.", "seconds");
        ForEach(program => program.CpuSeconds);
        text.Gauge("init_program_memory_bytes", "Resident memory of the program's main process.", "bytes");
        ForEach(program => program.MemoryBytes);
        text.Counter("init_program_log_bytes", "Output read from the program.", "bytes");
        ForEach(program => program.LogBytes);
        text.Counter("init_program_log_lines", "Lines of output read from the program.");
        ForEach(program => program.LogLines);
        text.Counter("init_program_log_dropped_lines", "Lines that did not reach Init's stdout.");
        ForEach(program => program.LogDroppedLines);
        text.Counter("init_program_log_dropped_bytes", "Bytes that did not reach the log file.", "bytes");
        ForEach(program => program.LogDroppedBytes);
        text.Counter("init_program_log_file_errors", "Failures to open, write or rotate the log file.");
        ForEach(program => program.LogFileErrors);

        void ForEach(Func<ProgramMetrics, double?> valueOf)
        {
            foreach (ProgramMetrics program in programs)
            {
                if (valueOf(program) is { } value)
                    text.Sample(value, Labels(program));
            }
        }
    }

    private static string[] Labels(ProgramMetrics program) => ["name", program.Name, "program", program.Program, "group", program.Group];
}
