using Init.Backup.Remote;
using Init.Backup.Store;
using Init.Config;

namespace Init.Backup.Service;

/// <summary>The remote that a configuration asks for.</summary>
public static class BackupRemotes
{
    /// <summary>A repository at a path; without a remote in the configuration it is the one beside the state directory, which is made.</summary>
    public static IBackupRemote Make(BackupOptions options, BackupStore store, string instance)
    {
        if (!options.IsRemoteGiven && !Directory.Exists(options.Remote))
            MakeRepository(options.Remote);
        RemoteLimits limits = new() { LeaseTime = options.LeaseTime, LeaseLookEvery = TimeSpan.FromSeconds(Math.Clamp(options.LeaseTime.TotalSeconds / 15, 0.2, 5)) };
        RemoteAddress address = new(options.Remote, options.User, options.Token);
        return new GitRemote(store, address, instance, limits, Path.Combine(options.StateDirectory, "index"));
    }

    private static void MakeRepository(string path)
    {
        string beside = path + ".new";
        if (Directory.Exists(beside))
            Directory.Delete(beside, recursive: true);
        BackupStore.MakeDirectory(beside);
        _ = new GitRunner(beside).Run(GitRunner.ShortTime, [], "init", "--quiet", "--bare", "--template=", beside);
        Directory.Move(beside, path);
    }
}
