using System.Text;
using Init.Base;
using Init.Engine.Logging;
using Init.Linux;

namespace Init.Engine.Tests.Logging;

public sealed class LogFileTests : IDisposable
{
    private readonly TestDirectory _directory = new();
    private readonly FaultySystem _system = new();
    private readonly InitLog _log = new(TimeProvider.System, LogLevel.Debug, () => { });
    private readonly LineWriter _writer = new(new LogCounters());
    private readonly LineWriter _other = new(new LogCounters());
    private readonly LogFile _file;
    private Instant _now = new(1_000_000_000_000);

    public LogFileTests() => _file = new LogFile(_directory["x.log"], _log, _system);

    public void Dispose()
    {
        _file.Close();
        _directory.Dispose();
    }

    [Fact]
    public void Append_WhenLimitIsReached_RotatesBetweenLinesAndKeepsSoMany()
    {
        (_file.MaxSize, int keep) = (10, 2);
        _file.ChangeKeep(keep);
        Append("aaaa\nbbbb\n"); // Exactly the limit.
        Append("cccc\n");
        Append("dddd\neeee\nffff\n");
        Append("gggg\n");

        Assert.Equal(["cccc\ndddd\n", "eeee\nffff\n", "gggg\n"], Contents());
    }

    [Fact]
    public void Append_WhenOneLineIsLongerThanTheLimit_KeepsItWholeAndAlone()
    {
        _file.MaxSize = 10;
        _file.ChangeKeep(9);
        Append("a\n" + new string('x', 50));
        Append(new string('y', 50) + "\nb\n");

        Assert.Equal(["a\n", new string('x', 50) + new string('y', 50) + "\n", "b\n"], Contents());
    }

    [Fact]
    public void Append_WhenAnUnfinishedLineOutgrowsTheFile_MovesToTheNextFileAsAWhole()
    {
        _file.MaxSize = 10;
        _file.ChangeKeep(9);
        Append("aaaa\nbbb");
        Append("bbbb\nc\n");

        Assert.Equal(["aaaa\n", "bbbbbbb\nc\n"], Contents());
    }

    [Theory]
    [InlineData("aaaa\nbbb", "bbbb\nc\n", "bbbbbbb\nc\n")]
    [InlineData("aaaa\n", "bbbbbbb\n", "bbbbbbb\n")]
    public void Append_WhenNothingIsKept_EmptiesTheFileInstead(string first, string second, string expected)
    {
        _file.MaxSize = 10;
        Append(first);
        Append(second);

        Assert.Equal([expected], Contents());
    }

    [Fact]
    public void Append_WhenAnotherWriterIsInsideALine_DoesNotContinueThatLine()
    {
        Append("half");
        Append("whole\n", _other);
        Append("rest\n");

        Assert.Equal(["half\nwhole\nrest\n"], Contents());
    }

    [Fact]
    public void Append_WhenTheFileOfAnEarlierRunEndsInsideALine_BeginsANewOne()
    {
        File.WriteAllText(_directory["x.log"], "old\nhalf");
        Append("new\n");

        Assert.Equal(["old\nhalf\nnew\n"], Contents());
    }

    [Fact]
    public void Append_WhenDiskFillsUpInsideALine_TakesTheHalfLineBackAndDropsItsRest()
    {
        Append("first\n");
        _system.BytesLeft = 8;
        Append("second\nthird\nfour"); // Room for "second\n" and one byte.
        _system.BytesLeft = long.MaxValue;
        Append("th\n"); // Belongs to a line whose beginning is lost.
        Later(2);
        Append("fifth\n");

        Assert.Equal(["first\nsecond\nfifth\n"], Contents());
        Assert.Equal("third\nfourth\n".Length, _writer.Counters.Snapshot.FileDroppedBytes);
        string[] said = Said();
        Assert.Equal(2, said.Length);
        Assert.Contains("No space left on device (errno 28)", said[0], StringComparison.Ordinal);
        Assert.Equal($"13 bytes of {_directory["x.log"]} were dropped while the disk was full", said[1]);
    }

    [Fact]
    public void Append_WhenDiskFillsUpAndTheHalfLineCannotBeTakenBack_EndsItWithANewline()
    {
        _system.TruncateErrno = Errno.EIO;
        _system.BytesLeft = 3;
        Append("second\n");
        _system.BytesLeft = long.MaxValue;
        Later(2);
        Append("third\n");

        Assert.Equal(["sec\nthird\n"], Contents());
    }

