using System.Text;

namespace Init.Control.Tests;

public class RequestReaderTests
{
    [Theory]
    [InlineData("", "bad-request", "the line is no JSON object")]
    [InlineData("hello", "bad-request", "the line is no JSON object")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"version\"", "bad-request", "the line is no JSON object")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"version\"} x", "bad-request", "the line is no JSON object at byte")]
    [InlineData("[1]", "bad-request", "the line is no JSON object")]
    [InlineData("null", "bad-request", "the line is no JSON object")]
    [InlineData("{\"id\":1,\"op\":\"version\"}", "bad-request", "\"v\" is missing")]
    [InlineData("{\"v\":1,\"op\":\"version\"}", "bad-request", "\"id\" is missing")]
    [InlineData("{\"v\":1,\"id\":1}", "bad-request", "\"op\" is missing")]
    [InlineData("{\"v\":\"1\",\"id\":1,\"op\":\"version\"}", "bad-request", "\"v\" must be an integer")]
    [InlineData("{\"v\":1,\"id\":1.5,\"op\":\"version\"}", "bad-request", "\"id\" must be an integer")]
    [InlineData("{\"v\":1,\"id\":99999999999999999999,\"op\":\"version\"}", "bad-request", "\"id\" must be an integer")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":7}", "bad-request", "\"op\" must be a text")]
    [InlineData("{\"v\":2,\"id\":1,\"op\":\"version\"}", "unsupported-version", "protocol version 2, and this supervisor speaks version 1")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"dance\"}", "unknown-op", "cannot carry out \"dance\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"version\",\"volume\":3}", "bad-request", "\"volume\" is no field of any request")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"version\",\"names\":[]}", "bad-request", "version has no field \"names\"")]
    [InlineData("{\"v\":1,\"id\":1,\"id\":2,\"op\":\"version\"}", "bad-request", "\"id\" is there twice")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\"}", "bad-request", "\"names\" of start must name something")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[]}", "bad-request", "\"names\" of start must name something")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":\"web\"}", "bad-request", "\"names\" must be an array of texts")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[1]}", "bad-request", "\"names\" must be an array of texts")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[[]]}", "bad-request", "\"names\" must be an array of texts")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[\"\"]}", "bad-request", "a name must have 1 to 256 characters")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[\"a\\u001b[2J\"]}", "bad-request", "a name holds a control character")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[\"\\ud800\"]}", "bad-request", "half of a surrogate pair")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"start\",\"names\":[\"a\"],\"wait\":\"yes\"}", "bad-request", "\"wait\" must be true or false")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"status\",\"usage\":0}", "bad-request", "\"usage\" must be true or false")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"pid\",\"usage\":false}", "bad-request", "pid has no field \"usage\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"stop\",\"names\":[\"a\"],\"rolling\":true}", "bad-request", "stop has no field \"rolling\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"signal\",\"names\":[\"a\"]}", "bad-request", "\"signal\" is missing")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"signal\",\"names\":[\"a\"],\"signal\":\"TREM\"}", "bad-request", "unknown signal \"TREM\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"signal\",\"names\":[\"a\"],\"signal\":\"0\"}", "bad-request", "unknown signal \"0\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"tail\",\"stream\":\"stdout\"}", "bad-request", "the supervisor's own log has one stream")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"read-log\",\"name\":\"a\",\"length\":-1}", "bad-request", "\"length\" is negative")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"read-log\",\"name\":\"a\",\"offset\":-5,\"length\":5}", "bad-request", "a negative \"offset\" goes with")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"read-log\",\"lines\":5}", "bad-request", "read-log has no field \"lines\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"group-add\"}", "bad-request", "\"group\" of group-add is missing")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"group-remove\",\"group\":\"a\",\"name\":\"b\"}", "bad-request", "group-remove has no field \"name\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"group-remove\",\"group\":\"\"}", "bad-request", "a name must have 1 to 256 characters")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"send-input\",\"name\":\"a\"}", "bad-request", "one of \"text\" and \"base64\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"send-input\",\"name\":\"a\",\"text\":\"\",\"base64\":\"\"}", "bad-request", "one of \"text\" and \"base64\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"send-input\",\"name\":\"a\",\"base64\":\"?\"}", "bad-request", "\"base64\" must be a text in base64")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"send-input\",\"text\":\"a\"}", "bad-request", "\"name\" of send-input is missing")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"remote-event\",\"type\":\"a\"}", "bad-request", "\"data\" of remote-event is missing")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"remote-event\",\"type\":\"a\\nb\",\"data\":\"\"}", "bad-request", "a name holds a control character")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"metrics\",\"names\":[\"a\"]}", "bad-request", "metrics has no field \"names\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"stream\":\"stdin\"}", "bad-request", "\"stream\" must be \"stdout\" or \"stderr\"")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"lines\":-1}", "bad-request", "\"lines\" is out of range")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"bytes\":9999999}", "bad-request", "\"bytes\" must be 0 to 1048576")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\",\"lines\":1,\"bytes\":1}", "bad-request", "exclude each other")]
    [InlineData("{\"v\":1,\"id\":1,\"op\":\"env\",\"names\":[\"a\"]}", "bad-request", "\"name\" of env is missing")]
    public void Line_WhenItIsNoRequest_SaysWhatIsWrong(string line, string code, string message)
    {
        RequestLine read = RequestReader.Read(Encoding.UTF8.GetBytes(line));

        Assert.Null(read.Request);
        Assert.Equal(code, read.Error!.Code);
        Assert.Contains(message, read.Error.Message);
    }

    [Fact]
    public void Line_WhenItIsNotUtf8_SaysSo() =>
        Assert.Contains("not UTF-8", RequestReader.Read([0x7b, 0xff, 0x7d]).Error!.Message);

    [Fact]
    public void Error_WhenTheIdWasRead_CarriesIt() =>
        Assert.Equal(17, RequestReader.Read("{\"v\":1,\"id\":17,\"op\":\"nope\"}"u8).Id);

    [Fact]
    public void Error_WhenItRepeatsWhatWasSent_IsShortAndHarmless()
    {
        ControlError error = RequestReader.Read(Encoding.UTF8.GetBytes("{\"v\":1,\"id\":1,\"op\":\"\\u001b[2J" + new string('x', 5000) + "\"}")).Error!;

        Assert.True(error.Message.Length < 100);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }

    [Fact]
    public void Names_WhenThereAreTooMany_AreRefused()
    {
        string names = string.Join(",", Enumerable.Repeat("\"a\"", ControlProtocol.NamesMax + 1));

        Assert.Contains("more than 1024 names", RequestReader.Read(Encoding.UTF8.GetBytes($"{{\"v\":1,\"id\":1,\"op\":\"status\",\"names\":[{names}]}}")).Error!.Message);
    }

    [Fact]
    public void Signal_WhenMistyped_IsHinted() =>
        Assert.Equal(
            "did you mean \"TERM\"?",
            RequestReader.Read("{\"v\":1,\"id\":1,\"op\":\"signal\",\"names\":[\"a\"],\"signal\":\"trem\"}"u8).Error!.Hint);

    [Fact]
    public void Tail_WhenItSaysNoLength_GetsTheUsualOne()
    {
        var request = Assert.IsType<ControlRequest.Tail>(RequestReader.Read("{\"v\":1,\"id\":1,\"op\":\"tail\",\"name\":\"a\"}"u8).Request);

        Assert.Equal(new ControlRequest.Tail("a", LogStream.Stdout, ControlProtocol.TailLinesDefault, null, Follow: false), request);
    }
}
