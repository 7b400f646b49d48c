using Init.Linux;

namespace Init.Integration.Tests.Harness;

internal static class Namespaces
{
    /// <summary>In front of a command: it runs as PID 1 of a new PID namespace, with its own /proc.</summary>
    public static string[] AsPid1 { get; } = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

    /// <summary>In front of a command: it runs as a user that /etc/passwd does not know, without privileges.</summary>
    public static string[] AsStranger { get; } = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"];

    /// <summary>The pid, seen from outside, of the PID 1 that unshare has started.</summary>
    public static int Pid1Of(TestProcess unshare)
    {
        List<ProcessInfo> children = [];
        unshare.WaitUntil(() => (children = unshare.Children()).Count == 1 && children[0].Name == "init", "PID 1 in its namespace");
        return children[0].Pid;
    }
}
