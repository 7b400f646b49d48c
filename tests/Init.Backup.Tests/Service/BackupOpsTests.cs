using System.Text.Json;
using Init.Backup.Service;

namespace Init.Backup.Tests.Service;

/// <summary>What clients ask a running role besides its status.</summary>
public sealed class BackupOpsTests : IDisposable
{
    private readonly RoleBed _bed = new();

    [Fact]
    public void History_WithAndWithoutAPath_NamesTheBackupsNewestFirst()
    {
        using RunningService role = _bed.Start();
        string first = BackUp(role, "a/one", "1");
        string second = BackUp(role, "two", "2");
        string third = BackUp(role, "a/one", "changed");

        Assert.Equal([third, second, first], Commits(Ask(role, "history")).Take(3));
        Assert.Equal([third, first], Commits(Ask(role, "history", "\"path\":\"t/a\"")));
        Assert.Equal([third], Commits(Ask(role, "history", "\"limit\":1")));
        JsonElement last = Ask(role, "history").Items[0];
        Assert.Equal(1, last.GetProperty("changed").GetInt64());
        Assert.Equal(4, last.GetProperty("entries").GetInt64()); // t, t/a, t/a/one, t/two
        Assert.Equal(8, last.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Files_OfADirectory_AreThoseInItWithWhatIsBelowSummedUp()
    {
        using RunningService role = _bed.Start();
        _bed.Folder.Write("a/b/deep", "12345");
        string commit = BackUp(role, "a/one", "1");

        var top = Ask(role, "files", $"\"commit\":\"{commit[..8]}\",\"path\":\"\"");
        var inner = Ask(role, "files", $"\"commit\":\"latest\",\"path\":\"{Path.Combine(_bed.Folder.Settings.Base, "t/a")}/\"");

        Assert.Equal("t directory 6", Assert.Single(top.Items.Select(Show)));
        Assert.Equal(["b directory 5", "one file 1"], inner.Items.Select(Show));
        Assert.Equal("t/a/one", inner.Items[1].GetProperty("path").GetString());
        Assert.Equal("blob", inner.Items[1].GetProperty("storage").GetString());
        string Show(JsonElement item) => $"{item.GetProperty("name")} {item.GetProperty("kind")} {item.GetProperty("size")}";
    }

    [Fact]
    public void Diff_OfTwoBackups_SaysWhatWasAddedChangedAndDeleted()
    {
        using RunningService role = _bed.Start();
        _bed.Folder.Write("gone", "x");
        _bed.Folder.Write("same", "x");
        string first = BackUp(role, "one", "1");
        File.Delete(Path.Combine(_bed.Folder.Target, "gone"));
        _bed.Folder.Write("new", "x");
        BackUp(role, "one", "changed");

        Assert.Equal(["deleted t/gone", "added t/new", "changed t/one"], Ask(role, "diff").Items.Select(Show));
        Assert.Equal(["changed t/one"], Ask(role, "diff", $"\"from\":\"{first}\",\"path\":\"t/one\"").Items.Select(Show));
        string Show(JsonElement item) => $"{item.GetProperty("change")} {item.GetProperty("path")}";
    }

    [Fact]
    public void Restore_InPlace_BringsAFileBackAndKeepsWhatNoBackupHas()
    {
        using RunningService role = _bed.Start();
        string first = BackUp(role, "one", "old");
        BackUp(role, "one", "newer, and longer");
        _bed.Folder.Write("one", "in no backup");

        var (result, _) = Ask(role, "restore", $"\"commit\":\"{first}\",\"paths\":[\"t/one\"]");

        Assert.Equal("old", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        Assert.Equal(1, result.GetProperty("written").GetInt64());
        Assert.Single(result.GetProperty("kept_aside").EnumerateArray());
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Restore_InPlace_WhileProgramsRun_IsDoneOnlyWhenThatIsMeant()
    {
        string[] running = ["bot", "web"];
        using RunningService role = new(RunningService.PartsOf(_bed.Folder.Settings, _bed.Place.Path), running: () => Volatile.Read(ref running));
        string first = BackUp(role, "one", "old");
        BackUp(role, "one", "newer");
        string fields = $"\"commit\":\"{first}\",\"paths\":[\"t/one\"]";

        var refused = Assert.IsType<BackupAnswer.Refused>(Client(role, "restore", fields).Answer);
        Assert.Equal("programs-running", refused.Code);
        Assert.Contains("bot, web are running", refused.Message);
        Ask(role, "restore", $"{fields},\"to\":\"{Path.Combine(_bed.Folder.Root, "elsewhere")}\"");
        Assert.Equal("newer", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));

        Ask(role, "restore", $"{fields},\"live\":true");
        Assert.Equal("old", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        BackUp(role, "one", "newest");
        Volatile.Write(ref running, []);
        Ask(role, "restore", fields);
        Assert.Equal("old", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
    }

    [Fact]
    public void Restore_ToADirectory_LeavesTheLiveFilesAlone()
    {
        using RunningService role = _bed.Start();
        string first = BackUp(role, "one", "old");
        BackUp(role, "one", "newer");
        string to = Path.Combine(_bed.Folder.Root, "elsewhere");

        var (_, items) = Ask(role, "restore", $"\"commit\":\"{first}\",\"paths\":[],\"to\":\"{to}\"");

        Assert.Equal("old", File.ReadAllText(Path.Combine(to, "t/one")));
        Assert.Equal("newer", File.ReadAllText(Path.Combine(_bed.Folder.Target, "one")));
        Assert.NotEmpty(items);
        Assert.Contains("not empty", Refused(role, "restore", $"\"to\":\"{to}\""));
    }

    [Fact]
    public async Task Restore_InPlace_WaitsForTheBackupThatIsUnderWayAndHoldsOffTheNext()
    {
        using RunningService role = _bed.Start();
        BackUp(role, "one", "old");
        using ManualResetEventSlim pushing = new(), goOn = new();
        _bed.Place.Before = call =>
        {
            if (call != "push")
                return;
            pushing.Set();
            goOn.Wait(TimeSpan.FromSeconds(20));
        };
        _bed.Folder.Write("one", "newer");
        Task<BackupAnswer> backup = Task.Run(role.BackUpNow);
        Assert.True(pushing.Wait(TimeSpan.FromSeconds(20)));
        Task<BackupAnswer> restore = Task.Run(() => Client(role, "restore", "\"paths\":[\"t/one\"]").Answer);

        Assert.NotSame(restore, await Task.WhenAny(restore, Task.Delay(TimeSpan.FromMilliseconds(500))));
        goOn.Set();

        Assert.IsType<BackupAnswer.Done>(await backup);
        Assert.IsType<BackupAnswer.Done>(await restore);
        Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
    }

    [Fact]
    public void Requests_ForWhatIsNotThere_SayWhatIs()
    {
        using RunningService role = _bed.Start();
        BackUp(role, "a/config.json", "1");

        Assert.Contains("cannot find backup \"0123abcd\"", Refused(role, "files", "\"commit\":\"0123abcd\""));
        Assert.Contains("the first is younger", Refused(role, "files", "\"commit\":\"2001-01-01\""));
        Assert.Contains("cannot tell which backup \"soon\" is", Refused(role, "files", "\"commit\":\"soon\""));
        Assert.Contains("did you mean \"t/a/config.json\"?", Refused(role, "restore", "\"paths\":[\"t/a/confg.json\"]"));
        Assert.Contains("write it as it is listed", Refused(role, "restore", "\"paths\":[\"t/../etc\"]"));
        Assert.Contains("write an absolute path", Refused(role, "restore", "\"to\":\"here\""));
    }

    [Fact]
    public void Commit_ThatIsOnlyAtTheRemote_IsFetched()
    {
        string first;
        using (RunningService role = _bed.Start())
        {
            first = BackUp(role, "one", "old");
            BackUp(role, "one", "newer");
            role.EndInOrder();
        }

        // As a first fetch leaves it: the last commit, and the rest at the remote.
        File.WriteAllText(Path.Combine(_bed.Folder.Settings.StorePath, "shallow"), _bed.Place.Head() + "\n");
        _bed.Folder.Git("prune", "--expire=now");
        _bed.Folder.Git("repack", "-a", "-d", "-q");
        _bed.Folder.Git("prune", "--expire=now");
        using RunningService again = _bed.Start();
        again.WaitForReady();
        Assert.True(Ask(again, "history").Result.GetProperty("shallow").GetBoolean());

        var (result, _) = Ask(again, "files", $"\"commit\":\"{first}\",\"path\":\"t\"");

        Assert.Equal(first, result.GetProperty("commit").GetString());
        Assert.False(Ask(again, "history").Result.GetProperty("shallow").GetBoolean());
    }

    [Fact]
    public void LongAnswers_ReachAClientWhole()
    {
        using RunningService role = _bed.Start();
        role.WaitForReady();
        for (int i = 0; i < 12_000; i++)
            _bed.Folder.Write($"many/{i:D6}-{new string('n', 150)}", "");
        BackUp(role, "one", "1");

        var (result, items) = Ask(role, "files", "\"commit\":\"latest\",\"path\":\"t/many\"");

        Assert.Equal(10_000, items.Count);
        Assert.Equal(12_000, result.GetProperty("total").GetInt64());
    }

    public void Dispose() => _bed.Dispose();

    private string BackUp(RunningService role, string path, string content)
    {
        role.WaitForReady();
        _bed.Folder.Write(path, content);
        BackupAnswer answer = role.BackUpNow();
        Assert.True(answer is BackupAnswer.Done, string.Join('\n', role.Said));
        return _bed.Place.Head()!;
    }

    private static (BackupAnswer Answer, List<JsonElement> Items) Client(RunningService role, string op, string fields)
    {
        using BackupClient client = BackupClient.Connect(role.Parts.SocketPath)!;
        List<JsonElement> items = [];
        return (client.Ask(op, fields, items.Add), items);
    }

    private static (JsonElement Result, List<JsonElement> Items) Ask(RunningService role, string op, string fields = "")
    {
        var (answer, items) = Client(role, op, fields);
        return answer is BackupAnswer.Done { Result: { } result } ? (result, items) : throw new InvalidOperationException($"{op}: {answer}");
    }

    private static string Refused(RunningService role, string op, string fields) => Assert.IsType<BackupAnswer.Refused>(Client(role, op, fields).Answer).Message;

    private static IEnumerable<string> Commits((JsonElement Result, List<JsonElement> Items) answer) => answer.Items.Select(item => item.GetProperty("commit").GetString()!);
}
