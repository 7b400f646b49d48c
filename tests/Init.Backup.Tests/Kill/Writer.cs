using System.Diagnostics;
using System.Globalization;

namespace Init.Backup.Tests.Kill;

/// <summary>
/// A program that writes all the time: transfers in an SQLite database (WAL) whose sum never changes and which count up, files that are replaced by renaming, and a file
/// each that comes and goes. What it has done is a number; a state of the disk says its own.
/// </summary>
internal sealed class Writer : IDisposable
{
    public const int Accounts = 40, Sum = Accounts * 1000, Files = 12;

    private const string Program = """
        import os, random, sqlite3, sys, time
        target = sys.argv[1]
        os.makedirs(target + '/files', exist_ok=True)
        db = sqlite3.connect(target + '/bot.db', isolation_level=None)
        db.execute('pragma journal_mode=wal'); db.execute('pragma synchronous=off'); db.execute('pragma busy_timeout=5000')
        db.execute('create table if not exists account(id integer primary key, money integer)')
        db.execute('create table if not exists done(n integer, pad text)')
        if db.execute('select count(*) from account').fetchone()[0] == 0:
            db.execute('begin')
            db.executemany('insert into account values(?, 1000)', ((i,) for i in range(40)))
            db.execute("insert into done values(0, '')")
            db.execute('commit')
        n = db.execute('select n from done').fetchone()[0]
        for name in os.listdir(target + '/files'):
            if name.isdigit(): n = max(n, int(open(target + '/files/' + name).read().split()[0]))
        while True:
            n += 1
            a, b, m = random.randrange(40), random.randrange(40), random.randrange(100)
            db.execute('begin')
            db.execute('update account set money = money - ? where id = ?', (m, a))
            db.execute('update account set money = money + ? where id = ?', (m, b))
            db.execute('update done set n = ?, pad = ?', (n, 'x' * random.randrange(3000)))
            db.execute('commit')
            path = target + '/files/' + str(n % 12)
            with open(path + '.tmp', 'w') as f: f.write(str(n) + '\n' + 'y' * random.randrange(20000) + '\nend')
            os.rename(path + '.tmp', path)
            open(target + '/files/only-' + str(n), 'w').close()
            if os.path.exists(target + '/files/only-' + str(n - 3)): os.unlink(target + '/files/only-' + str(n - 3))
            print(n, flush=True)
            time.sleep(random.random() * 0.01)
        """;

    /// <summary>Says the numbers of a state, or what is wrong with it.</summary>
    private const string Checker = """
        import os, sqlite3, sys
        target = sys.argv[1]
        if not os.path.exists(target + '/bot.db'): print('number 0 0'); sys.exit()
        db = sqlite3.connect(target + '/bot.db')
        said = db.execute('pragma integrity_check').fetchone()[0]
        if said != 'ok': sys.exit('integrity_check: ' + said)
        n = 0
        if db.execute("select count(*) from sqlite_master where name = 'done'").fetchone()[0]:
            total, count = db.execute('select sum(money), count(*) from account').fetchone()
            if count not in (0, 40) or (count and total != 40000): sys.exit('the sum is %s of %s accounts' % (total, count))
            row = db.execute('select n from done').fetchone()
            n = row[0] if row else 0
        newest = 0
        if os.path.isdir(target + '/files'):
            for name in os.listdir(target + '/files'):
                if not name.isdigit(): continue
                lines = open(target + '/files/' + name).read().split('\n')
                if lines[-1] != 'end' or int(lines[0]) % 12 != int(name): sys.exit('file ' + name + ' is torn')
                newest = max(newest, int(lines[0]))
        print('number', n, newest)
        """;

    private readonly Process _process;
    private int _number;

    public Writer(string target)
    {
        _process = Process.Start(new ProcessStartInfo("python3", ["-c", Program, target]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        _process.OutputDataReceived += (_, line) =>
        {
            if (int.TryParse(line.Data, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                Volatile.Write(ref _number, number);
        };
        _process.BeginOutputReadLine();
        SpinWait.SpinUntil(() => Number > 0 || _process.HasExited, TimeSpan.FromSeconds(20));
        Assert.False(_process.HasExited, "the writer has ended");
    }

    /// <summary>The last that is complete: database and files.</summary>
    public int Number => Volatile.Read(ref _number);

    /// <returns>The numbers of database and files; 0 when there is nothing.</returns>
    public static (int Database, int Newest) Look(string target)
    {
        string[] said = TestFolder.Run("python3", "-c", Checker, target).Trim().Split(' ');
        return (int.Parse(said[1], CultureInfo.InvariantCulture), int.Parse(said[2], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
