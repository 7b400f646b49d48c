using System.Diagnostics;
using Init.Backup.Service;
using Init.Backup.Tests.Service;

namespace Init.Backup.Tests.Kill;

/// <summary>
/// The role is killed under a program that writes, again and again on the same disk; after each time a fresh machine restores from the remote, and has at least what was
/// acknowledged last, whole. Some rounds kill a restore instead, which is then taken up again by the next role.
/// </summary>
internal sealed class KillMatrix : IDisposable
{
    /// <summary>Of eight rounds, those whose kill is at a random moment.</summary>
    public static readonly int[] RandomRounds = [1, 5, 7];

    private readonly string _remote;
    private readonly Random _random;
    private readonly Action<string> _log;
    private readonly string _steps = Directory.CreateTempSubdirectory("init-steps-").FullName;
    private readonly StepGit _git;
    private TestFolder _machine = new();
    private int _acknowledged;
    private readonly StepWalk _boot = new(), _backup = new(), _restore = new();

    public KillMatrix(string remote, int seed, Action<string> log)
    {
        _remote = remote;
        _random = new Random(seed);
        _log = log;
        _git = new StepGit(_steps);
    }

    public Dictionary<string, int> Counts { get; } = [];

    public int Acknowledged => _acknowledged;

    public string Steps => $"steps at boot {_boot}, in a backup {_backup}, in a restore {_restore}";

    public void Round(int number)
    {
        long began = Stopwatch.GetTimestamp();
        string what = number % 4 == 3 ? KillRestore(number) : KillBackup(number);
        Counts[what] = Counts.GetValueOrDefault(what) + 1;
        string found = Prove($"round {number}, {what}");
        _log($"round {number}: {what}; {found}, {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
    }

    public void Dispose()
    {
        _machine.Dispose();
        Directory.Delete(_steps, recursive: true);
    }

    private string KillBackup(int number)
    {
        bool atBoot = number % 12 < 6;
        StepWalk walk = atBoot ? _boot : _backup;
        StepFault? fault = number % 2 == 0 ? walk.Next() : null;
        // Counted from the start of the role, or from the request: both reach to the branch that was read back.
        atBoot &= fault is not null;
        _git.Arm(atBoot ? walk.Step : 0, fault ?? default);
        using RoleProcess role = RoleProcess.Start(_machine, _remote, _git.Path);
        bool isReady = role.WaitForReady();
        if (!isReady)
            return Settle(role, $"{fault} at boot", walk);

        using Writer writer = new(_machine.Target);
        Request(role, writer);
        if (!atBoot)
            _git.Arm(walk.Step, fault ?? default);
        Task requests = Task.Run(() =>
        {
            while (Request(role, writer))
            {
                // Until it is killed.
            }
        });

        if (fault is null)
        {
            bool withGit = number % 8 == 1;
            requests.Wait(TimeSpan.FromMilliseconds(_random.NextDouble() * 700)); // The moment is the random input.
            role.Kill(withGit);
            requests.Wait();
            return withGit ? "role and its git at a random moment" : "role at a random moment";
        }

        requests.Wait(TimeSpan.FromSeconds(fault == StepFault.GitDies ? 2.5 : 4));
        bool hasShown = _git.HasShown;
        if (fault == StepFault.GitDies && hasShown)
        {
            Assert.False(role.HasEnded, $"a git was killed at step {walk.Step}, and the role with it: {role.Said}");
            _git.Arm(0, default);
            long until = Stopwatch.GetTimestamp();
            while (!Request(role, writer))
                Assert.True(Stopwatch.GetElapsedTime(until) < TimeSpan.FromSeconds(40), $"step {walk.Step}: no backup after a git was killed: {role.Said}");
        }

        string done = Settle(role, $"{fault} {(atBoot ? "at boot" : "in a backup")}", walk, hasShown);
        requests.Wait();
        return done;
    }

    /// <summary>A machine without a disk; the first role is killed, the second one goes on where it was.</summary>
    private string KillRestore(int number)
    {
        TestFolder fresh = new();
        StepFault? fault = number % 8 == 3 ? _restore.Next() : null;
        _git.Arm(fault is null ? 0 : _restore.Step, fault ?? default);
        string what;
        using (RoleProcess role = RoleProcess.Start(fresh, _remote, _git.Path))
        {
            if (fault is null)
            {
                // From the start of the process: its own start is half of the time.
                role.WaitFor("notify: STATUS=", TimeSpan.FromSeconds(20));
                _ = SpinWait.SpinUntil(() => role.HasEnded, TimeSpan.FromMilliseconds(_random.NextDouble() * 1200));
                role.Kill(withGit: number % 16 < 8);
                what = "restore at a random moment";
            }
            else
            {
                role.WaitForReady();
                what = Settle(role, $"{fault} in a restore", _restore);
            }
        }

        _git.Arm(0, default);
        using (RoleProcess again = RoleProcess.Start(fresh, _remote, _git.Path))
        {
            Assert.True(again.WaitForReady(), $"round {number}: {again.Said}");
            Check(fresh, $"round {number}, {what}, restored at the second time");
            again.EndInOrder();
        }

        // From now on this is the machine; the old one is gone with its disk.
        _machine.Dispose();
        _machine = fresh;
        return what;
    }

    /// <summary>A fault that has not shown was beyond the last step: the next one begins at the first again.</summary>
    private string Settle(RoleProcess role, string what, StepWalk walk, bool? isShown = null)
    {
        bool hasShown = isShown ?? _git.HasShown;
        if (!role.HasEnded)
            role.Kill(withGit: true);
        if (hasShown)
            return what;
        walk.BeginAgain();
        return "killed after the last step";
    }

    /// <returns>False: there is nobody any more, or it could not be done.</returns>
    private bool Request(RoleProcess role, Writer writer)
    {
        int before = writer.Number;
        if (role.BackUpNow() is not BackupAnswer.Done)
            return false;
        _acknowledged = Math.Max(_acknowledged, before);
        return true;
    }

    private string Prove(string place)
    {
        using TestFolder fresh = new();
        using RunningService role = new(RunningService.PartsOf(fresh.Settings, _remote, RoleProcess.Quick));
        role.WaitForReady();
        var (database, newest) = Check(fresh, place);
        role.EndInOrder();
        return $"acknowledged {_acknowledged}, restored {database} and {newest}";
    }

    /// <summary>All faults at the first call of git, then at the second…</summary>
    private sealed class StepWalk
    {
        private int _count;
        private int _longest;
        private int _walks;

        /// <summary>From 1.</summary>
        public int Step { get; private set; }

        public StepFault Next()
        {
            Step = 1 + (_count / 3);
            _longest = Math.Max(_longest, Step);
            return (StepFault)(_count++ % 3);
        }

        public void BeginAgain()
        {
            _count = 0;
            _walks++;
        }

        public override string ToString() => $"1 to {_longest} ({_walks} times to the end)";
    }

    private (int Database, int Newest) Check(TestFolder folder, string place)
    {
        var (database, newest) = Writer.Look(folder.Target);
        Assert.True(database >= _acknowledged && newest >= _acknowledged, $"{place}: {_acknowledged} was acknowledged; the database is at {database}, the files at {newest}");
        return (database, newest);
    }
}
