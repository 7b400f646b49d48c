using System.Text;
using Init.Control;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Supervision;

/// <summary>A secret is seen by the program that was granted it, and stands nowhere else.</summary>
public sealed class SecretTests
{
    private const string Secret = "hunter2-c0ffee-4711";

    [RootTheory]
    [InlineData("text")]
    [InlineData("json")]
    public void Secret_IsInTheEnvironmentOfItsProgramAndNowhereElse(string format)
    {
        using InitUnderTest init = InitUnderTest.Start(
            $$"""
            [init]
            secrets = ["TOKEN"]
            log_format = "{{format}}"
            [program.granted]
            command = ["${DUMMY}", "exit-unless", "/", "1", "fork", "1", "sleep", "100000", "then", "pause"]
            secrets = ["TOKEN"]
            environment = { COPY = "copy-${TOKEN}" }
            start_grace = "0s"
            hooks = { before_start = ["${DUMMY}", "say", "prepared"] }
            umask = "022"
            [program.other]
            command = ["${DUMMY}", "env", "TOKEN", "pause"]
            start_grace = "0s"
            [program.failing]
            command = ["/nowhere/program"]
            secrets = ["TOKEN"]
            backoff = { initial = "10ms", attempts = 1 }
            [program.probed]
            command = ["${DUMMY}", "pause"]
            secrets = ["TOKEN"]
            start_grace = "0s"
            ready = { exec = ["false"], timeout = "300ms", interval = "50ms" }
            backoff = { initial = "10ms", attempts = 1 }
            [on_event.note]
            events = ["program.*"]
            command = ["sh", "-c", "cat > /dev/null; echo hook-$$TOKEN >> $$DIR/hook.out"]
            """,
            new InitOptions { Environment = [$"TOKEN={Secret}"] });
        int granted = init.PidFromInside(init.WaitForReady("granted").Pid!.Value)!.Value;
        int other = init.PidFromInside(init.WaitForReady("other").Pid!.Value)!.Value;
        init.WaitForState("failing", "FATAL");
        init.WaitForState("probed", "FATAL");
        Assert.Equal(Secret, ProcFs.ReadEnvironmentValue(granted, "TOKEN"));
        Assert.Equal("copy-" + Secret, ProcFs.ReadEnvironmentValue(granted, "COPY"));

        string words = string.Join('\n', (IEnumerable<string>)["granted", "other", "failing", "probed"]);
        foreach (string name in words.Split('\n'))
        {
            var explained = init.Ask<ControlResult.Explanation>(new ControlRequest.Explain(name));
            words += '\n' + string.Join('\n', explained.Lines) + string.Join('\n', explained.Programs) + string.Join('\n', explained.Probes);
            var environment = init.Ask<ControlResult.EnvironmentOf>(new ControlRequest.Env(name));
            words += '\n' + string.Join('\n', environment.Variables.Select(variable => $"{variable.Name}={variable.Value}"));
        }

        // Reload with a mistake, so that error texts have their chance.
        init.WriteConfig("[init]\nsecrets = [\"TOKEN\"]\n[program.x]\ncommand = \"echo ${TOKEN}\"\ndirectory = \"${TOKEN}\"\nuser = \"${TOKEN}\"\nsecrets = [\"TOKEN\"]\nnice = \"${TOKEN}\"\n");
        words += init.AskOrRefuse(new ControlRequest.Update(), out _);
        init.Signal(Linux.Signals.SIGHUP);
        init.WaitForLine("cannot reload the configuration");

        foreach (ProcessInfo process in init.ProcessesInside())
            words += '\n' + InitUnderTest.CommandLineOf(process.Pid);
        Assert.Contains("granted", words, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, words, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, EnvironmentOf(other), StringComparison.Ordinal);
        init.EndInOrder();
        Assert.DoesNotContain(Secret, string.Join('\n', init.Lines) + init.Stderr, StringComparison.Ordinal);
        foreach (string file in Directory.GetFiles(init.Directory, "*", SearchOption.AllDirectories))
            Assert.DoesNotContain(Secret, File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Contains("hook-\n", File.ReadAllText(Path.Combine(init.Directory, "hook.out")), StringComparison.Ordinal);
    }

    private static string EnvironmentOf(int pid) => Encoding.UTF8.GetString(Files.ReadAll($"/proc/{pid}/environ", 1 << 20, out _) ?? []);
}
