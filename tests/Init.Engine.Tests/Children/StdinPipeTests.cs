using System.Text;
using Init.Engine.Children;
using Init.Linux;

namespace Init.Engine.Tests.Children;

public sealed class StdinPipeTests : LoopTest
{
    private const int PipeCapacity = 64 << 10;

    private readonly List<int> _ends = [];

    [Fact]
    public void Write_WhenTheChildReads_ArrivesInOrder()
    {
        using StdinPipe stdin = Create(pendingMax: 1024, out int end);
        byte[] long1 = [.. Enumerable.Range(0, PipeCapacity + 500).Select(number => (byte)number)];

        Assert.Equal(StdinWrite.Taken, stdin.Write(long1));
        Assert.Equal(StdinWrite.Taken, stdin.Write("after"u8));

        Assert.Equal(505, stdin.PendingBytes);
        byte[] read = Read(end, long1.Length + 5);
        Assert.Equal([.. long1, .. "after"u8], read);
        Assert.Equal(0, stdin.PendingBytes);
    }

    [Fact]
    public void Write_WhenTheChildDoesNotRead_IsRefusedBeyondTheLimit()
    {
        using StdinPipe stdin = Create(pendingMax: 100, out int end);
        stdin.Write(new byte[PipeCapacity + 60]);

        Assert.Equal(StdinWrite.Full, stdin.Write(new byte[41]));
        Assert.Equal(StdinWrite.Taken, stdin.Write(new byte[40]));

        Assert.Equal(100, stdin.PendingBytes);
        Assert.Equal(PipeCapacity + 100, Read(end, PipeCapacity + 100).Length);
    }

    [Fact]
    public void Write_WhenNothingWaits_TakesMoreThanTheLimit()
    {
        using StdinPipe stdin = Create(pendingMax: 10, out _);

        Assert.Equal(StdinWrite.Taken, stdin.Write(new byte[PipeCapacity * 3]));

        Assert.Equal(PipeCapacity * 2, stdin.PendingBytes);
    }

    [Fact]
    public void Write_WhenTheChildHasClosedItsStdin_SaysSo()
    {
        using StdinPipe stdin = Create(pendingMax: 10, out int end);
        CloseEnd(end);

        Assert.Equal(StdinWrite.Closed, stdin.Write("x"u8));

        Assert.False(stdin.IsOpen);
        Assert.Equal(StdinWrite.Closed, stdin.Write("x"u8));
    }

    [Fact]
    public void Pending_WhenTheChildCloses_IsDropped()
    {
        using StdinPipe stdin = Create(pendingMax: 10, out int end);
        stdin.Write(new byte[PipeCapacity + 1]);
        CloseEnd(end);

        RunUntil(() => !stdin.IsOpen, "the closed pipe is noticed");

        Assert.Equal(0, stdin.PendingBytes);
    }

    [Fact]
    public void Dispose_ThenTheChildReadsTheEnd()
    {
        StdinPipe stdin = Create(pendingMax: 10, out int end);
        stdin.Write("last"u8);

        stdin.Dispose();
        stdin.Dispose();

        Assert.Equal("last", Encoding.ASCII.GetString(Files.ReadToEnd(end, 100, out _)!));
    }

    public override void Dispose()
    {
        foreach (int end in _ends)
            Files.Close(end);
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    private StdinPipe Create(int pendingMax, out int end)
    {
        var pipe = StdinPipe.Create(Loop, pendingMax, out end);
        Assert.Equal(0, Files.SetNonBlocking(end, nonBlocking: true));
        _ends.Add(end);
        return pipe;
    }

    private void CloseEnd(int end)
    {
        _ends.Remove(end);
        Files.Close(end);
    }

    private byte[] Read(int end, int count)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[8192];
        RunUntil(
            () =>
            {
                while (Files.Read(end, buffer) is { Count: > 0 } read)
                    bytes.AddRange(buffer.AsSpan(0, read.Count));
                return bytes.Count >= count;
            },
            $"{count} bytes arrive");
        return [.. bytes];
    }
}