    [Fact]
    public void Append_WhenDiskFillsUpInALineThatHasBegunEarlier_LeavesNoPieceOfIt()
    {
        Append("one\ntwo-");
        _system.BytesLeft = 0;
        Append("three\nfour\n");
        _system.BytesLeft = long.MaxValue;
        Later(2);
        Append("five\n");

        Assert.Equal(["one\nfive\n"], Contents());
        Assert.Equal("two-three\nfour\n".Length, _writer.Counters.Snapshot.FileDroppedBytes);
    }

    [Theory]
    [InlineData(Errno.EIO)]
    [InlineData(Errno.EROFS)]
    [InlineData(Errno.EDQUOT)]
    public void Append_WhenWritingFails_SaysSoOnceAndTriesAtGrowingIntervals(int errno)
    {
        _system.WriteErrno = errno;
        int tries = 0;
        for (int second = 0; second < 100; second++)
        {
            int before = _system.Opened;
            Append("line\n");
            tries += _system.Opened - before;
            Later(1);
        }

        Assert.InRange(tries, 5, 10); // 0, 1, 3, 7, 15, 31, 61, 91
        Assert.Single(Said());
        _system.WriteErrno = 0;
        Later(31);
        Append("good\n");
        Assert.Equal(["good\n"], Contents());
        Assert.StartsWith("500 bytes of", Assert.Single(Said()), StringComparison.Ordinal);
        Assert.Equal(500, _writer.Counters.Snapshot.FileDroppedBytes);
    }

    [Fact]
    public void Append_WhenItFailsAndWorksAgainAllTheTime_DoesNotTalkAllTheTime()
    {
        for (int second = 0; second < 60; second++)
        {
            _system.WriteErrno = second % 2 == 0 ? Errno.ENOSPC : 0;
            Append("line\n");
            Later(2);
        }

        Assert.InRange(Said().Length, 2, 10);
    }

    [Fact]
    public void Append_WhenDirectoryIsMissing_MakesIt()
    {
        LogFile file = new(_directory["new/sub/x.log"], _log, _system);
        file.Append(_writer, "kept\n"u8, _now);
        file.Close();

        Assert.Equal("kept\n", File.ReadAllText(_directory["new/sub/x.log"]));
    }

