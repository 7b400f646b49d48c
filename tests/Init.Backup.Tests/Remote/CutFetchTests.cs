using Init.Backup.Remote;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;
using Init.Backup.Tests.Service;

namespace Init.Backup.Tests.Remote;

/// <summary>A fetch into an empty store that is cut: git begins anew each time, and must not fill the disk meanwhile.</summary>
public sealed class CutFetchTests
{
    private const int CutAt = 1_000_000;

    [Fact]
    public async Task Fetch_WhenItIsCutAgainAndAgain_LeavesNoHalfPacks()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        string commit = BackUp(bed);
        Machine fresh = bed.NewMachine();
        bed.Server.Misbehave(new GitFault { Where = "/git-upload-pack", CutAnswerAt = CutAt });

        for (int attempt = 0; attempt < 3; attempt++)
            fresh.Fails(RemoteProblem.Unreachable, () => fresh.Remote.Fetch(commit, wholeHistory: false, null, default));

        string packs = Path.Combine(fresh.Folder.Settings.StorePath, "objects", "pack");
        Assert.Empty(Directory.EnumerateFileSystemEntries(packs, "tmp_*"));
        bed.Server.Misbehave();
        fresh.Remote.Fetch(commit, wholeHistory: false, null, default);
        fresh.Folder.AssertSound();
    }

    [Fact]
    public async Task Boot_WhileTheFetchIsCut_SaysHowFarItHadComeAndRestoresInTheEnd()
    {
        await using RemoteBed bed = await RemoteBed.StartAsync();
        BackUp(bed);
        using TestFolder fresh = new();
        Directory.Delete(fresh.Target);
        bed.Server.Misbehave(new GitFault { Where = "/git-upload-pack", CutAnswerAt = CutAt });
        using RunningService role = new(RunningService.PartsOf(fresh.Settings, bed.Server.UrlOf(RemoteBed.Repository), RoleProcess.Quick));

        role.Wait(() => File.Exists(role.Parts.SocketPath) && role.Status() is { Stage: Stages.Unreachable } status && status.Text.Contains("it had come so far: ", StringComparison.Ordinal), "how far it was");
        bed.Server.Misbehave();
        role.WaitForReady();

        Assert.Equal(4_000_000, new FileInfo(Path.Combine(fresh.Target, "noise")).Length);
        role.EndInOrder();
    }

    /// <summary>Of content that does not get smaller; whoever made it is gone.</summary>
    private static string BackUp(RemoteBed bed)
    {
        Machine machine = bed.NewMachine().Owning();
        machine.Folder.Write("noise", GitHubFixture.Content(1, 4_000_000));
        string commit = machine.Backup();
        machine.Push(commit);
        machine.Remote.ReleaseLease(default);
        return commit;
    }
}
