namespace Init.Backup.Tests.Kill;

/// <summary>What happens at the chosen call of git.</summary>
internal enum StepFault
{
    /// <summary>The role is killed before this git has done anything.</summary>
    KillBefore,

    /// <summary>The role is killed when this git has done all of it.</summary>
    KillAfter,

    /// <summary>This git is killed; the role lives and has to cope.</summary>
    GitDies,
}

/// <summary>
/// A git for PATH that counts its calls: each is a step of the role, and at the boundary of the chosen one the fault happens. Everything that the role does to the store or
/// a remote is a call of git.
/// </summary>
internal sealed class StepGit
{
    private readonly string _directory;

    public StepGit(string directory)
    {
        _directory = directory;
        Directory.CreateDirectory(directory);
    }

    public string Path => _directory;

    /// <summary>Calls since <see cref="Arm"/>.</summary>
    public int Calls => File.Exists(Counter) ? (int)new FileInfo(Counter).Length : 0;

    private string Counter => System.IO.Path.Combine(_directory, "calls");

    /// <param name="step">From 1; 0: no fault.</param>
    /// <param name="fault">At that step.</param>
    public void Arm(int step, StepFault fault)
    {
        File.Delete(Counter);
        string act = fault switch
        {
            StepFault.KillBefore => "kill -9 $PPID; exit 137",
            StepFault.KillAfter => "\"$real\" \"$@\"; kill -9 $PPID; exit 137",
            _ => "kill -9 $$",
        };
        // One byte for each call: appending is atomic, and the size is the number.
        string script = $"""
            #!/bin/sh
            real={RealGit()}
            printf x >> {Counter}
            [ {step} -gt 0 ] && [ "$(wc -c < {Counter})" -eq {step} ] && [ ! -e {Counter}.shown ] && : > {Counter}.shown && case 1 in 1) {act} ;; esac
            exec "$real" "$@"
            """;
        File.Delete(Counter + ".shown");
        string path = System.IO.Path.Combine(_directory, "git");
        File.WriteAllText(path + ".new", script + "\n");
        _ = Linux.Files.ChangeMode(path + ".new", 0x1ED /* 0755 */);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Whether the fault has happened.</summary>
    public bool HasShown => File.Exists(Counter + ".shown");

    private static string RealGit() =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(directory => System.IO.Path.Combine(directory, "git")).First(File.Exists);
}
