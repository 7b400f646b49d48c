using System.Text.Json;
using Init.Backup.Manifest;
using Init.Backup.Names;
using Init.Backup.Service;
using Init.Config;
using Init.Linux;

namespace Init.Backup.Tests.Service;

/// <summary>That a backup can be restored is seen, not believed.</summary>
public sealed class ProofTests : IDisposable
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly BackupVerification Daily = new(TimeSpan.FromHours(24), 50, TimeSpan.FromDays(7));

    private readonly RoleBed _bed = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Verify_OfASoundBackup_RestoresAllThatItSaysAndLeavesNothing(bool full)
    {
        using RunningService role = _bed.Start();
        MakeBackup(role);

        JsonElement proof = Verify(role, full ? "\"full\":true" : "\"sample\":2");

        Assert.Equal(full ? 4 : 3, proof.GetProperty("files").GetInt64()); // A sample has the database on top.
        Assert.Empty(proof.GetProperty("failures").EnumerateArray());
        Assert.Equal(_bed.Place.Head(), proof.GetProperty("commit").GetString());
        role.Wait(() => role.Status().Proof is not null, "the proof in the status");
        Assert.Equal(full, role.Status().FullProof is not null);
        Assert.Null(role.Status().ProofProblem);
        Assert.False(Directory.Exists(Path.Combine(_bed.Folder.Settings.StateDirectory, "proof")));
    }

    [Fact]
    public void Verify_OfABackupThatIsDamagedAtTheRemote_IsAProblemUntilOneSucceeds()
    {
        using RunningService role = _bed.Start();
        MakeBackup(role);
        string objects = Path.Combine(_bed.Place.Path, "objects"), kept = Path.Combine(_bed.Folder.Root, "kept");
        string id = TestFolder.Run("git", $"--git-dir={_bed.Place.Path}", "rev-parse", "main:t/one").Trim();
        TestFolder.Run("sh", "-c", $"cp -a {objects} {kept}; cd {_bed.Place.Path}; for p in objects/pack/*.pack; do mv $p x.pack; git --git-dir=. unpack-objects -q < x.pack; rm -f x.pack objects/pack/*; done");
        File.Delete(Path.Combine(objects, id[..2], id[2..]));

        JsonElement proof = Verify(role, "\"full\":true");

        Assert.Contains("t/one", Assert.Single(proof.GetProperty("failures").EnumerateArray()).GetString());
        role.Wait(() => role.Status().ProofProblem is not null, "the problem in the status");
        role.Wait(() => role.Events.Any(told => told.Type == "backup.proof_failed" && told.Text.Contains("t/one", StringComparison.Ordinal)), "the event");
        Verify(role, "\"sample\":1");
        Assert.NotNull(role.Status().ProofProblem); // A sample may miss it.
        TestFolder.Run("sh", "-c", $"rm -rf {objects}; mv {kept} {objects}");
        Verify(role, "\"full\":true");
        role.Wait(() => role.Status().ProofProblem is null, "the problem to be over");
    }

    [Fact]
    public void Role_WhenAProofIsDue_MakesItByItself()
    {
        using RunningService role = _bed.Start(options => options with { Verify = new BackupVerification(TimeSpan.FromSeconds(2), 5, TimeSpan.Zero) });
        MakeBackup(role);

        role.Wait(() => role.Status().Proof is { Files: > 0 }, "a proof");

        Assert.NotNull(role.Status().ProvedAt);
    }

    [Fact]
    public void Restore_OfADiskThatWasWiped_IsAFullProof()
    {
        using (RunningService role = _bed.Start())
        {
            MakeBackup(role);
            role.EndInOrder();
        }

        Directory.Delete(_bed.Folder.Settings.StateDirectory, recursive: true);
        _bed.Folder.Wipe();
        using RunningService again = _bed.Start();
        again.WaitForReady();

        Assert.True(again.Status().FullProof!.Full);
    }

    [Fact]
    public void Doctor_OnThisMachine_FindsGitSqliteAndWhatIsMissing()
    {
        using RunningService role = _bed.Start();
        MakeBackup(role);
        _bed.Folder.Wipe();

        Dictionary<string, string> found = [];
        using BackupClient client = BackupClient.Connect(role.Parts.SocketPath)!;
        BackupAnswer answer = client.Ask("doctor", "", item => found[item.GetProperty("check").GetString()!] = item.GetProperty("level").GetString()!);

        Assert.IsType<BackupAnswer.Done>(answer);
        Assert.Equal(("ok", "ok", "warn", "ok", "ok", "ok"), (found["git"], found["libsqlite3"], found["target"], found["store"], found["remote"], found["clock"]));
    }

    [Theory]
    [InlineData("git version 2.47.3", "Ok")]
    [InlineData("git version 2.34.1", "Warn")]
    [InlineData("git version 2.20.1.windows", "Fail")]
    [InlineData("something else", "Warn")]
    public void Git_OfAnOldVersion_IsSaid(string said, string outcome) => Assert.Equal(outcome, BackupDoctor.JudgeGit(said).Outcome.ToString());

    [Fact]
    public void Sample_HasAllDatabasesAndThatManyFiles_EachWithTheSameChance()
    {
        ManifestEntry[] entries = [.. Enumerable.Range(0, 100).Select(i => Entry($"f{i:D3}", Storage.Blob)), Entry("x.db", Storage.Database)];
        Dictionary<BytePath, int> counts = [];
        Random random = new(1);
        for (int round = 0; round < 2000; round++)
        {
            IReadOnlyList<BytePath> chosen = ProofRun.Choose(entries, 10, random);
            Assert.Equal(11, chosen.Distinct().Count());
            Assert.Contains(BytePath.Of("x.db"), chosen);
            foreach (BytePath path in chosen)
                counts[path] = counts.GetValueOrDefault(path) + 1;
        }

        Assert.All(entries[..100], entry => Assert.InRange(counts[entry.Path], 130, 270)); // 200, and five times its deviation.
    }

    [Fact]
    public void Schedule_OfARoleThatKnowsNoProof_BeginsSoonAndTakesAFullOneWhenItIsDue()
    {
        ProofFacts facts = new(T0, null, null, null);

        Assert.Equal(new NextProof(T0 + TimeSpan.FromMinutes(10), false), ProofSchedule.Next(Daily, facts, T0));
        Assert.Equal(new NextProof(T0 + TimeSpan.FromDays(1), false), ProofSchedule.Next(Daily, facts with { ProvedAt = T0 }, T0));
        Assert.Equal(new NextProof(T0 + TimeSpan.FromDays(7), true), ProofSchedule.Next(Daily, facts with { ProvedAt = T0 + TimeSpan.FromDays(6.5) }, T0 + TimeSpan.FromDays(6.6)));
        Assert.Null(ProofSchedule.Next(new BackupVerification(TimeSpan.Zero, 50, TimeSpan.Zero), facts, T0));
    }

    [Fact]
    public void Schedule_AfterAFailure_TriesAgainInAnHourAndAClockThatWentBackPutsNothingOff()
    {
        DateTimeOffset now = T0 + TimeSpan.FromDays(2);

        Assert.Equal(new NextProof(now + TimeSpan.FromHours(1), false), ProofSchedule.Next(Daily, new ProofFacts(T0, T0, T0, now), now));
        Assert.Equal(new NextProof(T0 + TimeSpan.FromDays(1), false), ProofSchedule.Next(Daily, new ProofFacts(T0, T0 + TimeSpan.FromDays(300), null, null), T0));
    }

    [Fact]
    public void Warning_IsGivenAfterTwiceTheInterval()
    {
        ProofFacts facts = new(T0, T0, T0, null);

        Assert.Null(ProofSchedule.Warning(Daily, facts, T0 + TimeSpan.FromHours(47)));
        Assert.Contains("2 days", ProofSchedule.Warning(Daily, facts, T0 + TimeSpan.FromHours(49)));
        Assert.Contains("all of the backup", ProofSchedule.Warning(Daily, facts with { ProvedAt = T0 + TimeSpan.FromDays(15) }, T0 + TimeSpan.FromDays(15)));
    }

    public void Dispose() => _bed.Dispose();

    private void MakeBackup(RunningService role)
    {
        role.WaitForReady();
        _bed.Folder.Write("one", "first");
        _bed.Folder.Write("two", "second");
        _bed.Folder.Write("three", "third");
        TestFolder.Run("sqlite3", Path.Combine(_bed.Folder.Target, "x.db"), "create table t(a); insert into t values(1);");
        BackupAnswer answer = role.BackUpNow();
        Assert.True(answer is BackupAnswer.Done, string.Join('\n', role.Said));
    }

    private static JsonElement Verify(RunningService role, string fields)
    {
        using BackupClient client = BackupClient.Connect(role.Parts.SocketPath)!;
        BackupAnswer answer = client.Ask("verify", fields);
        return answer is BackupAnswer.Done { Result: { } proof } ? proof : throw new InvalidOperationException(answer.ToString());
    }

    private static ManifestEntry Entry(string path, Storage storage) => new(BytePath.Of(path), EntryKind.File, 0x1A4, new FileTime(0, 0), 0, 0, 1, new string('0', 64), storage, "");
}
