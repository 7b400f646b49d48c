using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Init.Engine.Control;

namespace Init.Control.Tests.Server;

/// <summary>The limit is the whole process's, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(DescriptorExhaustionTests), DisableParallelization = true)]
[Collection(nameof(DescriptorExhaustionTests))]
public sealed partial class DescriptorExhaustionTests
{
    private const int RlimitNofile = 7;

    [Fact]
    public void Server_WhenDescriptorsRunOut_NeitherSpinsNorDies_AndGoesOn()
    {
        using ServerFixture fixture = new(new ControlServerLimits { AcceptPause = TimeSpan.FromMilliseconds(100) });
        using RawClient busy = fixture.Connect();
        busy.Send("{\"v\":1,\"id\":6,\"op\":\"events\"}\n");
        fixture.Await(() => fixture.Handler.Followers.Count == 1, "it follows, so that it is not idle");
        using Socket late = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = (int)ServerFixture.Deadline.TotalMilliseconds };

        Limit usual = default;
        Assert.Equal(0, GetLimit(RlimitNofile, ref usual));
        Limit none = usual with { Soft = 0 };
        Assert.Equal(0, SetLimit(RlimitNofile, ref none));
        try
        {
            late.Connect(new UnixDomainSocketEndPoint(fixture.SocketPath));
            fixture.Await(() => fixture.Reports.Any(line => line.Contains("Too many open files", StringComparison.Ordinal)), "it was said");
            long before = fixture.WakeUps();
            Thread.Sleep(500); // The claim is about a stretch of time.

            Assert.InRange(fixture.WakeUps() - before, 1, 12);
            Assert.Single(fixture.Reports);
        }
        finally
        {
            Assert.Equal(0, SetLimit(RlimitNofile, ref usual));
        }

        late.Send("{\"v\":1,\"id\":1,\"op\":\"version\"}\n"u8);
        byte[] answer = new byte[4096];
        Assert.StartsWith("{\"id\":1,\"ok\":true", Encoding.UTF8.GetString(answer, 0, late.Receive(answer)), StringComparison.Ordinal);
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, ref Limit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimit(int resource, ref Limit limit);

    private struct Limit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
