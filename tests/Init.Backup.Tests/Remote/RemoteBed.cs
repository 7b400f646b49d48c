using System.Diagnostics;
using Init.Backup.Remote;
using Init.Backup.Store;
using Init.Backup.Tests.Harness;

namespace Init.Backup.Tests.Remote;

/// <summary>A git server with an empty repository, and machines that back up to it.</summary>
internal sealed class RemoteBed : IAsyncDisposable
{
    public const string Repository = "owner/repo.git";

    private readonly TestFolder _folder = new();
    private readonly List<Machine> _machines = [];

    private RemoteBed(GitServer server) => Server = server;

    public GitServer Server { get; }

    public static RemoteLimits Quick { get; } = new() { LeaseTime = TimeSpan.FromSeconds(1.5), LeaseLookEvery = TimeSpan.FromMilliseconds(100) };

    public string Root => _folder.Root;

    public static async Task<RemoteBed> StartAsync(long objectBytesMax = 100_000_000)
    {
        GitServer server = await GitServer.StartAsync(Directory.CreateTempSubdirectory("init-git-server-").FullName);
        server.CreateRepository(Repository, objectBytesMax);
        return new RemoteBed(server);
    }

    public Machine NewMachine(string? instance = null, RemoteLimits? limits = null, string? url = null, string token = GitServer.Token)
    {
        Machine machine = new(new RemoteAddress(url ?? Server.UrlOf(Repository), GitServer.User, token), instance ?? Guid.NewGuid().ToString("N"), limits ?? Quick);
        _machines.Add(machine);
        return machine;
    }

    /// <summary>Git at the server, without any server.</summary>
    public string Git(params string[] arguments) => TestFolder.Run("git", [$"--git-dir={Server.PathOf(Repository)}", .. arguments]);

    /// <summary>One that has asked the owner whether it lives, and what becomes of that.</summary>
    public async Task<(Machine Newcomer, Task<LeaseOutcome> Take, LeaseText Owner)> AskOwnerAsync(RemoteLimits limits, CancellationToken cancel = default)
    {
        Machine newcomer = NewMachine(limits: limits);
        TaskCompletionSource<LeaseText> waiting = new();
        var take = Task.Run(() => newcomer.Remote.TakeLease(waiting.SetResult, cancel), CancellationToken.None);
        return (newcomer, take, await waiting.Task.WaitAsync(TimeSpan.FromSeconds(20), CancellationToken.None));
    }

    /// <summary>Within a second, when the machine has nothing else to do.</summary>
    public static async Task AssertEndsAtOnceAsync(Task work, CancellationTokenSource cancel)
    {
        long start = Stopwatch.GetTimestamp();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => work);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
    }

    public string RefsAtServer() => Git("for-each-ref", "--format=%(refname)");

    public long ServerBytes() =>
        Directory.EnumerateFiles(Path.Combine(Server.PathOf(Repository), "objects"), "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);

    public async ValueTask DisposeAsync()
    {
        foreach (Machine machine in _machines)
            machine.Dispose();
        await Server.DisposeAsync();
        TestFolder.Run("rm", "-rf", Path.GetDirectoryName(Path.GetDirectoryName(Server.PathOf(Repository)))!);
        _folder.Dispose();
    }
}

/// <summary>A disk with files, a store that stays open, and the remote.</summary>
internal sealed class Machine : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly RemoteAddress _address;
    private readonly RemoteLimits _limits;

    public Machine(RemoteAddress address, string instance, RemoteLimits limits)
    {
        _address = address;
        _limits = limits;
        Instance = instance;
        Store = BackupStore.Open(_folder.Settings.StorePath, "main");
        Remote = NewRemote();
    }

    public string Instance { get; }

    public TestFolder Folder => _folder;

    public BackupStore Store { get; }

    /// <summary>As another process of the same disk would have it, after <see cref="Restart"/>.</summary>
    public GitRemote Remote { get; private set; }

    public string? Acknowledged => Store.Git.Run(GitRunner.ShortTime, [1], "rev-parse", "--verify", "--quiet", "refs/init/acknowledged");

    public void Restart() => Remote = NewRemote();

    public string Backup(string file, string content)
    {
        _folder.Write(file, content);
        return Backup();
    }

    /// <summary>Content that nothing has in common with.</summary>
    public void WriteRandom(string file, int bytes)
    {
        byte[] content = new byte[bytes];
        Random.Shared.NextBytes(content);
        _folder.Write(file, content);
    }

    /// <summary>As after a restore: the last commit of the remote, without those before it, is ours as well.</summary>
    public void TakeOver(string commit)
    {
        Remote.Fetch(commit, wholeHistory: false, null, default);
        Store.SetHead(commit);
    }

    public string Backup() => BackupRun.Execute(_folder.Settings, Store, DateTimeOffset.UtcNow).Commit!;

    public void Push(string commit, CancellationToken cancel = default) => Remote.Push(commit, Remote.Look(default).Commit, null, cancel);

    /// <summary>With the lease.</summary>
    public Machine Owning()
    {
        Assert.IsType<LeaseOutcome.Held>(Remote.TakeLease(null, default));
        return this;
    }

    public RemoteException Fails(RemoteProblem problem, Action act)
    {
        RemoteException exception = Assert.Throws<RemoteException>(act);
        Assert.True(exception.Problem == problem, $"{exception.Problem}: {exception.Message}");
        Assert.DoesNotContain(GitServer.Token, exception.Message);
        return exception;
    }

    public void Dispose()
    {
        Store.Dispose();
        _folder.Dispose();
    }

    private GitRemote NewRemote() => new(Store, _address, Instance, _limits, _folder.Settings.IndexPath);
}
