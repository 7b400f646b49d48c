using System.Diagnostics;
using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Sqlite;

namespace Init.Backup.Tests;

/// <summary>Databases that are written to by another program while they are backed up. The program is Python's sqlite3, which knows nothing of us.</summary>
public sealed class SqliteTests
{
    /// <summary>Moves money between accounts for as long as it lives; the sum never changes, and every transfer is noted in a second table.</summary>
    private const string Writer = """
        import random, sqlite3, sys
        db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
        db.execute('PRAGMA journal_mode=' + sys.argv[2])
        db.execute('PRAGMA synchronous=OFF')
        if not db.execute("SELECT 1 FROM sqlite_master").fetchone():
            db.executescript('BEGIN; CREATE TABLE account(id INTEGER PRIMARY KEY, money INT); CREATE TABLE transfer(id INTEGER PRIMARY KEY, note TEXT); CREATE INDEX note ON transfer(note);'
                + ''.join('INSERT INTO account VALUES(%d,100);' % i for i in range(1000)) + 'COMMIT;')
        print('ready', flush=True)
        while True:
            a, b = random.randrange(1000), random.randrange(1000)
            db.execute('BEGIN IMMEDIATE')
            db.execute('UPDATE account SET money=money-1 WHERE id=?', (a,))
            db.execute('UPDATE account SET money=money+1 WHERE id=?', (b,))
            db.execute('INSERT INTO transfer(note) VALUES(?)', ('x' * random.randrange(500),))
            db.execute('COMMIT')
        """;

    private const string Checker = """
        import sqlite3, sys
        db = sqlite3.connect(sys.argv[1])
        print(db.execute('PRAGMA integrity_check').fetchone()[0], db.execute('SELECT sum(money), count(*) FROM account').fetchone(), db.execute('SELECT count(*) FROM transfer').fetchone()[0])
        """;

