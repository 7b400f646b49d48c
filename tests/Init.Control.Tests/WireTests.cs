using System.Buffers;
using System.Text;
using System.Text.Json;

using Init.Base;

namespace Init.Control.Tests;

public class WireTests
{
    [Fact]
    public void EveryRequest_WhenWrittenAndRead_IsTheSame()
    {
        foreach (ControlRequest request in Samples.Requests)
        {
            byte[] line = Write(output => RequestWriter.Write(output, 7, request));

            RequestLine read = RequestReader.Read(line.AsSpan()[..^1]);

            Assert.Null(read.Error);
            Assert.Equal(7, read.Id);
            Assert.Equal(line, Write(output => RequestWriter.Write(output, 7, read.Request!)));
            Assert.Equal(request.GetType(), read.Request!.GetType());
        }
    }

    [Fact]
    public void EveryRequest_HasASample()
    {
        IEnumerable<Type> kinds = typeof(ControlRequest).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(ControlRequest)));

        Assert.Empty(kinds.Except(Samples.Requests.Select(request => request.GetType())));
        Assert.Empty(typeof(ControlResult).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(ControlResult)))
            .Except(Samples.Results.Select(sample => sample.Result?.GetType()!)));
        Assert.Empty(typeof(ControlItem).GetNestedTypes().Where(type => type.IsSubclassOf(typeof(ControlItem)))
            .Except(Samples.Items.Select(sample => sample.Item.GetType())));
    }

    [Fact]
    public void EveryResult_WhenWrittenAndRead_IsTheSame()
    {
        foreach (var (op, result) in Samples.Results)
        {
            byte[] line = Write(output => ReplyWriter.WriteResult(output, 9, result));

            ReplyLine.Done read = Assert.IsType<ReplyLine.Done>(ReplyReader.Read(line, op));

            Assert.Equal(9, read.Id);
            Assert.Equal(line, Write(output => ReplyWriter.WriteResult(output, 9, read.Result)));
        }
    }

    [Fact]
    public void EveryItem_WhenWrittenAndRead_IsTheSame()
    {
        foreach (var (op, item) in Samples.Items)
        {
            byte[] line = Write(output => ReplyWriter.WriteItem(output, 9, item));

            ReplyLine.Item read = Assert.IsType<ReplyLine.Item>(ReplyReader.Read(line, op));

            Assert.Equal(line, Write(output => ReplyWriter.WriteItem(output, 9, read.Value)));
            if (item is ControlItem.LogChunk chunk)
                Assert.Equal(chunk.Bytes.ToArray(), ((ControlItem.LogChunk)read.Value).Bytes.ToArray());
        }
    }

    [Fact]
    public void Wire_IsWhatItAlwaysWas()
    {
        StringBuilder text = new();
        foreach (ControlRequest request in Samples.Requests)
            text.Append(Text(output => RequestWriter.Write(output, 1, request)));
        foreach (var (_, result) in Samples.Results)
            text.Append(Text(output => ReplyWriter.WriteResult(output, 1, result)));
        foreach (var (_, item) in Samples.Items)
            text.Append(Text(output => ReplyWriter.WriteItem(output, 1, item)));
        text.Append(Text(output => ReplyWriter.WriteDropped(output, 1, 12)));
        text.Append(Text(output => ReplyWriter.WriteError(output, null, new ControlError(ErrorCode.BadRequest, "cannot read request: \"v\" is missing"))));
        text.Append(Text(output => ReplyWriter.WriteError(
            output, 1, new ControlError(ErrorCode.InvalidConfig, "cannot read the configuration", "run init check", ["a.toml:1:1: x: y"]))));

        Golden.Check("wire.txt", text.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"id\":1}")]
    [InlineData("{\"id\":1,\"ok\":true,\"result\":{\"programs\":3}}")]
    [InlineData("{\"id\":1,\"item\":null}")]
    [InlineData("{\"id\":\"x\",\"ok\":1}")]
    public void ReplyReader_WhenTheLineIsNone_Throws(string line) =>
        Assert.ThrowsAny<Exception>(() => ReplyReader.Read(Encoding.UTF8.GetBytes(line), "status") is ReplyLine.Done { Result: ControlResult.Status { Programs.Count: 0 } });

    [Fact]
    public void ReplyReader_WhenANewerServerSaysMore_SkipsIt()
    {
        byte[] line = "{\"extra\":{\"a\":[1,2]},\"id\":1,\"ok\":true,\"result\":{\"programs\":[{\"name\":\"a\",\"pid\":3,\"new\":{}}],\"unknown\":[]}}"u8.ToArray();

        ReplyLine.Done read = Assert.IsType<ReplyLine.Done>(ReplyReader.Read(line, "pid"));

        Assert.Equal(new InstancePid("a", 3), Assert.Single(((ControlResult.Pids)read.Result!).Programs));
    }

    [Fact]
    public void Nearest_WhenATypoIsSmall_FindsIt()
    {
        Assert.Equal("nginx", Suggestion.Nearest("ngnix", ["napcat", "nginx"]));
        Assert.Null(Suggestion.Nearest("zzz", ["napcat", "nginx"]));
        Assert.Null(Suggestion.Nearest("x", ["y"]));
        Assert.Null(Suggestion.Nearest(new string('a', 200), [new string('a', 201)]));
    }

    private static byte[] Write(Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> output = new();
        write(output);
        byte[] line = output.WrittenSpan.ToArray();
        Assert.Equal(1, line.Count(b => b == '\n'));
        Assert.Equal((byte)'\n', line[^1]);
        using JsonDocument _ = JsonDocument.Parse(line);
        return line;
    }

    private static string Text(Action<IBufferWriter<byte>> write) => Encoding.UTF8.GetString(Write(write));
}
