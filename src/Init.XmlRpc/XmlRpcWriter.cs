using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Init.XmlRpc;

/// <summary>Writes requests and responses as UTF-8, with the types that supervisord's clients know.</summary>
public static class XmlRpcWriter
{
    private const string Declaration = "<?xml version='1.0'?>\n";

    public static byte[] WriteRequest(string method, params ReadOnlySpan<XmlRpcValue> parameters)
    {
        ArrayBufferWriter<byte> output = new(512);
        Markup(output, Declaration + "<methodCall>\n<methodName>");
        Escaped(output, method);
        Markup(output, "</methodName>\n<params>\n");
        foreach (XmlRpcValue parameter in parameters)
        {
            Markup(output, "<param>\n");
            Value(output, parameter);
            Markup(output, "</param>\n");
        }

        Markup(output, "</params>\n</methodCall>\n");
        return output.WrittenSpan.ToArray();
    }

    public static byte[] WriteResponse(XmlRpcResponse response)
    {
        ArrayBufferWriter<byte> output = new(512);
        WriteResponse(output, response);
        return output.WrittenSpan.ToArray();
    }

    public static void WriteResponse(IBufferWriter<byte> output, XmlRpcResponse response)
    {
        Markup(output, Declaration + "<methodResponse>\n");
        if (response is XmlRpcResponse.Success success)
        {
            Markup(output, "<params>\n<param>\n");
            Value(output, success.Value);
            Markup(output, "</param>\n</params>\n");
        }
        else if (response is XmlRpcResponse.Fault fault)
        {
            Markup(output, "<fault>\n");
            Value(output, XmlRpcValue.Of(("faultCode", XmlRpcValue.Of(fault.Code)), ("faultString", XmlRpcValue.Of(fault.Message))));
            Markup(output, "</fault>\n");
        }

        Markup(output, "</methodResponse>\n");
    }

    private static void Value(IBufferWriter<byte> output, XmlRpcValue value)
    {
        switch (value)
        {
            case XmlRpcValue.Text text:
                Markup(output, "<value><string>");
                Escaped(output, text.Value);
                Markup(output, "</string></value>\n");
                break;
            case XmlRpcValue.Integer integer:
                Markup(output, "<value><int>");
                Span<byte> digits = output.GetSpan(11);
                _ = Utf8Formatter.TryFormat((int)Math.Clamp(integer.Value, int.MinValue, int.MaxValue), digits, out int length);
                output.Advance(length);
                Markup(output, "</int></value>\n");
                break;
            case XmlRpcValue.Boolean boolean:
                Markup(output, boolean.Value ? "<value><boolean>1</boolean></value>\n" : "<value><boolean>0</boolean></value>\n");
                break;
            case XmlRpcValue.Double number:
                Markup(output, $"<value><double>{number.Value.ToString("R", CultureInfo.InvariantCulture)}</double></value>\n");
                break;
            case XmlRpcValue.Binary binary:
                Markup(output, $"<value><base64>{Convert.ToBase64String(binary.Value.Span)}</base64></value>\n");
                break;
            case XmlRpcValue.Date date:
                Markup(output, $"<value><dateTime.iso8601>{date.Value.ToString("yyyyMMdd'T'HH:mm:ss", CultureInfo.InvariantCulture)}</dateTime.iso8601></value>\n");
                break;
            case XmlRpcValue.Array array:
                Markup(output, "<value><array><data>\n");
                foreach (XmlRpcValue item in array.Items)
                    Value(output, item);

                Markup(output, "</data></array></value>\n");
                break;
            case XmlRpcValue.Struct members:
                Markup(output, "<value><struct>\n");
                foreach (var (name, member) in members.Members)
                {
                    Markup(output, "<member>\n<name>");
                    Escaped(output, name);
                    Markup(output, "</name>\n");
                    Value(output, member);
                    Markup(output, "</member>\n");
                }

                Markup(output, "</struct></value>\n");
                break;
        }
    }

    private static void Markup(IBufferWriter<byte> output, string ascii) => output.Advance(Encoding.UTF8.GetBytes(ascii, output.GetSpan(ascii.Length * 3)));

    private static readonly SearchValues<char> s_special = SearchValues.Create(
        "&<>\r\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000b\u000c\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\ufffe\uffff");

    private static void Escaped(IBufferWriter<byte> output, string text)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            // In pieces, so that no buffer is asked for that is three times a long log. A pair of surrogates stays in one piece.
            int plain = rest.IndexOfAny(s_special);
            int length = plain < 0 ? rest.Length : plain;
            const int PieceMax = 16 * 1024;
            if (length > PieceMax)
                length = char.IsHighSurrogate(rest[PieceMax - 1]) ? PieceMax - 1 : PieceMax;

            // Half a pair becomes "?".
            output.Advance(s_utf8.GetBytes(rest[..length], output.GetSpan((length * 3) + 1)));
            rest = rest[length..];
            if (length != plain)
                continue;

            Markup(output, rest[0] switch
            {
                '&' => "&amp;",
                '<' => "&lt;",
                '>' => "&gt;",

                // Written as it is, every parser would make a line feed of it.
                '\r' => "&#13;",
                _ => "?",
            });
            rest = rest[1..];
        }
    }

    private static readonly Encoding s_utf8 = Encoding.GetEncoding("utf-8", new EncoderReplacementFallback("?"), DecoderFallback.ReplacementFallback);
}
