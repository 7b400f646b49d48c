using System.Security.Cryptography;
using System.Text;
using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed class LogPumpFileTests
{
    [Fact]
    public void File_WhenOutputIsAnyBytes_IsTheSameByteForByteOverRotatedFiles()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log", maxSize: 3_000_000, keep: 100));
        int seed = Environment.TickCount;
        Random random = new(seed);
        using IncrementalHash sent = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long total = 0;
        for (int i = 0; i < 300; i++)
        {
            // NUL and invalid UTF-8 included; lines of 0 bytes, of about 100, of 1 MB; and at last half a line.
            byte[] line = new byte[i % 50 == 49 ? 1_000_000 : random.Next(30_000)];
            random.NextBytes(line);
            if (i % 3 != 0)
                line.AsSpan().Replace((byte)'\n', (byte)0);
            if (i != 299)
                line = [.. line, (byte)'\n'];
            PumpHarness.Write(fd, line);
            sent.AppendData(line);
            total += line.Length;
        }

        harness.Close(fd);
        Assert.True(harness.Stop());

        string[] files = harness.Directory.Rotated("web.log");
        Assert.True(files.Length > 2);
        byte[] kept = harness.Directory.ReadRotated("web.log");
        Assert.True(total == kept.Length && SHA256.HashData(kept).AsSpan().SequenceEqual(sent.GetHashAndReset()), $"seed {seed}");
        foreach (string file in files)
            Assert.True(new FileInfo(file).Length <= 3_000_000, $"seed {seed}: {file}");
        foreach (string file in files[..^1])
            Assert.True(File.ReadAllBytes(file)[^1] == '\n', $"seed {seed}: {file} ends inside a line");
        Assert.Equal(total, harness.Pump.StatisticsOf("web").Bytes);
        Assert.Equal(kept.Count(value => value == '\n'), harness.Pump.StatisticsOf("web").Lines);
    }

    [Fact]
    public void File_WhenALineIsLongerThanTheLimit_HoldsItWhole()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log", maxSize: 100_000, keep: 10));
        string line = new('x', 1_000_000);
        PumpHarness.Write(fd, "before\n" + line + "\nafter\n");
        harness.Close(fd);
        Assert.True(harness.Stop());

        Assert.Equal(["before\n", line + "\n", "after\n"], harness.Directory.Rotated("web.log").Select(File.ReadAllText));
    }

    [Fact]
    public void File_WhenAPromptHasNoNewline_ShowsItSoon()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(fd, "Password: ");
        harness.Until(() => harness.Text("web.log") == "Password: ", "the prompt is in the file");
        PumpHarness.Write(fd, "thanks\n");
        harness.Until(() => harness.Text("web.log") == "Password: thanks\n", "the line goes on");

        // And so after a restart.
        harness.Close(fd);
        PumpHarness.Write(harness.Attach("web", harness.File("web.log")), "Again: ");
        harness.Until(() => harness.Text("web.log") == "Password: thanks\nAgain: ", "the next process's prompt is in the file");
    }

    [Fact]
    public void File_WhenOldGrandchildKeepsItsPipe_TakesBothAndDelaysNeither()
    {
        using PumpHarness harness = PumpHarness.Create();
        int old = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(old, "old 1\nold half");
        harness.UntilReceived("web", 14);
        int replacement = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(replacement, "new 1\n");
        harness.Until(() => harness.Text("web.log").Contains("new 1\n", StringComparison.Ordinal), "the replacement is heard");
        PumpHarness.Write(old, " and half\n");
        harness.Until(() => harness.Text("web.log").Contains(" and half\n", StringComparison.Ordinal), "the old one is heard");

        Assert.True(harness.Text("web.log") is "old 1\nnew 1\nold half and half\n" or "old 1\nold half\nnew 1\n and half\n", harness.Text("web.log"));
    }

    [Fact]
    public void File_WhenTwoPipesAreOpen_HoldsHalfALineBackUntilItIsWhole()
    {
        using PumpHarness harness = PumpHarness.Create();
        int one = harness.Attach("web", harness.File("web.log"));
        int two = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(one, "half");
        harness.UntilReceived("web", 4);
        Thread.Sleep(300); // Long enough for a prompt to be put into the file, if it were one.
        PumpHarness.Write(two, "whole\n");
        harness.UntilReceived("web", 10);
        PumpHarness.Write(one, " and half\n");
        harness.Until(() => harness.Text("web.log") == "whole\nhalf and half\n", "both lines are whole: " + harness.Text("web.log"));
    }

    [Fact]
    public void File_WhenTwoPipesFlood_NeverMixesTheirLines()
    {
        using PumpHarness harness = PumpHarness.Create();
        LogSpec spec = harness.File("web.log", maxSize: 1_000_000, keep: 1000);
        Thread[] writers = [.. Enumerable.Range(0, 3).Select(number =>
        {
            // The third is another program with the same file.
            int fd = harness.Attach(number == 2 ? "other" : "web", spec);
            return new Thread(() =>
            {
                Random random = new(number);
                for (int line = 0; line < 20_000; line++)
                    PumpHarness.Write(fd, $"{number}:{line}:{new string((char)('a' + number), random.Next(300))}:{number}\n");
                lock (harness)
                    harness.Close(fd);
            });
        })];
        Array.ForEach(writers, writer => writer.Start());
        Array.ForEach(writers, writer => writer.Join());
        Assert.True(harness.Stop());

        int[] next = new int[3];
        foreach (string line in Encoding.ASCII.GetString(harness.Directory.ReadRotated("web.log")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(':');
            Assert.True(parts.Length == 4 && parts[0] == parts[3] && parts[2].All(letter => letter == 'a' + int.Parse(parts[0])), line);
            Assert.Equal(next[int.Parse(parts[0])]++, int.Parse(parts[1]));
        }

        Assert.Equal([20_000, 20_000, 20_000], next);
    }

    [Fact]
    public void File_WhenTargetIsAPipeThatNobodyReads_DropsWholeLinesAndGoesOn()
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        Assert.Equal(0, MakeFifo(harness.Directory["fifo"]));
        int reader = Files.Open(harness.Directory["fifo"], OpenFlags.Read | OpenFlags.NonBlocking).OrThrow("open", "fifo");
        int fd = harness.Attach("web", harness.File("fifo", maxSize: 1000, keep: 3));
        string line = new string('x', 99) + "\n";
        for (int i = 0; i < 5000; i++)
            PumpHarness.Write(fd, line);
        harness.Until(() => harness.Pump.StatisticsOf("web") is { Bytes: 500_000, FileDroppedBytes: > 400_000 }, "the pipe is full");

        byte[] received = new byte[1 << 20];
        int count = Files.Read(reader, received).Count;
        Assert.Equal(0, count % 100);
        Assert.Equal(500_000, count + harness.Pump.StatisticsOf("web").FileDroppedBytes);

        PumpHarness.Write(fd, "after\n");
        harness.UntilReceived("web", 500_006);
        harness.Settle();
        count = Files.Read(reader, received).Count;
        Assert.Equal("after\n", Encoding.ASCII.GetString(received, 0, count));
        Assert.Equal(["fifo"], Directory.GetFiles(harness.Directory.Path).Select(Path.GetFileName));
        Files.Close(reader);
    }

    [Theory]
    [InlineData("/dev/full", 28)]
    [InlineData("/dev/null", 0)]
    public void File_WhenTargetIsADevice_IsNeitherRotatedNorHarmful(string path, int errno)
    {
        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        int fd = harness.Attach("web", new LogSpec(path, new(10), 2, Mirror: false));
        for (int i = 0; i < 100; i++)
            PumpHarness.Write(fd, "some line\n");
        harness.UntilReceived("web", 1000);
        harness.Close(fd);
        StdoutReader stdout = harness.ReadStdout();
        Assert.True(harness.Stop());

        Assert.Equal(errno == 0 ? 0 : 1000, harness.Pump.StatisticsOf("web").FileDroppedBytes);
        string said = stdout.Text;
        Assert.Equal(errno == 0 ? 0 : 1, said.Split($"(errno {errno})").Length - 1);
        Assert.False(File.Exists(path + ".1"));
    }

    [Fact]
    public void File_WhenARealDiskIsFull_DrainsThePipeAndSaysSoOnceAndAgainWhenItWorks()
    {
        if (!TinyDisk.CanMount)
            return; // Needs root; LogFileTests do the same with a disk that only claims to be full.

        using PumpHarness harness = PumpHarness.WithStdoutPipe();
        using TinyDisk disk = new(harness.Directory["disk"], bytes: 256 << 10);
        int fd = harness.Attach("web", new LogSpec(disk.Path + "/web.log", default, 0, Mirror: false));
        string line = new string('x', 99) + "\n";
        for (int i = 0; i < 10_000; i++)
            PumpHarness.Write(fd, line); // Would wait for ever if the pipe were not drained.
        harness.UntilReceived("web", 1_000_000);

        File.Delete(disk.Path + "/web.log");
        int sent = 10_000;
        harness.Until(
            () =>
            {
                PumpHarness.Write(fd, line);
                sent++;
                return File.Exists(disk.Path + "/web.log") && new FileInfo(disk.Path + "/web.log").Length > 0;
            },
            "it writes again");
        harness.Close(fd);
        StdoutReader stdout = harness.ReadStdout();
        Assert.True(harness.Stop());

        byte[] kept = File.ReadAllBytes(disk.Path + "/web.log");
        Assert.Equal(string.Concat(Enumerable.Repeat(line, kept.Length / 100)), Encoding.ASCII.GetString(kept));
        string said = stdout.Text;
        Assert.Equal(2, said.Split("No space left on device (errno 28)").Length);
        Assert.Contains($"were dropped while the disk was full", said, StringComparison.Ordinal);
        Assert.Equal(sent * 100L, harness.Pump.StatisticsOf("web").Bytes);
    }

    [Fact]
    public void Configure_WhenFileChanges_GoesOnThereAtOnce()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("one.log"));
        PumpHarness.Write(fd, "first\n");
        harness.UntilReceived("web", 6);
        harness.Pump.Configure("web", OutputStream.Stdout, harness.File("two.log"));
        harness.Settle();
        PumpHarness.Write(fd, "second\n");
        harness.Until(() => harness.Text("two.log") == "second\n", "the second file is written");

        Assert.Equal("first\n", harness.Text("one.log"));
        harness.Pump.Configure("web", OutputStream.Stdout, spec: null);
        harness.Settle();
        PumpHarness.Write(fd, "third\n");
        harness.UntilReceived("web", 19);
        Assert.Equal("second\n", harness.Text("two.log"));
    }

    [Fact]
    public void ReopenAll_WhenFilesWereRenamed_WritesToNewOnes()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(fd, "first\n");
        harness.Until(() => harness.Text("web.log") == "first\n", "the first line is there");
        File.Move(harness.Directory["web.log"], harness.Directory["renamed.log"]);
        harness.Pump.ReopenAll();
        harness.Settle();
        PumpHarness.Write(fd, "second\n");
        harness.Until(() => harness.Text("web.log") == "second\n", "the new file is written");

        Assert.Equal("first\n", harness.Text("renamed.log"));
    }

    [Fact]
    public void Remove_WhenAPipeIsStillOpen_TakesWhatIsInItAndCloses()
    {
        using PumpHarness harness = PumpHarness.Create();
        int fd = harness.Attach("web", harness.File("web.log"));
        LogChunk last = default;
        harness.Pump.Follow("web", OutputStream.Stdout, TailRequest.Lines(0), chunk => last = chunk);
        PumpHarness.Write(fd, "last words\n");
        harness.Pump.Remove("web");
        harness.Until(() => last.IsEnd, "the follower hears of the end");

        Assert.Equal("last words\n", harness.Text("web.log"));
        Assert.Equal(Errno.EPIPE, Files.Write(fd, "x"u8).Errno);
        Assert.Equal(default, harness.Pump.StatisticsOf("web"));
    }

    [Fact]
    public void Stop_WhenPipesAreFull_TakesEverything()
    {
        using PumpHarness harness = PumpHarness.Create();
        for (int program = 0; program < 20; program++)
            PumpHarness.Write(harness.Attach($"p{program}", harness.File($"p{program}.log")), new string('x', 50_000) + "\nhalf");
        Assert.True(harness.Stop());

        for (int program = 0; program < 20; program++)
            Assert.Equal(new string('x', 50_000) + "\nhalf", harness.Text($"p{program}.log"));
    }

    [Fact]
    public void Stop_WhenTheDiskHangs_ReturnsWithinTheLimitAndTheMainLoopNeverWaited()
    {
        using ManualResetEventSlim diskWorks = new();
        PumpHarness harness = PumpHarness.Create((options, _) => options with { FileSystem = new HangingSystem(diskWorks) });
        int fd = harness.Attach("web", harness.File("web.log"));
        PumpHarness.Write(fd, "line\n");
        harness.UntilReceived("web", 5);

        long began = System.Diagnostics.Stopwatch.GetTimestamp();
        for (int i = 0; i < 1000; i++)
        {
            harness.Pump.Configure("web", OutputStream.Stdout, harness.File("other.log"));
            harness.Pump.Log.Write(LogLevel.Information, "test", "main goes on");
            _ = harness.Pump.StatisticsOf("web");
        }

        Assert.False(harness.Stop(seconds: 0.3));
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
        diskWorks.Set();
        Assert.True(harness.Stop());
        harness.Dispose();
    }

    private static int MakeFifo(string path)
    {
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start("mkfifo", path);
        process.WaitForExit();
        return process.ExitCode;
    }

    private sealed class HangingSystem(ManualResetEventSlim works) : LogFileSystem
    {
        public override IoResult Write(int fd, ReadOnlySpan<byte> data)
        {
            works.Wait();
            return base.Write(fd, data);
        }
    }

    /// <summary>A tmpfs that is soon full.</summary>
    private sealed class TinyDisk : IDisposable
    {
        public TinyDisk(string path, int bytes)
        {
            Path = path;
            Directory.CreateDirectory(path);
            Assert.Equal(0, Run("mount", "-t", "tmpfs", "-o", $"size={bytes}", "tmpfs", path));
        }

        public static bool CanMount
        {
            get
            {
                string probe = Directory.CreateTempSubdirectory("init-mount-").FullName;
                bool can = Run("mount", "-t", "tmpfs", "tmpfs", probe) == 0;
                if (can)
                    Run("umount", probe);
                Directory.Delete(probe);
                return can;
            }
        }

        public string Path { get; }

        public void Dispose() => Run("umount", "-l", Path);

        private static int Run(string program, params string[] arguments)
        {
            System.Diagnostics.ProcessStartInfo start = new(program, arguments) { RedirectStandardError = true, UseShellExecute = false };
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(start)!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
