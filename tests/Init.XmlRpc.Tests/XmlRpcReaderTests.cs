using System.Globalization;
using System.Text;

namespace Init.XmlRpc.Tests;

public sealed class XmlRpcReaderTests
{
    private static readonly XmlRpcValue Five = XmlRpcValue.Of(5);

    [Theory]
    [InlineData("<int>5</int>", 5)]
    [InlineData("<i4>-5</i4>", -5)]
    [InlineData("<int> 7\n</int>", 7)]
    [InlineData("<i8>4294967296</i8>", 4294967296)]
    public void Integer_WhenWrittenInAnyOfItsWays_IsRead(string xml, long expected) => Assert.Equal(XmlRpcValue.Of(expected), ReadValue(xml));

    [Theory]
    [InlineData("x", "x")]
    [InlineData("", "")]
    [InlineData(" x ", " x ")]
    [InlineData("<string/>", "")]
    [InlineData("<string></string>", "")]
    [InlineData("<string>a &amp;&#x3c;&#98; &lt;</string>", "a &<b <")]
    [InlineData("<string><![CDATA[<a>]]>b<!-- c -->d</string>", "<a>bd")]
    [InlineData("<string>a\r\nb</string>", "a\nb")]
    public void Text_WhenWrittenInAnyOfItsWays_IsRead(string xml, string expected) => Assert.Equal(XmlRpcValue.Of(expected), ReadValue(xml));

    [Fact]
    public void Scalars_WhenRead_HaveTheirTypes()
    {
        Assert.Equal(XmlRpcValue.Of(true), ReadValue("<boolean>1</boolean>"));
        Assert.Equal(XmlRpcValue.Of(false), ReadValue("<boolean>0</boolean>"));
        Assert.Equal(new XmlRpcValue.Double(-1.5), ReadValue("<double>-1.5</double>"));
        Assert.Equal(new XmlRpcValue.Binary("hello"u8.ToArray()), ReadValue("<base64>aGVs\nbG8=</base64>"));
        Assert.Equal(new XmlRpcValue.Date(new DateTime(1998, 7, 17, 14, 8, 55)), ReadValue("<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>"));
    }

    [Fact]
    public void Containers_WhenRead_HoldTheirValues()
    {
        Assert.Equal(XmlRpcValue.Of([Five, XmlRpcValue.Of("x")]), ReadValue("<array> <data> <value><int>5</int></value> <value>x</value> </data> </array>"));
        Assert.Equal(
            XmlRpcValue.Of(("a", Five), ("b", XmlRpcValue.Of(Array.Empty<XmlRpcValue>()))),
            ReadValue("<struct><member><name>a</name><value><int>5</int></value></member><member><value><array><data/></array></value><name>b</name></member></struct>"));
        Assert.Equal(XmlRpcValue.Of(), ReadValue("<struct/>"));
    }

    [Theory]
    [InlineData("<?xml version='1.0'?><methodCall><methodName>a.b</methodName></methodCall>")]
    [InlineData("\n<methodCall><methodName>a.b</methodName><params/></methodCall>\n")]
    [InlineData("<methodCall><methodName>a.b</methodName><params></params></methodCall>")]
    public void Call_WhenItHasNoParameters_IsRead(string xml)
    {
        XmlRpcRequest request = ReadRequest(xml);

        Assert.Equal("a.b", request.Method);
        Assert.Empty(request.Parameters);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("<methodCall>")]
    [InlineData("<methodCall></methodCall>")]
    [InlineData("<methodCall/>")]
    [InlineData("<methodCall><methodName></methodName></methodCall>")]
    [InlineData("<methodCall><methodName>a.b</methodName></methodCall><x/>")]
    [InlineData("<methodCall><methodName>a.<b/></methodName></methodCall>")]
    [InlineData("<methodCall>x<methodName>a.b</methodName></methodCall>")]
    [InlineData("<methodResponse><params><param><value>x</value></param></params></methodResponse>")]
    [InlineData("<methodCall><methodName>a.b</methodName><params><param/></params></methodCall>")]
    [InlineData("<methodCall><methodName>a.b</methodName><params><param><value>1</value><value>2</value></param></params></methodCall>")]
    public void Document_WhenItIsNoCall_IsRefused(string xml) => Assert.Throws<XmlRpcFormatException>(() => ReadRequest(xml));

    [Theory]
    [InlineData("<int>x</int>")]
    [InlineData("<int></int>")]
    [InlineData("<int>99999999999999999999</int>")]
    [InlineData("<double>1.2.3</double>")]
    [InlineData("<base64>?</base64>")]
    [InlineData("<dateTime.iso8601>yesterday</dateTime.iso8601>")]
    [InlineData("<nil/>")]
    [InlineData("<string>a<b/></string>")]
    [InlineData("a<string>b</string>")]
    [InlineData("<string>b</string>a")]
    [InlineData("<string>a</string><string>b</string>")]
    [InlineData("<array><value>x</value></array>")]
    [InlineData("<struct><member><name>a</name></member></struct>")]
    [InlineData("<struct><member><value>a</value></member></struct>")]
    [InlineData("<struct><member><name>a</name><name>b</name><value>a</value></member></struct>")]
    [InlineData("<string>&unknown;</string>")]
    [InlineData("<string>a</int>")]
    public void Value_WhenItIsNone_IsRefused(string xml) => Assert.Throws<XmlRpcFormatException>(() => ReadValue(xml));

