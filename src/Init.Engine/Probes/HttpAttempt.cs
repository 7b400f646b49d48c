using System.Net;
using System.Text;
using Init.Config;
using Init.Linux;

namespace Init.Engine.Probes;

/// <summary>Sends one GET and judges the answer as it comes in.</summary>
internal sealed class HttpAttempt(Prober prober, Probe.Http probe, TimeSpan timeout, Action<ProbeResult> done)
    : ConnectingAttempt(prober, new IPEndPoint(probe.Address, probe.Port), timeout, done)
{
    /// <summary>Bytes taken per pass; whoever sends more than that has to wait for the others.</summary>
    private const int BytesPerPass = 64 * 1024;

    private readonly HttpResponseReader _response = new(probe.BodyContains);
    private byte[] _unsent = [];
    private int _sent;

    protected override void Connected()
    {
        // Connection: close, so that an answer without a length ends; no encodings, so that the text can be found in the body.
        _unsent = Encoding.UTF8.GetBytes(
            $"GET {probe.PathAndQuery} HTTP/1.1\r\nHost: {probe.HostHeader}\r\nUser-Agent: init-probe\r\nAccept: */*\r\n" +
            "Accept-Encoding: identity\r\nConnection: close\r\n\r\n");
        Send();
    }

    protected override void Ready(IoEvents events)
    {
        if (_sent < _unsent.Length && events.HasFlag(IoEvents.Writable))
            Send();

        if ((events & ~IoEvents.Writable) != IoEvents.None)
            Receive();
    }

    private void Send()
    {
        IoResult result = UnixSockets.Send(Socket, _unsent.AsSpan(_sent));
        _sent += result.Count;

        // Any other failure means that the server does not want to hear more. It may have answered all the same, so what there is gets read.
        bool more = _sent < _unsent.Length && (result.Succeeded || result.WouldBlock);
        if (!more)
            _sent = _unsent.Length;
        Prober.Loop.Change(Socket, more ? IoEvents.Readable | IoEvents.Writable : IoEvents.Readable);
    }

    private void Receive()
    {
        for (int taken = 0; taken < BytesPerPass;)
        {
            IoResult result = Files.Read(Socket, Prober.ReceiveBuffer);
            if (result.WouldBlock)
                return;

            if (!result.Succeeded)
            {
                Finish(ProbeResult.No(DescribeFailure(result.Errno)));
                return;
            }

            HttpVerdict? verdict = result.IsEndOfFile ? _response.End() : _response.Feed(Prober.ReceiveBuffer.AsSpan(0, result.Count));
            if (verdict is { } known)
            {
                Finish(known.Success ? ProbeResult.Yes : ProbeResult.No($"{Target}: {known.Detail}"));
                return;
            }

            taken += result.Count;
        }
    }
}
