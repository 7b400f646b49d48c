using System.Net.Sockets;
using System.Text;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Gateway;

/// <summary>HTTP as nobody should speak it: it costs the one who does, and nobody else.</summary>
public sealed class HostileHttpTests
{
    private const string Main = """
        [program.main]
        command = ["${DUMMY}", "pause"]
        start_grace = "0s"
        """;

    private static readonly string[] Manners =
    [
        "GET / HTTP/1.1\r\nHost", // Never ends its header.
        "\0\0\0\0\r\n\xFF\xFE\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n<methodCall>", // Never sends the rest.
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n",
        "GET /" + new string('a', 100_000) + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" + string.Concat(Enumerable.Repeat("X-Y: " + new string('z', 100) + "\r\n", 1000)) + "\r\n",
        "GET /logtail/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /%00%0a HTTP/1.1\r\nHost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // The beginning of TLS.
    ];

    [RootFact]
    public void Clients_ThatSpeakNonsense_KeepNobodyOut()
    {
        using InitUnderTest init = GatewayFixture.Start(Main);
        init.WaitForReady("main");
        int gateway = GatewayFixture.PidOf(init);
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < 300; i++)
            {
                Socket client = Connect(init);
                clients.Add(client);
                client.Send(Encoding.Latin1.GetBytes(Manners[i % Manners.Length]), SocketFlags.None, out _); // What does not fit is not sent: they are rude anyway.
            }

            for (int i = 0; i < 20; i++)
                Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        Assert.Equal(gateway, GatewayFixture.PidOf(init));
        Assert.Equal("RUNNING", init.StatusOf("main").State);
        init.EndInOrder();
    }

    [RootFact]
    public void Clients_TenThousandIdle_CostLittleAndKeepNobodyOut()
    {
        using InitUnderTest init = GatewayFixture.Start(Main);
        init.WaitForReady("main");
        int gateway = GatewayFixture.PidOf(init);
        CrowdAround(init, gateway);
        long afterFirst = ProcFs.Read(gateway)!.Value.ResidentBytes;

        // The collector takes its time, so one crowd may leave more behind than the next; what is never given back is left behind by each.
        long before = afterFirst, grown = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            CrowdAround(init, gateway);
            long after = ProcFs.Read(gateway)!.Value.ResidentBytes;
            (before, grown) = (after, Math.Min(grown, after - before));
        }

        Assert.True(afterFirst < 150_000_000, $"10,000 idle clients made it {afterFirst} bytes large");
        Assert.True(grown < 20_000_000, $"each further 10,000 cost at least {grown} bytes more");
        Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz"));
        Assert.Equal(gateway, GatewayFixture.PidOf(init));
        init.EndInOrder();
    }

    private static void CrowdAround(InitUnderTest init, int gateway)
    {
        List<Socket> clients = [];
        try
        {
            for (int i = 0; i < 10_000; i++)
                clients.Add(Connect(init));

            // The last of them may fill the backlog still, and curl does not wait for a place in it.
            Instant start = MonotonicClock.Now;
            Assert.Equal("ok\n", GatewayFixture.Curl(init, "/healthz", "--retry", "3", "--retry-delay", "1", "--retry-all-errors"));
            TimeSpan took = MonotonicClock.Now - start;

            Assert.True(took < TimeSpan.FromSeconds(5), $"a request among idle clients took {took.TotalMilliseconds} ms");
            init.WaitUntil(() => DescriptorsOf(gateway) < 700, "the gateway to close what is beyond its limit");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    private static Socket Connect(InitUnderTest init)
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        UnixDomainSocketEndPoint address = new(GatewayFixture.SocketOf(init));
        init.WaitUntil(() => TryConnect(client, address), "a place in the backlog");
        client.Blocking = false;
        return client;
    }

    private static bool TryConnect(Socket client, UnixDomainSocketEndPoint address)
    {
        try
        {
            client.Connect(address);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
        {
            return false; // The backlog is full at this moment.
        }
    }

    private static int DescriptorsOf(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length;
}
