using System.Text.Json;
using Init.Base;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Logs;

/// <summary>Output is kept byte for byte, and whoever takes it slowly or not at all holds nobody up.</summary>
public sealed class LogTests
{
    [RootTheory]
    [InlineData(50_000, 100, 100_000, 100)]
    [InlineData(30, 1_000_000, 400_000, 100)]
    [InlineData(600, 997, 4096, 1000)]
    public void Rotation_NeverSplitsALineAndLosesNone(int lines, int size, int maxSize, int keep)
    {
        using InitUnderTest init = InitUnderTest.Start($$"""
            [program.writer]
            command = ["${DUMMY}", "spew", "{{lines}}", "{{size}}"]
            restart = "never"
            start_grace = "0s"
            stdout = { max_size = "{{maxSize}}B", keep = {{keep}}, mirror = false }
            """);
        init.WaitForState("writer", "EXITED");
        string directory = Path.Combine(init.Directory, "state/logs");
        init.WaitUntil(() => Files().Sum(file => new FileInfo(file) is { Exists: true } info ? info.Length : 0) == (long)lines * size, "all of it to be written");

        int next = 0;
        foreach (string file in Files())
        {
            byte[] content = File.ReadAllBytes(file);
            Assert.True(content.Length <= Math.Max(maxSize, size), $"{file} has {content.Length} bytes");
            Assert.Equal(0, content.Length % size);
            for (int at = 0; at < content.Length; at += size, next++)
            {
                ReadOnlySpan<byte> line = content.AsSpan(at, size);
                Assert.Equal('\n', (char)line[^1]);
                Assert.False(line[..^1].ContainsAnyExcept((byte)('a' + next % 26)), $"line {next} in {file}");
            }
        }

        Assert.Equal(lines, next);
        init.EndInOrder();

        // Oldest first: writer.log.N has the highest number.
        string[] Files() =>
            [.. Directory.GetFiles(directory, "writer.log*").OrderByDescending(file => file.EndsWith(".log", StringComparison.Ordinal) ? 0 : int.Parse(file.Split('.')[^1]))];
    }

    [RootFact]
    public void Bytes_OfAnyKind_AreKeptAsTheyAre()
    {
        byte[] blob = new byte[3_000_000];
        new Random(42).NextBytes(blob); // NUL bytes, invalid UTF-8, long lines and no newline at the end.
        blob[^1] = 0xFF;
        using InitUnderTest init = InitUnderTest.Start("""
            [program.binary]
            command = ["cat", "${DIR}/blob"]
            restart = "never"
            enabled = false
            start_grace = "0s"
            stdout = { max_size = "0B" }
            """);
        File.WriteAllBytes(Path.Combine(init.Directory, "blob"), blob);
        init.StartProgram("binary");
        init.WaitForState("binary", "EXITED");

        string log = Path.Combine(init.Directory, "state/logs/binary.log");
        init.WaitUntil(() => new FileInfo(log).Length >= blob.Length, "all of it to be written");
        Assert.True(blob.AsSpan().SequenceEqual(File.ReadAllBytes(log)), "the log differs from what was written");
        init.EndInOrder();
    }

