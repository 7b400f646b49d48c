using Init.Backup.Service;
using Init.Config;

namespace Init.Backup.Tests.Service;

/// <summary>A machine, and a fake of the remote that its role talks to.</summary>
internal sealed class RoleBed : IDisposable
{
    public RoleBed()
    {
        Place = new FakeRemote.Place(Path.Combine(Folder.Root, "remote.git"));
        Place.Make();
    }

    public TestFolder Folder { get; } = new();

    public FakeRemote.Place Place { get; }

    /// <summary>The role, which a test may start several times.</summary>
    public RunningService Start(Func<BackupOptions, BackupOptions>? change = null, string? ownInit = null) => new(Folder, Place, change, ownInit);

    /// <summary>A role that has made a backup and ended in order.</summary>
    public void RunOnce()
    {
        using RunningService role = Start();
        role.WaitForReady();
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
        role.EndInOrder();
    }

    public string RemoteFiles() => TestFolder.Run("git", $"--git-dir={Place.Path}", "ls-tree", "-r", "--name-only", "main");

    public void Dispose() => Folder.Dispose();
}
