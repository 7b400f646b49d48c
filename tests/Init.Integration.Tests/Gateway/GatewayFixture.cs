using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>Init with a gateway, and real clients of it.</summary>
internal static class GatewayFixture
{
    public static InitUnderTest Start(string config, string gateway = "", InitOptions? options = null) => WaitForGateway(InitUnderTest.Start(
        $"""
        [gateway]
        socket = "http.sock"
        {gateway}
        {config}
        """,
        options));

    public static InitUnderTest WaitForGateway(InitUnderTest init)
    {
        init.WaitUntil(() => File.Exists(SocketOf(init)), "the gateway's socket");
        return init;
    }

    public static string SocketOf(InitUnderTest init) => Path.Combine(init.Directory, "http.sock");

    /// <summary>curl over the unix socket: the body, once the status is a success.</summary>
    public static string Curl(InitUnderTest init, string path, params string[] options)
    {
        var (status, output, errors) = TestProcess.Run(
            ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", "--unix-socket", SocketOf(init), .. options, "http://localhost" + path]);
        Assert.True(status == ExitStatus.Exited(0), $"curl {path}: {status}\n{output}{errors}");
        return output;
    }

    public static TestProcess StartCurl(InitUnderTest init, string path, params string[] options) =>
        TestProcess.Start(["curl", "--silent", "--no-buffer", "--unix-socket", SocketOf(init), .. options, "http://localhost" + path]);

    /// <summary>Debian's, which is written in Python.</summary>
    public static TestProcess StartSupervisorctl(InitUnderTest init, params string[] arguments)
    {
        string config = Path.Combine(init.Directory, "client.conf");
        File.WriteAllText(config, $"[supervisorctl]\nserverurl = unix://{SocketOf(init)}\n");
        return TestProcess.Start(["/usr/bin/supervisorctl", "-c", config, .. arguments], ["PYTHONUNBUFFERED=1"]);
    }

    /// <summary>The gateway's process, seen from here.</summary>
    public static int PidOf(InitUnderTest init)
    {
        int? pid = null;
        init.WaitUntil(
            () => (pid = init.ProcessesInside().Where(process => InitUnderTest.CommandLineOf(process.Pid).Contains(" gateway -c ", StringComparison.Ordinal)).Select(process => (int?)process.Pid).FirstOrDefault()) is not null,
            "the gateway's process");
        return pid!.Value;
    }

    public static bool Answers(InitUnderTest init)
    {
        OpenResult connection = UnixSockets.Connect(SocketOf(init));
        if (!connection.Succeeded)
            return false;

        Files.Close(connection.Fd);
        return true;
    }
}
