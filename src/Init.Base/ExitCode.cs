namespace Init.Base;

/// <summary>The exit codes of every <c>init</c> command. docs/reference/cli.md lists them for users.</summary>
public static class ExitCode
{
    public const int Success = 0;

    /// <summary>The request was understood and failed: a program did not start, a file has problems, a name is unknown.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>init status</c>: at least one program that was named, or that should be up, is not RUNNING (as supervisorctl has it).</summary>
    public const int NotRunning = 3;

    /// <summary>The supervisor cannot be reached over its control socket.</summary>
    public const int Unreachable = 4;

    /// <summary>sysexits(3) EX_CONFIG: <c>init run</c> cannot start because its configuration is wrong.</summary>
    public const int Configuration = 78;

    /// <summary>As a shell has it: the command exists and cannot be executed.</summary>
    public const int CannotExecute = 126;

    /// <summary>As a shell has it: the command was not found.</summary>
    public const int CommandNotFound = 127;
}
