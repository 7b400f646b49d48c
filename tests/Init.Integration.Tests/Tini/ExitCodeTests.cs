using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Tini;

/// <summary><c>init -- COMMAND</c>: its exit status is the command's.</summary>
public sealed class ExitCodeTests
{
    private static readonly int[] EndingSignals =
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31, .. Enumerable.Range(34, 31)];

    [Fact]
    public void Exit_WithEachOf256Codes_IsPassedOn()
    {
        for (int code = 0; code < 256; code++)
            Assert.Equal(ExitStatus.Exited(code), TestProcess.Run(TestPaths.Init, "--", TestPaths.Dummy, "exit", $"{code}").Status);
    }

    [RootFact]
    public void Exit_AsPid1_IsPassedOn()
    {
        foreach (int code in (int[])[0, 1, 126, 127, 128, 255])
        {
            Assert.Equal(
                ExitStatus.Exited(code),
                TestProcess.Run([.. Namespaces.AsPid1, TestPaths.Init, "--", TestPaths.Dummy, "exit", $"{code}"]).Status);
        }
    }

    [Fact]
    public void Exit_BySignal_Is128AndItsNumber()
    {
        foreach (int signal in EndingSignals)
        {
            Assert.Equal(
                ExitStatus.Exited(128 + signal), TestProcess.Run(TestPaths.Init, "--", TestPaths.Dummy, "die", $"{signal}").Status);
        }
    }

    [Theory]
    [InlineData("143", "die", "15", 0)]
    [InlineData("143", "exit", "143", 0)]
    [InlineData("143", "exit", "1", 1)]
    [InlineData("0", "exit", "0", 0)]
    [InlineData("255", "exit", "255", 0)]
    public void Exit_WithCodeDeclaredASuccess_IsZero(string remapped, string verb, string value, int expected) =>
        Assert.Equal(
            ExitStatus.Exited(expected), TestProcess.Run(TestPaths.Init, "-e", "17", $"-e{remapped}", "--", TestPaths.Dummy, verb, value).Status);

    [Fact]
    public void Start_WhenNotFound_Is127AndSaysWhere()
    {
        var (status, _, stderr) = TestProcess.Run(TestPaths.Init, "--", "no-such-command");

        Assert.Equal(ExitStatus.Exited(127), status);
        Assert.Equal($"init: cannot find command \"no-such-command\" in PATH ({Environment.GetEnvironmentVariable("PATH")})\n", stderr);
    }

    [Theory]
    [InlineData("/no/such/file", 127, "init: cannot execute /no/such/file: No such file or directory (errno 2)\n")]
    [InlineData("/etc", 126, "init: cannot execute /etc: Is a directory (errno 21)\n")]
    [InlineData("/etc/passwd", 126, "init: cannot execute /etc/passwd: Permission denied (errno 13)\n")]
    public void Start_WhenItCannotBeExecuted_SaysWhy(string command, int code, string message)
    {
        var (status, stdout, stderr) = TestProcess.Run(TestPaths.Init, "--", command);

        Assert.Equal((ExitStatus.Exited(code), "", message), (status, stdout, stderr));
    }

    [Fact]
    public void Start_OfScripts_TreatsTheirFirstLineAsExecvpDoes()
    {
        string directory = Directory.CreateTempSubdirectory("init-tini-").FullName;
        string plain = Write("plain", "echo \"$1 by $0\"; exit 9\n");
        string orphaned = Write("orphaned", "#!/no/such/interpreter\n");

        Assert.Equal((ExitStatus.Exited(9), $"x by {plain}\n", ""), TestProcess.Run(TestPaths.Init, "--", plain, "x"));
        var (status, _, stderr) = TestProcess.Run(TestPaths.Init, "--", orphaned);
        Assert.Equal(ExitStatus.Exited(127), status);
        Assert.Contains("its interpreter or loader is what is missing", stderr, StringComparison.Ordinal);
        Directory.Delete(directory, recursive: true);

        string Write(string name, string content)
        {
            string path = Path.Combine(directory, name);
            File.WriteAllText(path, content);
            Assert.Equal(0, Files.ChangeMode(path, 0x1ED));
            return path;
        }
    }

    [Theory]
    [InlineData("--")]
    [InlineData("-g", "--")]
    [InlineData("-x", "--", "true")]
    [InlineData("-p", "NOSUCH", "--", "true")]
    [InlineData("-e", "256", "--", "true")]
    public void Start_WithWrongOptions_Is2(params string[] arguments)
    {
        var (status, _, stderr) = TestProcess.Run([TestPaths.Init, .. arguments]);

        Assert.Equal(ExitStatus.Exited(2), status);
        Assert.StartsWith("init: cannot run a command: ", stderr, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_WhenLinkedAsTini_NeedsNoSeparator()
    {
        string directory = Directory.CreateTempSubdirectory("init-tini-").FullName;
        string link = Path.Combine(directory, "tini");
        File.CreateSymbolicLink(link, TestPaths.Init);

        Assert.Equal(ExitStatus.Exited(0), TestProcess.Run(link, "-v", "-e", "5", TestPaths.Dummy, "exit", "5").Status);
        Assert.Equal(ExitStatus.Exited(6), TestProcess.Run(link, "--", TestPaths.Dummy, "exit", "6").Status);
        Directory.Delete(directory, recursive: true);
    }
}
