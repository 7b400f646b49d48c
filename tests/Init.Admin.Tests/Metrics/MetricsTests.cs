using System.Text;
using Init.Admin.Metrics;
using Init.Control;

namespace Init.Admin.Tests.Metrics;

public sealed class MetricsTests
{
    internal static ControlResult.Metrics Sample { get; } = new(
        new ServerMetrics
        {
            StartedAt = 1_700_000_000_500,
            CpuSeconds = 1.5,
            MemoryBytes = 9_000_000,
            LoopPass = new Histogram([new HistogramBucket(0.001, 2), new HistogramBucket(0.01, 3)], 4, 0.5, 0.4),
            TimerDelay = new Histogram([new HistogramBucket(0.001, 0)], 0, 0, 0),
            Reloads = 2,
        },
        [
            new ProgramMetrics
            {
                Name = "we\"ird\\na\nme", Program = "web", Group = "g", Process = "p", State = "RUNNING", StateCode = 20, StartedAt = 1_700_000_000_000, Ready = true,
                Health = "unhealthy", Critical = true, Restarts = 7, Exits = [new ExitCount(1, null, 3), new ExitCount(null, "SIGKILL", 2)], CpuSeconds = 0.25, LogBytes = 10,
            },
            new ProgramMetrics { Name = "idle", Program = "idle", Group = "idle", Process = "idle", State = "STOPPED", StateCode = 0 },
            new ProgramMetrics { Name = "init:gateway", Program = "init:gateway", Group = "", Process = "", State = "RUNNING", StateCode = 20, Own = true },
        ]);

    [Fact]
    public void Prometheus_WhenWritten_HasWhatIsThereAndEscapes()
    {
        string[] lines = Lines(isOpenMetrics: false);

        Assert.Contains("# TYPE init_program_restarts_total counter", lines);
        Assert.Contains("""init_program_restarts_total{name="we\"ird\\na\nme",program="web",group="g"} 7""", lines);
        Assert.Contains("""init_program_exits_total{name="we\"ird\\na\nme",program="web",group="g",code="",signal="SIGKILL"} 2""", lines);
        Assert.Contains("""init_program_state{name="idle",program="idle",group="idle",state="STOPPED"} 1""", lines);
        Assert.Contains("""init_program_healthy{name="we\"ird\\na\nme",program="web",group="g"} 0""", lines);
        Assert.Contains("""init_loop_pass_seconds_bucket{le="+Inf"} 4""", lines);
        Assert.Contains("""init_loop_pass_seconds_bucket{le="0.001"} 2""", lines);
        Assert.Contains("init_start_time_seconds 1700000000.5", lines);
        Assert.DoesNotContain(lines, line => line.Contains("init:gateway", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("init_program_healthy{name=\"idle\"", StringComparison.Ordinal));
        Assert.DoesNotContain("# EOF", lines);
    }

    [Fact]
    public void OpenMetrics_WhenWritten_NamesFamiliesWithoutTotalAndEnds()
    {
        string[] lines = Lines(isOpenMetrics: true);

        Assert.Contains("# TYPE init_program_restarts counter", lines);
        Assert.Contains("# UNIT init_program_memory_bytes bytes", lines);
        Assert.Contains("""init_program_restarts_total{name="idle",program="idle",group="idle"} 0""", lines);
        Assert.Equal("# EOF", lines[^1]);
    }

    [Fact]
    public void Families_WhenWritten_StandTogetherAndOnce()
    {
        string[] families = [.. Lines(isOpenMetrics: false).Where(line => line.StartsWith("# TYPE", StringComparison.Ordinal))];

        Assert.Equal(families.Distinct(), families);
    }

    private static string[] Lines(bool isOpenMetrics) =>
        Encoding.UTF8.GetString(MetricFamilies.Write(Sample, "1.2.3", isOpenMetrics)).TrimEnd('\n').Split('\n');
}
