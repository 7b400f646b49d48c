using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using System.Xml;

namespace Init.XmlRpc;

/// <summary>
/// Reads requests and responses. Taken are the types that supervisord takes (int, i4, boolean, string, double, base64, array, struct, dateTime.iso8601), i8 besides, and a
/// value without a type, which is a string. Refused are DTDs, hence entities other than XML's own five, and whatever is beyond the <see cref="XmlRpcLimits"/>.
/// Each method throws <see cref="XmlRpcFormatException"/> and nothing else.
/// </summary>
public sealed class XmlRpcReader
{
    private readonly XmlReader _xml;
    private readonly XmlRpcLimits _limits;
    private int _values;

    private XmlRpcReader(XmlReader xml, XmlRpcLimits limits)
    {
        _xml = xml;
        _limits = limits;
    }

    public static XmlRpcRequest ReadRequest(ReadOnlyMemory<byte> document, XmlRpcLimits? limits = null) =>
        Read(Decode(document, limits ?? XmlRpcLimits.Request), limits ?? XmlRpcLimits.Request, reader => reader.Request());

    public static XmlRpcResponse ReadResponse(ReadOnlyMemory<byte> document, XmlRpcLimits? limits = null) =>
        Read(WithControlCharactersAsReferences(Decode(document, limits ?? XmlRpcLimits.Response)), limits ?? XmlRpcLimits.Response, reader => reader.Response());

    /// <summary>
    /// UTF-8, whatever the document says of itself, as supervisord has it. So the XML parser has no encoding to change in the middle of a document, which some
    /// documents can make it fail at.
    /// </summary>
    private static string Decode(ReadOnlyMemory<byte> document, XmlRpcLimits limits)
    {
        if (document.Length > limits.BytesMax)
            throw new XmlRpcFormatException($"the document has {document.Length} bytes, and {limits.BytesMax} are allowed");
        if (!Utf8.IsValid(document.Span))
            throw new XmlRpcFormatException("the document is not UTF-8");

        string text = Encoding.UTF8.GetString(document.Span);
        return text.StartsWith('\ufeff') ? text[1..] : text;
    }

    private static T Read<T>(string document, XmlRpcLimits limits, Func<XmlRpcReader, T> read)
    {
        XmlReaderSettings settings = new()
        {
            DtdProcessing = DtdProcessing.Prohibit,
            XmlResolver = null,
            IgnoreComments = true,
            IgnoreProcessingInstructions = true,
            // Allows "&#27;", which XML 1.0 does not have; see WithControlCharactersAsReferences.
            CheckCharacters = false,
        };
        try
        {
            using StringReader text = new(document);
            using XmlReader xml = XmlReader.Create(text, settings);
            XmlRpcReader reader = new(xml, limits);
            xml.MoveToContent();
            T result = read(reader);
            if (xml.MoveToContent() != XmlNodeType.None)
                throw new XmlRpcFormatException("there is something after the end of the document");

            return result;
        }
        catch (XmlException exception)
        {
            throw new XmlRpcFormatException(exception.Message, exception);
        }
    }

