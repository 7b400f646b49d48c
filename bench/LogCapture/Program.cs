using System.Diagnostics;
using System.Globalization;
using Init.Base;
using Init.Config;
using Init.Engine.Logging;
using Init.Linux;

// Log capture of one flooding child, side by side with `cat > file` in the same run.
//   LogCapture [MEGABYTES] [DIRECTORY] [WRITER]
long total = (args.Length > 0 ? long.Parse(args[0], CultureInfo.InvariantCulture) : 500) * 1_000_000;
string directory = args.Length > 1 ? args[1] : "/dev/shm/log-capture-bench";
string writer = args.Length > 2 ? args[2] : Path.Combine(AppContext.BaseDirectory, "writer");
Directory.CreateDirectory(directory);

Print($"{total / 1_000_000} MB of 100-byte lines, files in {directory}");
Print($"{"",-44} {"MB/s",8} {"CPU s",8}   lost");
foreach (int chunk in (int[])[100, 8000])
{
    string target = Path.Combine(directory, "program.log");
    string mirror = Path.Combine(directory, "stdout.log");
    for (int round = 0; round < 2; round++)
    {
        Cat(chunk, target);
        Pump($"{chunk} B writes: file only", chunk, new LogSpec(target, default, 0, Mirror: false), "/dev/null", () => total - new FileInfo(target).Length);
        Pump(
            $"{chunk} B writes: file, rotated at 50 MB", chunk, new LogSpec(target, new ByteSize(50_000_000), 20, Mirror: false), "/dev/null",
            () => total - Directory.GetFiles(directory, "program.log*").Sum(file => new FileInfo(file).Length));
        Pump($"{chunk} B writes: mirror to /dev/null", chunk, new LogSpec(null, default, 0, Mirror: true), "/dev/null", () => 0);
        Pump(
            $"{chunk} B writes: mirror to a file", chunk, new LogSpec(null, default, 0, Mirror: true), mirror,
            () => total - (new FileInfo(mirror).Length / 133 * 100));
        Pump(
            $"{chunk} B writes: file and mirror to a file", chunk, new LogSpec(target, default, 0, Mirror: true), mirror,
            () => total - new FileInfo(target).Length);
        Pump(
            $"{chunk} B writes: mirror as JSON to /dev/null", chunk, new LogSpec(null, default, 0, Mirror: true), "/dev/null", () => 0, LogFormat.Json);
    }
}

Directory.Delete(directory, recursive: true);

void Pump(string name, int chunk, LogSpec spec, string stdout, Func<long> lost, LogFormat format = LogFormat.Text)
{
    Clean();
    using EventLoop main = new();
    int fd = Files.Open(stdout, OpenFlags.Write | OpenFlags.Create | OpenFlags.Truncate).OrThrow("open", stdout);
    LogPump pump = new(new LogPumpOptions { MainLoop = main, StdoutFd = fd, Format = format });
    var (read, write) = Pipes.Create();
    TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
    long began = Stopwatch.GetTimestamp();
    pump.Start();
    pump.Attach("bench", OutputStream.Stdout, read, spec);
    int pid = Spawn(chunk, write);
    Files.Close(write);
    Reaper.WaitFor(pid);
    bool inTime = pump.Stop(TimeSpan.FromSeconds(60));
    double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    double cpu = (Environment.CpuUsage.TotalTime - cpuBefore).TotalSeconds;
    LogStatistics statistics = pump.StatisticsOf("bench");
    long missing = (total - statistics.Bytes) + statistics.MirrorDroppedLines + (statistics.Bytes / 100 - statistics.Lines) + lost();
    Print($"{name,-44} {total / 1e6 / seconds,8:0} {cpu,8:0.00}   {missing}{(inTime ? "" : " (stop timed out)")}");
    pump.Dispose();
}

void Cat(int chunk, string target)
{
    Clean();
    var (read, write) = Pipes.Create();
    var (timesRead, timesWrite) = Pipes.Create();
    long began = Stopwatch.GetTimestamp();
    int cat = ((SpawnResult.Spawned)Spawner.Spawn(new SpawnRequest
    {
        Path = "/bin/bash",
        Argv = ["bash", "-c", $"TIMEFORMAT='%U %S'; time cat > {target}"],
        Environment = ["PATH=/usr/bin:/bin", "LC_ALL=C"],
        Stdin = read,
        Stderr = timesWrite,
    })).Pid;
    int pid = Spawn(chunk, write);
    Files.Close(write);
    Files.Close(read);
    Files.Close(timesWrite);
    Reaper.WaitFor(pid);
    Reaper.WaitFor(cat);
    double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
    byte[] times = new byte[200];
    string text = System.Text.Encoding.ASCII.GetString(times, 0, Files.Read(timesRead, times).Count);
    Files.Close(timesRead);
    double cpu = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Sum(part => double.Parse(part, CultureInfo.InvariantCulture));
    Print($"{$"{chunk} B writes: cat > file",-44} {total / 1e6 / seconds,8:0} {cpu,8:0.00}   {total - new FileInfo(target).Length}");
}

int Spawn(int chunk, int stdout) => ((SpawnResult.Spawned)Spawner.Spawn(new SpawnRequest
{
    Path = writer,
    Argv = ["writer", total.ToString(CultureInfo.InvariantCulture), chunk.ToString(CultureInfo.InvariantCulture)],
    Environment = [],
    Stdout = stdout,
})).Pid;

void Clean()
{
    foreach (string file in Directory.GetFiles(directory))
        File.Delete(file);
}

static void Print(FormattableString line)
{
    using Stream stdout = Console.OpenStandardOutput();
    stdout.Write(System.Text.Encoding.UTF8.GetBytes(line.ToString(CultureInfo.InvariantCulture) + "\n"));
}
