using System.Text.Json;
using System.Text.RegularExpressions;
using Init.Integration.Tests.Harness;
using Init.Integration.Tests.Supervisord;

namespace Init.Integration.Tests.Supervisorctl;

/// <summary>
/// The prompt, on a pseudo-terminal: the same keys for supervisor's client with supervisord and for ours, and in the end the same screen, but for the width of columns.
/// </summary>
public sealed partial class TerminalTests
{
    private const string Up = "\x1b[A", Down = "\x1b[B", Left = "\x1b[D", CtrlA = "\x01", CtrlC = "\x03", CtrlD = "\x04", CtrlE = "\x05", CtrlK = "\x0b", CtrlU = "\x15", CtrlW = "\x17";

    private const string Config = """
        [unix_http_server]
        file=@DIR@/s.sock
        [rpcinterface:supervisor]
        supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
        [supervisorctl]
        serverurl=unix://%(here)s/s.sock
        prompt=ask
        [program:cat]
        command=cat
        [program:off]
        command=sleep 1000
        autostart=false
        [program:x]
        command=sleep 1000
        numprocs=2
        process_name=x%(process_num)d
        [group:g]
        programs=x
        """;

    private static readonly string Terminal = Path.Combine(TestPaths.Repository, "tests/Init.Integration.Tests/Supervisorctl/Terminal/terminal.py");

    /// <summary>Keys, and the line with the cursor that they lead to; Terminal/terminal.py says more.</summary>
    private static readonly string[][] s_steps =
    [
        ["", "ask>"],

        // A line is edited.
        ["versoin", "ask> versoin"], [$"{Left}{Left}\b", "ask> versin"], [$"{CtrlE}\b\b\bsion", "ask> version"], ["\r", "ask>"],
        [$"stop all{CtrlW}{CtrlW}", "ask>"], [$"junk{CtrlA}{CtrlK}", "ask>"], ["\r", "ask>"],

        // The past, and names.
        [Up, "ask> version"], [Down, "ask>"], ["stat\t", "ask> status"], ["c\t", "ask> status cat"], ["\r", "ask>"],
        ["status g:x\t", "ask> status g:x"], ["\t\t", "*g:x1"], ["1\r", "ask>"], ["stop cat:\t\t\t", "*cat:*"], [CtrlU, "ask>"], ["update g\t\r", "ask>"],
        ["he\t\r", "ask>"], ["help help\r", "ask>"], ["nope\r", "ask>"],

        // A program in the foreground, which stays when it is left, and one that is stopped meanwhile.
        ["fg cat\r", "*==> Press Ctrl-C to exit <=="], ["yes", "yes"], ["sir\b\b\b, sir\r", "*yes, sir"], [CtrlC, "ask>"], ["status cat\r", "ask>"],
        ["fg off\r", "ask>"], ["fg nobody\r", "ask>"], ["tail -f cat\r", "*yes, sir"], [$"(at once){CtrlC}", "ask>"],
        ["fg cat\r", "*yes, sir"], ["$ @CTL@ -c @DIR@/supervisord.conf stop cat", ""], ["hello\r", "ask>"], ["start cat\r", "ask>"],

        // The supervisor ends meanwhile.
        ["shutdown\r", "*y/N?"], ["n\r", "ask>"], ["$ @CTL@ -c @DIR@/supervisord.conf shutdown; while test -e @DIR@/s.sock; do sleep 0.1; done", "ask>"],
        ["version\r", "ask>"], ["start ca\t", "ask> start ca"], [CtrlU, "ask>"], ["status\r", "ask>"],
    ];

    [SupervisordTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void Prompt_OnATerminal_IsAsTheirs(bool isInit)
    {
        using ClientUnderTest actual = new(ClientUnderTest.Ours, isInit ? SupervisorRun.StartInit(Config) : SupervisorRun.StartSupervisord(Config));
        WaitForRunning(actual);

        Assert.Equal(PlayTheirs(), Play(actual, s_steps));
    }

    [SupervisordTheory]
    [InlineData("", CtrlC)]
    [InlineData("", CtrlD)]
    [InlineData("start off", CtrlC)]
    [InlineData("", "quit\r")]
    public void Prompt_WhenItIsLeft_EndsAsTheirs(string line, string keys)
    {
        using ClientUnderTest expected = new(ClientUnderTest.Theirs, SupervisorRun.StartSupervisord(Config));
        using ClientUnderTest actual = new(ClientUnderTest.Ours, SupervisorRun.StartInit(Config));
        WaitForRunning(expected, actual);
        string[][] steps = [["", "ask>"], [line, $"ask> {line}".TrimEnd()], [keys, "(end)"]];

        string screen = Play(actual, steps);

        Assert.Equal(Play(expected, steps), screen);
        Assert.Contains("(exit code 0)", screen, StringComparison.Ordinal);
    }

    /// <summary>
    /// Left by Ctrl-C, the thread with which the real client follows a log now and then gets to say that its connection broke, or keeps the client from coming back
    /// to its prompt. Then it is asked again.
    /// </summary>
    private static string PlayTheirs()
    {
        string screen = "";
        for (int i = 0; i < 4; i++)
        {
            using ClientUnderTest theirs = new(ClientUnderTest.Theirs, SupervisorRun.StartSupervisord(Config));
            WaitForRunning(theirs);
            screen = Play(theirs, s_steps);
            if (!screen.Contains("s.sock/logtail", StringComparison.Ordinal) && !screen.Contains("waited in vain", StringComparison.Ordinal))
                break;
        }

        return screen;
    }

    private static void WaitForRunning(params ReadOnlySpan<ClientUnderTest> clients)
    {
        foreach (ClientUnderTest client in clients)
            client.WaitForRunning("cat", "g:x0", "g:x1");
    }

    private static string Play(ClientUnderTest client, string[][] steps)
    {
        using TestProcess process = client.Begin($"/usr/bin/python3 {Terminal} '{JsonSerializer.Serialize(steps)}' @CTL@ -c @DIR@/supervisord.conf");
        return Spaces().Replace(client.Finish(process), " ");
    }

    [GeneratedRegex(" +", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Spaces();
}