    private static readonly SearchValues<char> s_controlCharacters = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(code => (char)code).Except("\t\r\n")]);

    /// <summary>supervisord writes the control characters of logs, colours for example, as they are, which is no XML. What it sends should be readable all the same.</summary>
    private static string WithControlCharactersAsReferences(string document)
    {
        if (!document.AsSpan().ContainsAny(s_controlCharacters))
            return document;

        StringBuilder output = new(document.Length + 1024);
        ReadOnlySpan<char> rest = document;
        for (int at = rest.IndexOfAny(s_controlCharacters); at >= 0; at = rest.IndexOfAny(s_controlCharacters))
        {
            output.Append(rest[..at]).Append(CultureInfo.InvariantCulture, $"&#{(int)rest[at]};");
            rest = rest[(at + 1)..];
        }

        return output.Append(rest).ToString();
    }

    private XmlRpcRequest Request()
    {
        string method = "";
        List<XmlRpcValue> parameters = [];
        ForEachChild("methodCall", name =>
        {
            if (name == "methodName")
                method = ReadText();
            else if (name == "params")
                parameters = ReadParameters();
            else
                throw Unexpected(name);
        });
        return method.Length > 0 ? new XmlRpcRequest(method, parameters) : throw new XmlRpcFormatException("the call names no method");
    }

    private XmlRpcResponse Response()
    {
        XmlRpcResponse? response = null;
        ForEachChild("methodResponse", name => response = name switch
        {
            _ when response is not null => throw Unexpected(name),
            "params" => ReadParameters() is [var value] ? new XmlRpcResponse.Success(value) : throw new XmlRpcFormatException("a response has one value"),
            "fault" => ReadFault(),
            _ => throw Unexpected(name),
        });
        return response ?? throw new XmlRpcFormatException("the response is empty");
    }

    private XmlRpcResponse.Fault ReadFault()
    {
        XmlRpcValue? value = null;
        ForEachChild("fault", name => value = name == "value" ? ReadValue(1) : throw Unexpected(name));
        return value is XmlRpcValue.Struct members && members["faultCode"] is XmlRpcValue.Integer code && members["faultString"] is XmlRpcValue.Text text
            ? new XmlRpcResponse.Fault((int)Math.Clamp(code.Value, int.MinValue, int.MaxValue), text.Value)
            : throw new XmlRpcFormatException("the fault has no faultCode and faultString");
    }

    private List<XmlRpcValue> ReadParameters()
    {
        List<XmlRpcValue> values = [];
        ForEachChild("params", name =>
        {
            if (name != "param")
                throw Unexpected(name);

            int before = values.Count;
            ForEachChild(name, inner => values.Add(inner == "value" ? ReadValue(1) : throw Unexpected(inner)));
            if (values.Count != before + 1)
                throw new XmlRpcFormatException("a parameter has one value");
        });
        return values;
    }

    /// <summary>At the start of <c>value</c>; afterwards behind its end.</summary>
    private XmlRpcValue ReadValue(int depth)
    {
        if (++_values > _limits.ValuesMax)
            throw new XmlRpcFormatException($"there are more than {_limits.ValuesMax} values");
        if (_xml.IsEmptyElement)
        {
            _xml.Read();
            return new XmlRpcValue.Text("");
        }

        _xml.Read();
        string text = ReadCharacters();
        if (_xml.NodeType == XmlNodeType.EndElement)
        {
            _xml.Read();
            return new XmlRpcValue.Text(text);
        }

        if (!string.IsNullOrWhiteSpace(text))
            throw new XmlRpcFormatException("a value has both text and an element");

        XmlRpcValue value = ReadTyped(depth);
        ExpectEnd("value");
        return value;
    }

    private XmlRpcValue ReadTyped(int depth)
    {
        string type = _xml.LocalName;
        switch (type)
        {
            case "array" or "struct" when depth > _limits.DepthMax:
                throw new XmlRpcFormatException($"values stand in one another more than {_limits.DepthMax} deep");
            case "array":
                return ReadArray(depth);
            case "struct":
                return ReadStruct(depth);
        }

        string text = ReadText();
        return type switch
        {
            "string" => new XmlRpcValue.Text(text),
            "int" or "i4" or "i8" when long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long number) =>
                new XmlRpcValue.Integer(number),
            "boolean" => new XmlRpcValue.Boolean(text == "1"),
            "double" when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => new XmlRpcValue.Double(number),
            "base64" => new XmlRpcValue.Binary(FromBase64(text)),
            "dateTime.iso8601" when DateTime.TryParseExact(text, "yyyyMMdd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date) =>
                new XmlRpcValue.Date(date),
            "int" or "i4" or "i8" or "double" or "dateTime.iso8601" => throw new XmlRpcFormatException($"a {type} is none"),
            _ => throw Unexpected(type),
        };
    }

    private XmlRpcValue.Array ReadArray(int depth)
    {
        List<XmlRpcValue> items = [];
        ForEachChild("array", data =>
        {
            if (data != "data")
                throw Unexpected(data);

            ForEachChild(data, name => items.Add(name == "value" ? ReadValue(depth + 1) : throw Unexpected(name)));
        });
        return new XmlRpcValue.Array(items);
    }

    private XmlRpcValue.Struct ReadStruct(int depth)
    {
        List<KeyValuePair<string, XmlRpcValue>> members = [];
        ForEachChild("struct", member =>
        {
            if (member != "member")
                throw Unexpected(member);

            string? key = null;
            XmlRpcValue? value = null;
            ForEachChild(member, name =>
            {
                if (name == "name" && key is null)
                    key = ReadText();
                else if (name == "value" && value is null)
                    value = ReadValue(depth + 1);
                else
                    throw Unexpected(name);
            });
            if (key is null || value is null)
                throw new XmlRpcFormatException("a member has a name and a value");

            members.Add(new(key, value));
        });
        return new XmlRpcValue.Struct(members);
    }

    // --- XML ----------------------------------------------------------------------------------------------------------

    /// <summary>At the start of the element: calls for each child, which has to read it to its end; afterwards behind the element's end.</summary>
    private void ForEachChild(string element, Action<string> child)
    {
        if (_xml.NodeType != XmlNodeType.Element || _xml.LocalName != element)
            throw new XmlRpcFormatException($"<{element}> is expected here");

        bool isEmpty = _xml.IsEmptyElement;
        _xml.Read();
        if (isEmpty)
            return;

        while (true)
        {
            if (!string.IsNullOrWhiteSpace(ReadCharacters()))
                throw new XmlRpcFormatException($"there is text in <{element}>");
            if (_xml.NodeType != XmlNodeType.Element)
                break;

            child(_xml.LocalName);
        }

        ExpectEnd(element);
    }

    /// <summary>At the start of an element that holds nothing but text; afterwards behind its end.</summary>
    private string ReadText()
    {
        string element = _xml.LocalName;
        bool isEmpty = _xml.IsEmptyElement;
        _xml.Read();
        if (isEmpty)
            return "";

        string text = ReadCharacters();
        ExpectEnd(element);
        return text;
    }

    private string ReadCharacters()
    {
        string text = "";
        StringBuilder? longer = null;
        while (_xml.NodeType is XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
        {
            // Nearly always there is one piece. A document of CDATA sections only has a hundred thousand.
            if (longer is not null)
                longer.Append(_xml.Value);
            else if (text.Length > 0)
                longer = new StringBuilder(text).Append(_xml.Value);
            else
                text = _xml.Value;
            _xml.Read();
        }

        return longer?.ToString() ?? text;
    }

    private void ExpectEnd(string element)
    {
        // The parser has matched the names.
        if (!string.IsNullOrWhiteSpace(ReadCharacters()) || _xml.NodeType != XmlNodeType.EndElement)
            throw new XmlRpcFormatException($"<{element}> has more in it than it may");

        _xml.Read();
    }

    private static byte[] FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException exception)
        {
            throw new XmlRpcFormatException("a base64 is none", exception);
        }
    }

    private static XmlRpcFormatException Unexpected(string element) => new($"<{(element.Length > 40 ? element[..40] : element)}> is not expected here");
}
