using Init.Base;
using Init.Engine.Children;
using Init.Engine.Programs;
using Init.Supervision;

namespace Init.Engine.Tests.Programs;

public sealed class SupervisordRecordTests
{
    private static readonly DateTimeOffset T0 = DateTimeOffset.UnixEpoch;

    [Theory]
    [InlineData(ProgramPhase.Starting, ProgramPhase.Backoff, 0, 0, "Exited too quickly (process log may have details)")]
    [InlineData(ProgramPhase.Starting, ProgramPhase.Backoff, 7, 0, "Exited too quickly (process log may have details)")]
    [InlineData(ProgramPhase.Running, ProgramPhase.Exited, 0, 0, "")]
    [InlineData(ProgramPhase.Running, ProgramPhase.Exited, 7, 7, "Bad exit code 7")]
    [InlineData(ProgramPhase.Running, ProgramPhase.Backoff, 7, 7, "Bad exit code 7")]
    [InlineData(ProgramPhase.Stopping, ProgramPhase.Stopped, 7, 7, "")]
    public void Record_WhenAProcessHasEnded_SaysWhatSupervisordSays(ProgramPhase from, ProgramPhase to, int code, int number, string error)
    {
        SupervisordRecord record = Started();

        record.NoteEnd(ExitStatus.Exited(code), T0 + TimeSpan.FromSeconds(1));
        record.NotePhase(from, to, "in our words", success => success == 0);

        Assert.Equal((number, error), (record.ExitStatus, record.SpawnError));
        Assert.Equal((T0, T0 + TimeSpan.FromSeconds(1)), (record.StartedAt, record.StoppedAt));
    }

    [Theory]
    [InlineData(ProgramPhase.Running, ProgramPhase.Exited, "Bad exit code -1")]
    [InlineData(ProgramPhase.Stopping, ProgramPhase.Stopped, "")]
    public void Record_WhenASignalHasEndedIt_SaysMinusOne(ProgramPhase from, ProgramPhase to, string error)
    {
        SupervisordRecord record = Started();

        record.NoteEnd(ExitStatus.Signalled(9), T0);
        record.NotePhase(from, to, detail: null, success => success == 0);

        Assert.Equal((-1, error), (record.ExitStatus, record.SpawnError));
    }

    [Fact]
    public void Record_WhenItIsStartedAgain_ForgetsWhatWasWrong()
    {
        SupervisordRecord record = Started();
        record.NoteEnd(ExitStatus.Exited(7), T0);
        record.NotePhase(ProgramPhase.Running, ProgramPhase.Exited, detail: null, success => success == 0);

        record.NoteStart(T0 + TimeSpan.FromSeconds(5));

        Assert.Equal((0, ""), (record.ExitStatus, record.SpawnError));
        Assert.Equal(T0, record.StoppedAt);
    }

    [Fact]
    public void Record_WhenNothingCouldBeSpawned_KeepsTheReason()
    {
        SupervisordRecord record = Started();

        record.NoteSpawnFailure("can't find command 'x'");
        record.NotePhase(ProgramPhase.Starting, ProgramPhase.Backoff, "in our words", success => success == 0);

        Assert.Equal("can't find command 'x'", record.SpawnError);
        Assert.Null(record.StoppedAt);
    }

    [Theory]
    [InlineData("/no/such", "can't find command '/no/such'")]
    [InlineData("it's", "can't find command \"it's\"")]
    [InlineData("a\\b", "can't find command 'a\\\\b'")]
    public void SpawnErrorText_OfACommandThatIsMissing_IsWrittenAsPythonDoes(string command, string expected) =>
        Assert.Equal(expected, SpawnErrorText.NotFound(command));

    [Fact]
    public void SpawnErrorText_OfAFileThatCannotBeExecuted_TellsModeFromPermission()
    {
        Assert.Equal("command at '/etc/passwd' is not executable", SpawnErrorText.NotExecutable("/etc/passwd", directory: null));
        Assert.Equal("no permission to run command 'sh'", SpawnErrorText.NotExecutable("sh", "/bin"));
    }

    private static SupervisordRecord Started()
    {
        var record = new SupervisordRecord();
        record.NoteStart(T0);
        return record;
    }
}
