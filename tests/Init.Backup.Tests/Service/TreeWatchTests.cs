using Init.Backup.Service;

namespace Init.Backup.Tests.Service;

/// <summary>Which directories are watched.</summary>
public sealed class TreeWatchTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public void Directories_ThatAreGone_AreWatchedNoMore()
    {
        using TreeWatch watch = new(_folder.Settings);
        watch.AddAll();
        int before = watch.Directories;

        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 20; i++)
                _folder.Write($"cache-{round}/{i}/file", "");
            Until(watch, () => watch.Directories == before + 21);
            Directory.Delete(Path.Combine(_folder.Target, $"cache-{round}"), recursive: true);
            Until(watch, () => watch.Directories == before);
        }

        Assert.Null(watch.Limit);
    }

    [Fact]
    public void Limit_WhenThereIsRoomAgain_IsOver()
    {
        for (int i = 0; i < 20; i++)
            _folder.Write($"{i:D2}/file", "");
        using TreeWatch watch = new(_folder.Settings, directoriesMax: 10);
        watch.AddAll();
        Assert.Contains("more than 10 directories", watch.Limit);

        for (int i = 0; i < 18; i++)
            Directory.Delete(Path.Combine(_folder.Target, $"{i:D2}"), recursive: true);
        Until(watch, () => watch.Directories < 10);
        watch.AddAll();

        Assert.Null(watch.Limit);
        Assert.Equal(4, watch.Directories); // BASE, the target, and the two that are left.
        watch.TakeChanges();
        _folder.Write("19/new", "");
        Until(watch, () => true);
    }

    [Fact]
    public void Target_AtTheTopThatComesLater_IsNoticed()
    {
        _folder.Wipe();
        using TreeWatch watch = new(_folder.Settings);
        watch.AddAll();

        Directory.CreateDirectory(_folder.Target);
        Until(watch, () => watch.Directories == 2);
        _folder.Write("file", "");

        Until(watch, () => true);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Takes changes that matter until something is so.</summary>
    private static void Until(TreeWatch watch, Func<bool> isSo)
    {
        DateTime end = DateTime.UtcNow.AddSeconds(20);
        bool hasChanged = false;
        while (!(hasChanged && isSo()))
        {
            Assert.True(DateTime.UtcNow < end, $"{watch.Directories} directories are watched; {watch.Limit}");
            hasChanged |= watch.TakeChanges();
            Thread.Yield();
        }
    }
}