    [RootTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Stdout_ThatNobodyReads_HoldsNobodyUp(bool asPid1)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.spewer]
            command = ["${DUMMY}", "spew", "20000", "200", "touch", "${DIR}/written", "pause"]
            start_grace = "0s"
            [program.dying]
            command = ["${DUMMY}", "sleep", "20"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "10ms", max = "10ms" }
            """,
            new InitOptions { AsPid1 = asPid1, Prelude = "mkfifo $DIR/out", Redirection = "1<> $DIR/out" });

        init.WaitUntil(() => File.Exists(Path.Combine(init.Directory, "written")), "the spewer to get rid of its output");
        int before = init.WaitForState("dying", "RUNNING").Restarts;
        init.WaitUntil(() => init.StatusOf("dying").Restarts > before + 10, "restarts to go on");

        Assert.Equal(20000 * 200, init.StatusOf("spewer").LogBytes); // The file has it all.
        init.WaitUntil(() => init.StatusOf("spewer").LogDroppedLines > 0, "the dropped lines to be counted");
        Instant asked = MonotonicClock.Now;
        init.Signal(Linux.Signals.SIGTERM);
        if (asPid1)
            Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
        else
            init.WaitUntil(() => !init.CommandsInside().Exists(line => line.Contains(TestPaths.Dummy, StringComparison.Ordinal)), "the end");
        Assert.True(MonotonicClock.Now - asked < TimeSpan.FromSeconds(15));
    }

    [RootTheory]
    [InlineData(">&-")]
    [InlineData("> /dev/full")]
    [InlineData("| true")]
    public void Stdout_ThatCannotBeWritten_HoldsNobodyUp(string redirection)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.dying]
            command = ["${DUMMY}", "say", "hello", "sleep", "20"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "10ms", max = "10ms" }
            """,
            new InitOptions { AsPid1 = !redirection.StartsWith('|'), Redirection = redirection });

        init.WaitForState("dying", "RUNNING", status => status.Restarts > 20);

        Assert.Contains("hello\n", init.ReadLog("dying.log"), StringComparison.Ordinal);
        Assert.Contains("dying: ", init.ReadLog("init.log"), StringComparison.Ordinal);
        init.Signal(Linux.Signals.SIGTERM);
        if (!redirection.StartsWith('|'))
            Assert.Equal(ExitStatus.Exited(0), init.WaitForExit());
    }

    [RootTheory]
    [InlineData(0)]
    [InlineData(12345)]
    public void LogDirectory_OnAFullDisk_DropsCountsAndRecovers(int uid)
    {
        using InitUnderTest init = InitUnderTest.Start(
            """
            [program.writer]
            command = ["${DUMMY}", "report", "10", "spew", "3000", "100", "say", "done", "pause"]
            start_grace = "0s"
            [program.dying]
            command = ["${DUMMY}", "sleep", "20"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "10ms", max = "10ms" }
            stdout = { file = "", mirror = true }
            """,
            new InitOptions { Uid = uid, Prelude = "mkdir -p -m 777 $DIR/state/logs; chmod 777 $DIR/state; mount -t tmpfs -o size=128k,mode=777 tmpfs $DIR/state/logs" });
        init.WaitForLine("No space left on device (errno 28)");
        init.WaitUntil(() => init.Lines.Any(line => line.EndsWith("writer | done", StringComparison.Ordinal)), "the writer to get through");
        int before = init.WaitForState("dying", "RUNNING").Restarts;
        init.WaitUntil(() => init.StatusOf("dying").Restarts > before + 10, "restarts to go on");

        // The mount is seen only by Init; through its root the tests get there too.
        string inside = $"/proc/{init.Pid}/root{init.Directory}/state/logs";
        Assert.Equal("writer.log", string.Join(' ', Directory.GetFiles(inside, "writer.log").Select(Path.GetFileName)));
        File.Delete(Path.Combine(inside, "writer.log"));
        init.Signal(Linux.Signals.SIGUSR2);
        init.WaitForLine("received SIGUSR2");
        init.Ask(new ControlRequest.Signal(["writer"], Linux.Signals.SIGUSR1));
        init.WaitForLine("were dropped while the disk was full");

        string log = Path.Combine(inside, "writer.log");
        init.WaitUntil(() => File.Exists(log) && File.ReadAllText(log).EndsWith("signal 10\n", StringComparison.Ordinal), "the log to work again");
        init.EndInOrder();
        Assert.Single(init.Lines, line => line.Contains("writer.log: No space left on device", StringComparison.Ordinal));
    }

    [RootFact]
    public void LogFile_ThatIsADevice_IsNeitherRotatedNorFatal()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.full]
            command = ["${DUMMY}", "spew", "3000", "100", "say", "done", "pause"]
            start_grace = "0s"
            stdout = { file = "/dev/full", max_size = "1KiB" }
            [program.null]
            command = ["${DUMMY}", "spew", "3000", "100", "say", "done", "pause"]
            start_grace = "0s"
            stdout = { file = "/dev/null", max_size = "1KiB", mirror = true }
            """);
        init.WaitUntil(() => init.Lines.Any(line => line.EndsWith("full | done", StringComparison.Ordinal)), "the first to get through");
        init.WaitUntil(() => init.Lines.Any(line => line.EndsWith("null | done", StringComparison.Ordinal)), "the second to get through");

        Assert.True(File.Exists("/dev/full") && !File.Exists("/dev/full.1") && !File.Exists("/dev/null.1"));
        init.EndInOrder();
    }

    [RootFact]
    public void Mirror_AsJson_GivesOneObjectPerLine()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [init]
            log_format = "json"
            [program.talker]
            command = ["${DUMMY}", "say", "a \"quoted\" line", "complain", "from stderr", "pause"]
            start_grace = "0s"
            """);
        init.WaitForLine("from stderr");
        init.EndInOrder();

        List<JsonElement> lines = [.. init.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Contains(lines, line => line.ToString().Contains("talker", StringComparison.Ordinal) && line.EnumerateObject().Any(field => field.Value.ToString() == "a \"quoted\" line"));
        Assert.All(lines, line => Assert.True(DateTimeOffset.TryParse(line.GetProperty("time").GetString(), out _)));
    }
}