    [Theory]
    [InlineData("WAL", 15)]
    [InlineData("DELETE", 8)]
    public void Backup_WhileAWriterIsAtFullSpeed_TakesWholeStatesThatGoForward(string mode, int backups)
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "bank.db");
        using Process writer = StartWriter(path, mode);
        List<string> commits = [];
        try
        {
            for (int i = 0; i < backups; i++)
            {
                BackupResult result = folder.Backup();
                Assert.DoesNotContain(result.Notes.Kept, note => note.Kind != NoteKind.Unreadable);
                commits.Add(result.Commit!);
            }
        }
        finally
        {
            writer.Kill();
            writer.WaitForExit();
        }

        int last = 0;
        foreach (string commit in commits.Distinct())
        {
            string into = Path.Combine(folder.Root, commit);
            var restored = folder.Restore(commit, into);
            Assert.Empty(restored.Notes.Kept);
            Assert.False(File.Exists(Path.Combine(into, "t", "bank.db-wal")));
            string[] said = TestFolder.Run("python3", "-c", Checker, Path.Combine(into, "t", "bank.db")).Split(' ', '\n');
            Assert.Equal(["ok", "(100000,", "1000)"], said[..3]);
            Assert.True(int.Parse(said[3]) >= last, "went back");
            last = int.Parse(said[3]);
        }

        Assert.True(commits.Distinct().Count() > backups / 2, $"only {commits.Distinct().Count()} states of {backups}: the writer was not seen writing");
        folder.AssertSound();
    }

    [Fact]
    public void Backup_WhenOnlyTheLogHasTheRows_HasThem()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "a.db");
        Python("db.execute('PRAGMA journal_mode=WAL'); db.execute('CREATE TABLE t(x)')", path);
        string first = folder.Backup().Commit!;
        // Leaves without a checkpoint: what it wrote is in the log alone.
        Python("db.execute('PRAGMA wal_autocheckpoint=0'); db.execute('INSERT INTO t VALUES(42)'); db.commit(); import os; os._exit(0)", path);
        Assert.True(new FileInfo(path + "-wal").Length > 0);

        BackupResult second = folder.Backup();

        Assert.True(second.IsNew);
        Assert.NotEqual(first, second.Commit);
        folder.Restore(second.Commit!, Path.Combine(folder.Root, "r"));
        Assert.Equal("[(42,)]", Python("print(db.execute('SELECT x FROM t').fetchall())", Path.Combine(folder.Root, "r", "t", "a.db")).Trim());
    }

    [Fact]
    public void Restore_WhenAStaleLogIsThere_RemovesIt()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "a.db");
        Python("db.execute('CREATE TABLE t(x)'); db.execute('INSERT INTO t VALUES(1)'); db.commit()", path);
        string commit = folder.Backup().Commit!;
        File.Delete(path);
        foreach (string suffix in new[] { "-wal", "-shm", "-journal" })
            File.WriteAllText(path + suffix, "of another time");

        folder.Restore(commit);

        Assert.Equal(["a.db"], Directory.EnumerateFiles(folder.Target).Select(Path.GetFileName));
        Assert.Equal("[(1,)]", Python("print(db.execute('SELECT x FROM t').fetchall())", path).Trim());
    }

    [Fact]
    public void Restore_WhenTheDatabaseWentOn_KeepsItAsideWithItsLog()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "a.db");
        Python("db.execute('PRAGMA journal_mode=WAL'); db.execute('CREATE TABLE t(x)')", path);
        string commit = folder.Backup().Commit!;
        Python("db.execute('INSERT INTO t VALUES(7)'); db.commit(); import os; os._exit(0)", path);

        var restored = folder.Restore(commit);

        Assert.Equal(NoteKind.KeptAside, Assert.Single(restored.Notes.Kept).Kind);
        Assert.Equal("[]", Python("print(db.execute('SELECT x FROM t').fetchall())", path).Trim());
        Assert.Equal("[(7,)]", Python("print(db.execute('SELECT x FROM t').fetchall())", path + ".local-20260102T030405Z").Trim());
    }

    [Fact]
    public void Backup_WhenADatabaseIsNone_TakesItAsAFileAndSaysSo()
    {
        using TestFolder folder = new();
        byte[] content = [.. SqliteSnapshot.Magic, .. Encoding.ASCII.GetBytes(new string('x', 5000))];
        folder.Write("fake.db", content);

        BackupResult result = folder.Backup();

        BackupNote note = Assert.Single(result.Notes.Kept);
        Assert.Equal(NoteKind.NotADatabase, note.Kind);
        Assert.Contains("file is not a database", note.Text);
        folder.Wipe();
        folder.Restore(result.Commit!);
        Assert.Equal(content, File.ReadAllBytes(Path.Combine(folder.Target, "fake.db")));
    }

    [Fact]
    public void Backup_WhenADatabaseIsLocked_KeepsTheLastOneAndSaysSo()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "a.db");
        Python("db.execute('CREATE TABLE t(x)'); db.commit()", path);
        string first = folder.Backup().Commit!;
        using Process holder = Start("db.execute('INSERT INTO t VALUES(1)'); db.commit(); db.isolation_level=None; db.execute('PRAGMA locking_mode=EXCLUSIVE'); db.execute('BEGIN EXCLUSIVE'); print('ready', flush=True); import time; time.sleep(600)", path);
        try
        {
            BackupResult result = folder.Backup();

            BackupNote note = Assert.Single(result.Notes.Kept);
            Assert.Equal(NoteKind.Unreadable, note.Kind);
            Assert.Contains("database is locked", note.Text);
            Assert.Contains("the last backup of it is kept", note.Text);
            folder.Restore(result.Commit!, Path.Combine(folder.Root, "r"));
            Assert.True(File.Exists(Path.Combine(folder.Root, "r", "t", "a.db")), first);
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }
    }

    [Fact]
    public void Backup_WhenOneRowOfALargeDatabaseChanges_GrowsByLittle()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "big.db");
        Python("db.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB)'); import os; db.executemany('INSERT INTO t(x) VALUES(?)', ((os.urandom(1000),) for i in range(20000))); db.commit()", path);
        folder.Backup();
        long before = folder.StoreBytes();

        Python("db.execute('UPDATE t SET x=zeroblob(1000) WHERE id=10000'); db.commit()", path);
        Assert.True(folder.Backup().IsNew);

        Assert.InRange(folder.StoreBytes() - before, 1, 300_000);
        string head = folder.Git("show", "main:.init/manifest/head.json");
        Assert.Contains("\"entries\":2", head);
        Assert.Equal(ManifestHead.Format, System.Text.Json.JsonDocument.Parse(head).RootElement.GetProperty("format").GetInt32());
    }

    [Fact]
    public void Check_WhenAPageIsOverwritten_SaysWhatIsWrong()
    {
        using TestFolder folder = new();
        string path = Path.Combine(folder.Target, "a.db");
        Python("db.execute('CREATE TABLE t(x)'); db.executemany('INSERT INTO t VALUES(?)', (('y' * 500,) for i in range(200))); db.commit()", path);
        Assert.Null(SqliteSnapshot.Check(Encoding.UTF8.GetBytes(path)));

        byte[] content = File.ReadAllBytes(path);
        content.AsSpan(8192, 4096).Fill(0xAA);
        File.WriteAllBytes(path, content);

        Assert.NotNull(SqliteSnapshot.Check(Encoding.UTF8.GetBytes(path)));
    }

    private static string Python(string code, string path) => TestFolder.Run("python3", "-c", $"import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); {code}", path);

    private static Process StartWriter(string path, string mode) => WaitUntilReady(Process.Start(new ProcessStartInfo("python3", ["-c", Writer, path, mode]) { RedirectStandardOutput = true, UseShellExecute = false })!);

    private static Process Start(string code, string path) =>
        WaitUntilReady(Process.Start(new ProcessStartInfo("python3", ["-c", $"import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); {code}", path]) { RedirectStandardOutput = true, UseShellExecute = false })!);

    private static Process WaitUntilReady(Process process)
    {
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process;
    }
}
