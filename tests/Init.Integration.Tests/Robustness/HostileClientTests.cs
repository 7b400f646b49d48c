using System.Net.Sockets;
using System.Text;
using Init.Base;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Robustness;

/// <summary>Clients of the control socket that do what they should not.</summary>
public sealed class HostileClientTests
{
    [RootFact]
    public void Clients_InHundreds_IdleAndHostile_KeepNobodyFromTheStatus()
    {
        using InitUnderTest init = InitUnderTest.Start("""
            [program.main]
            command = ["${DUMMY}", "pause"]
            start_grace = "0s"
            [program.chatty]
            command = ["${DUMMY}", "say", "something", "sleep", "5"]
            start_grace = "0s"
            backoff = { attempts = 0, initial = "1ms", max = "1ms" }
            stdout = { file = "", mirror = false }
            """);
        init.WaitForReady("main");
        List<Socket> clients = [];
        string[] manners =
        [
            "", // Says nothing.
            "{\"v\":1,\"id\":1,\"op\":\"sta", // Never ends its line.
            "\0\0\0\0\n\xFF\xFE\n[[[[[[\n{}\nnull\n\"\"\n",
            new string('[', 30_000) + "\n",
            "{\"v\":1,\"id\":1,\"op\":\"events\"}\n", // Reads nothing of what it has asked for.
            "{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"chatty\",\"follow\":true}\n",
            new string('x', 200_000), // More than a request may have.
            string.Concat(Enumerable.Repeat("{\"v\":1,\"id\":1,\"op\":\"status\"}\n", 500)), // Without reading a reply.
            "{\"v\":99,\"id\":1,\"op\":\"shutdown\"}\n",
            "{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[\"nobody\"]}\n",
        ];
        try
        {
            for (int i = 0; i < 500; i++)
            {
                Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                clients.Add(client);
                client.Connect(new UnixDomainSocketEndPoint(init.ControlSocket));
                client.Blocking = false;
                client.Send(Encoding.Latin1.GetBytes(manners[i % manners.Length]), SocketFlags.None, out _); // What does not fit is not sent: they are rude anyway.
            }

            Instant before = MonotonicClock.Now;
            for (int i = 0; i < 50; i++)
                Assert.Equal("RUNNING", init.StatusOf("main").State);
            TimeSpan took = MonotonicClock.Now - before;
            Assert.True(took < TimeSpan.FromSeconds(5), $"50 times status took {took.TotalMilliseconds} ms");

            // It does not spin either because of them: the crash loop next to it is most of its work.
            int restarts = init.StatusOf("chatty").Restarts;
            init.WaitUntil(() => init.StatusOf("chatty").Restarts > restarts + 20, "restarts to go on");
            Assert.NotNull(ProcFs.Read(init.Pid));
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }

        init.WaitUntil(() => DescriptorsOf(init.Pid) < 60, "the descriptors of the clients to be closed");
        init.EndInOrder();
    }

    private static int DescriptorsOf(int pid) => Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length;
}
