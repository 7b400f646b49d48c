using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Tini;

/// <summary><c>init -- COMMAND</c>: the command finds everything as it would without us.</summary>
public sealed class PassThroughTests
{
    [Fact]
    public void Masks_WithBlockedAndIgnoredSignals_AreTheSameWithAndWithoutInit()
    {
        string[] before = ["env", "--block-signal=USR1,36,TERM", "--ignore-signal=HUP,PIPE,INT,TTOU,40"];
        string without = TestProcess.Run([.. before, TestPaths.Dummy, "masks"]).Stdout;

        string with = TestProcess.Run([.. before, TestPaths.Init, "--", TestPaths.Dummy, "masks"]).Stdout;

        Assert.Contains("SigIgn:\t0000008000201003\n", without, StringComparison.Ordinal); // The test itself: env has done it.
        Assert.Equal(without, with);
    }

    [Fact]
    public void Masks_Usually_AreEmpty() =>
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", TestProcess.Run(TestPaths.Init, "--", TestPaths.Dummy, "masks").Stdout);

    [Fact]
    public void Descriptors_OfOurOwn_DoNotReachTheCommand() =>
        Assert.Equal("fds 0 1 2\n", TestProcess.Run(TestPaths.Init, "--", TestPaths.Dummy, "fds").Stdout);

    [Fact]
    public void Descriptors_ThatWeWereGiven_ReachTheCommandOpenOrClosed() =>
        Assert.Equal("fds 1 2 7\n", TestProcess.Run("sh", "-c", $"exec 0<&- 7</dev/null; exec {TestPaths.Init} -- {TestPaths.Dummy} fds").Stdout);

    [Fact]
    public void ArgumentsAndEnvironment_ThatAreNotUtf8_ArriveByteForByte()
    {
        // \377\376 can be no text. od writes what arrives as octal numbers.
        string script = $"V=\"$(printf 'v\\377\\376')\" {TestPaths.Init} -- sh -c 'printf %s \"$1$V\" | od -An -to1' sh \"$(printf '\\377\\376a')\"";

        var (status, stdout, _) = TestProcess.Run("sh", "-c", script);

        Assert.Equal((ExitStatus.Exited(0), " 377 376 141 166 377 376\n"), (status, stdout));
    }

    [Fact]
    public void Limits_OfOpenFiles_AreNotRaised() =>
        Assert.Equal("321\n", TestProcess.Run("sh", "-c", $"ulimit -Sn 321; exec {TestPaths.Init} -- sh -c 'ulimit -Sn'").Stdout);

    [Fact]
    public void Group_OfTheCommand_IsItsOwnInOurSession()
    {
        string[] ids = TestProcess.Run(TestPaths.Init, "--", TestPaths.Dummy, "pid").Stdout.Trim().Split(' ');

        Assert.Equal(ids[1], ids[3]); // pid = group
        Assert.Equal(ids[2], ids[4]); // parent (init, a session leader here) = session
    }

    [Fact]
    public void Terminal_WhenThereIsOne_HasTheCommandInItsForeground()
    {
        // script(1) makes a terminal and a session for the command.
        var (status, stdout, _) = TestProcess.Run("script", "-qec", $"{TestPaths.Init} -- {TestPaths.Dummy} pid foreground", "/dev/null");

        string[] words = stdout.Split([' ', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(ExitStatus.Exited(0), status);
        Assert.Equal(["pid", "foreground"], [words[0], words[5]]);
        Assert.Equal(words[1], words[6]); // The foreground group is the command's.
    }

    [RootFact]
    public void Run_AsAStrangerWithoutPrivileges_Works()
    {
        var (status, stdout, stderr) = TestProcess.Run([.. Namespaces.AsStranger, TestPaths.Init, "--", TestPaths.Dummy, "ids", "exit", "3"]);

        Assert.Equal((ExitStatus.Exited(3), ""), (status, stderr));
        Assert.StartsWith("ids 12345 12345\ngroups\n", stdout, StringComparison.Ordinal);
    }

    [RootFact]
    public void Run_AsAStrangerAndPid1_Works()
    {
        var (status, stdout, _) = TestProcess.Run([.. Namespaces.AsPid1, .. Namespaces.AsStranger, TestPaths.Init, "--", TestPaths.Dummy, "pid"]);

        Assert.Equal(ExitStatus.Exited(0), status);
        Assert.Matches("^pid [0-9]+ 1 ", stdout);
    }

    [Fact]
    public void ParentDeathSignal_WhenTheParentDies_ReachesTheCommand()
    {
        using TestProcess shell = TestProcess.Start(
            ["sh", "-c", $"{TestPaths.Init} -p USR2 -- {TestPaths.Dummy} report 12 say ready pause & wait"]);
        shell.ReadUntil("ready");

        shell.Signal(Signals.SIGKILL);

        shell.ReadUntil("signal 12");
    }
}