    [Theory]
    [InlineData("<!DOCTYPE methodCall>")]
    [InlineData("<!DOCTYPE methodCall SYSTEM \"file:///etc/passwd\">")]
    [InlineData("<!DOCTYPE x [<!ENTITY a \"b\"><!ENTITY c \"&a;&a;&a;&a;\">]>")]
    public void Document_WhenItHasADtd_IsRefused(string dtd) =>
        Assert.Throws<XmlRpcFormatException>(() => ReadRequest($"<?xml version='1.0'?>{dtd}<methodCall><methodName>a.b</methodName></methodCall>"));

    [Fact]
    public void Document_AtEachLimit_IsReadAndBeyondItRefused()
    {
        XmlRpcLimits limits = new(BytesMax: 2000, DepthMax: 3, ValuesMax: 8);
        string Nested(int depth) => string.Concat(Enumerable.Repeat("<array><data><value>", depth)) + string.Concat(Enumerable.Repeat("</value></data></array>", depth));
        string Many(int count) => $"<array><data>{string.Concat(Enumerable.Repeat("<value>1</value>", count))}</data></array>";

        Assert.NotNull(ReadValue(Nested(3), limits));
        Assert.Throws<XmlRpcFormatException>(() => ReadValue(Nested(4), limits));
        Assert.NotNull(ReadValue(Many(7), limits));
        Assert.Throws<XmlRpcFormatException>(() => ReadValue(Many(8), limits));
        Assert.Throws<XmlRpcFormatException>(() => ReadValue(new string('x', 2000), limits));
    }

    [Fact]
    public void Document_WhenItIsAsDeepAsBytesAllow_IsRefusedWithoutEnd()
    {
        string deep = string.Concat(Enumerable.Repeat("<array><data><value>", 40_000));

        Assert.Throws<XmlRpcFormatException>(() => ReadValue(deep));
    }

    [Fact]
    public void Document_WhenItIsOfManyPieces_IsReadInTime()
    {
        string pieces = string.Concat(Enumerable.Repeat("<![CDATA[ab]]>", 70_000));

        Assert.Equal(140_000, Assert.IsType<XmlRpcValue.Text>(ReadValue($"<string>{pieces}</string>")).Value.Length);
    }

    [Theory]
    [InlineData("<?xml version='1.0😀'?>\n<m")]
    [InlineData("<?xml version='1.0' encoding='no-such'?><methodCall><methodName>a\u00fc.b")]
    public void Document_WhenItsDeclarationIsStrange_IsRefused(string xml) => Assert.Throws<XmlRpcFormatException>(() => ReadRequest(xml));

    [Fact]
    public void Document_WhenItIsUtf8_IsReadAsSuchWhateverItSays()
    {
        XmlRpcRequest request = ReadRequest("\ufeff<?xml version='1.0' encoding='iso-8859-1'?><methodCall><methodName>\u00fc.b</methodName></methodCall>");

        Assert.Equal("\u00fc.b", request.Method);
        Assert.Throws<XmlRpcFormatException>(() => XmlRpcReader.ReadRequest("<methodCall><methodName>a.b</methodName></methodCall>"u8.ToArray().Select(b => b == (byte)'.' ? (byte)0xff : b).ToArray()));
    }

    /// <summary>The logs of programs hold colours, and supervisord writes them as they are.</summary>
    [Fact]
    public void Response_WhenItHoldsControlCharacters_IsRead()
    {
        byte[] xml = Encoding.UTF8.GetBytes("<methodResponse><params><param><value><string>\u001b[31mred</string></value></param></params></methodResponse>");

        Assert.Equal(new XmlRpcResponse.Success(XmlRpcValue.Of("\u001b[31mred")), XmlRpcReader.ReadResponse(xml));
    }

    [Fact]
    public void Writer_OnWhatXmlCannotHold_PutsAQuestionMark()
    {
        XmlRpcResponse response = XmlRpcReader.ReadResponse(XmlRpcWriter.WriteResponse(new XmlRpcResponse.Success(XmlRpcValue.Of("\u001ba\0b\ud800c\uffff"))));

        Assert.Equal(new XmlRpcResponse.Success(XmlRpcValue.Of("?a?b?c?")), response);
    }

    [Fact]
    public void Writer_OnLongText_KeepsPairsOfSurrogatesWhole()
    {
        for (int before = 0; before < 3; before++)
        {
            string text = new string('a', before) + string.Concat(Enumerable.Repeat("😀", 40_000));

            Assert.Equal(XmlRpcValue.Of(text), Assert.IsType<XmlRpcResponse.Success>(XmlRpcReader.ReadResponse(XmlRpcWriter.WriteResponse(new XmlRpcResponse.Success(XmlRpcValue.Of(text))))).Value);
        }
    }

    [Theory]
    [InlineData(4102444800, int.MaxValue)]
    [InlineData(-4102444800, int.MinValue)]
    [InlineData(0, 0)]
    public void Writer_OnNumbersOutside32Bits_WritesTheNearest(long value, int expected) =>
        Assert.Contains($"<int>{expected.ToString(CultureInfo.InvariantCulture)}</int>", Encoding.UTF8.GetString(XmlRpcWriter.WriteRequest("a", XmlRpcValue.Of(value))), StringComparison.Ordinal);

    private static XmlRpcRequest ReadRequest(string xml) => XmlRpcReader.ReadRequest(Encoding.UTF8.GetBytes(xml));

    private static XmlRpcValue ReadValue(string xml, XmlRpcLimits? limits = null) => Assert.Single(XmlRpcReader.ReadRequest(
        Encoding.UTF8.GetBytes($"<methodCall><methodName>a.b</methodName><params><param><value>{xml}</value></param></params></methodCall>"), limits).Parameters);
}