    [Fact]
    public void Append_WhenDirectoryCannotBeMade_DropsUntilItIsThere()
    {
        File.WriteAllText(_directory["sub"], "in the way");
        LogFile file = new(_directory["sub/x.log"], _log, _system);
        file.Append(_writer, "lost\n"u8, _now);
        File.Delete(_directory["sub"]);
        Directory.CreateDirectory(_directory["sub"]);
        file.Append(_writer, "too early\n"u8, _now);
        Later(2);
        file.Append(_writer, "kept\n"u8, _now);
        file.Close();

        Assert.Equal("kept\n", File.ReadAllText(_directory["sub/x.log"]));
        Assert.Contains("cannot open log file", Said()[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Rotate_WhenSomebodyHasReplacedTheFile_LeavesTheNewOneInPlaceAndAppends()
    {
        (_file.MaxSize, int keep) = (10, 3);
        _file.ChangeKeep(keep);
        Append("aaaa\nbbbb\n");
        File.Move(_directory["x.log"], _directory["moved.log"]);
        File.WriteAllText(_directory["x.log"], "new\n");
        Append("cccc\n");

        Assert.Equal("aaaa\nbbbb\n", File.ReadAllText(_directory["moved.log"]));
        Assert.Equal(["new\ncccc\n"], Contents());
    }

    [Fact]
    public void Rotate_WhenSomebodyHasDeletedTheFile_MakesANewOne()
    {
        (_file.MaxSize, int keep) = (10, 3);
        _file.ChangeKeep(keep);
        Append("aaaa\nbbbb\n");
        File.Delete(_directory["x.log"]);
        Append("cccc\n");

        Assert.Equal(["cccc\n"], Contents());
    }

    [Fact]
    public void Rotate_WhenTheDirectoryForbidsRenaming_EmptiesTheFileAndSaysSoOnce()
    {
        (_file.MaxSize, int keep) = (10, 3);
        _file.ChangeKeep(keep);
        _system.RenameErrno = Errno.EACCES;
        for (int i = 0; i < 5; i++)
            Append($"line {i}\n");

        Assert.Equal(["line 4\n"], Contents());
        Assert.Contains("cannot rename log file", Assert.Single(Said()), StringComparison.Ordinal);
    }

    [Fact]
    public void Rotate_WhenThePathIsALinkToAFile_NeitherRenamesNorEmpties()
    {
        _file.MaxSize = 10;
        _file.ChangeKeep(3);
        File.CreateSymbolicLink(_directory["x.log"], _directory["target"]);
        Append("aaaa\nbbbb\ncccc\ndddd\n");
        _file.Clear(_now);

        Assert.Equal("aaaa\nbbbb\ncccc\ndddd\n", File.ReadAllText(_directory["target"]));
        Assert.Equal(2, Directory.GetFiles(_directory.Path).Length);
    }

    [Fact]
    public void Reopen_WhenLogrotateHasRenamedTheFile_GoesOnInANewOne()
    {
        Append("old\n");
        File.Move(_directory["x.log"], _directory["x.log.1"]);
        Append("still old\n");
        _file.Reopen(_now);

        Assert.True(File.Exists(_directory["x.log"]));
        Append("new\n");
        Assert.Equal(["old\nstill old\n", "new\n"], Contents());
    }

    [Fact]
    public void Clear_WhenThereAreRotatedFiles_DeletesThemAndEmptiesTheFile()
    {
        _file.MaxSize = 5;
        _file.ChangeKeep(3);
        Append("aaaa\nbbbb\ncccc\n");
        _file.Clear(_now);
        Append("d\n");

        Assert.Equal(["d\n"], Contents());
    }

    [Fact]
    public void ChangeKeep_WhenLowered_DeletesWhatIsTooMany()
    {
        _file.MaxSize = 5;
        _file.ChangeKeep(5);
        Append("aaaa\nbbbb\ncccc\ndddd\n");
        _file.ChangeKeep(1);

        Assert.Equal(["cccc\n", "dddd\n"], Contents());
    }

    [Fact]
    public void Append_WhenAnything_AccountsForEveryByte()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        _file.MaxSize = 200;
        _file.ChangeKeep(1000);
        long sent = 0;
        HashSet<string> lines = [];
        for (int step = 0; step < 2000; step++)
        {
            _system.BytesLeft = random.Next(4) == 0 ? random.Next(60) : long.MaxValue;
            string line = $"{step}:{new string('x', random.Next(40))}";
            lines.Add(line);
            string text = line + "\n";
            int cut = random.Next(text.Length);
            Append(text[..cut]);
            if (random.Next(10) == 0)
                Later(40);
            Append(text[cut..]);
            sent += text.Length;
        }

        byte[] kept = _directory.ReadRotated("x.log");
        foreach (string line in Encoding.ASCII.GetString(kept).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.True(lines.Contains(line), $"seed {seed}: \"{line}\" was never written");
        Assert.True(kept[^1] == '\n', $"seed {seed}");
        Assert.True(sent == kept.Length + _writer.Counters.Snapshot.FileDroppedBytes, $"seed {seed}");
        foreach (string file in _directory.Rotated("x.log"))
            Assert.True(new FileInfo(file).Length <= 200, $"seed {seed}: {file} is too large");
    }

    private void Append(string text, LineWriter? writer = null) => _file.Append(writer ?? _writer, Encoding.UTF8.GetBytes(text), _now);

    private void Later(int seconds) => _now += TimeSpan.FromSeconds(seconds);

    private string[] Contents() => [.. _directory.Rotated("x.log").Select(File.ReadAllText)];

    private string[] Said() => [.. _log.Take().Select(entry => entry.Text)];

    /// <summary>A disk that is full after so many bytes, or fails.</summary>
    private sealed class FaultySystem : LogFileSystem
    {
        public long BytesLeft { get; set; } = long.MaxValue;

        public int WriteErrno { get; set; }

        public int TruncateErrno { get; set; }

        public int RenameErrno { get; set; }

        public int Opened { get; private set; }

        public override OpenResult Open(string path, OpenFlags flags)
        {
            Opened++;
            return base.Open(path, flags);
        }

        public override IoResult Write(int fd, ReadOnlySpan<byte> data)
        {
            if (WriteErrno != 0)
                return new IoResult(0, WriteErrno);
            if (BytesLeft == 0)
                return new IoResult(0, Errno.ENOSPC);

            IoResult result = base.Write(fd, data[..(int)Math.Min(data.Length, BytesLeft)]);
            BytesLeft -= result.Count;
            return result;
        }

        public override int Truncate(int fd, long length) => TruncateErrno != 0 ? TruncateErrno : base.Truncate(fd, length);

        public override int Rename(string from, string to) => RenameErrno != 0 ? RenameErrno : base.Rename(from, to);
    }
}
