using System.Text;

namespace Init.XmlRpc.Tests;

/// <summary>Values by chance, of every type and with texts that are hard to write.</summary>
internal sealed class RandomValues(Random random)
{
    private static readonly string[] Pieces = ["a", "<", ">", "&", "]]>", "&amp;", "\r", "\n", "\r\n", "\t", " ", "\"", "'", "ü", "日本", "😀", "\u2028", "\ufffd", "<![CDATA[", "<!--"];

    public XmlRpcValue Value(int depth = 3) => random.Next(depth > 0 ? 8 : 6) switch
    {
        0 => new XmlRpcValue.Integer(random.Next(4) == 0 ? int.MinValue : random.Next(int.MinValue, int.MaxValue)),
        1 => new XmlRpcValue.Boolean(random.Next(2) == 0),
        2 => new XmlRpcValue.Text(Text()),
        3 => new XmlRpcValue.Double((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-20, 20))),
        4 => new XmlRpcValue.Binary(Bytes()),
        5 => new XmlRpcValue.Date(new DateTime(2000, 1, 1).AddSeconds(random.Next())),
        6 => new XmlRpcValue.Array([.. Enumerable.Range(0, random.Next(5)).Select(_ => Value(depth - 1))]),
        _ => new XmlRpcValue.Struct([.. Enumerable.Range(0, random.Next(5)).Select(i => new KeyValuePair<string, XmlRpcValue>($"{i}{Text()}", Value(depth - 1)))]),
    };

    public string Text()
    {
        StringBuilder text = new();
        for (int left = random.Next(8); left > 0; left--)
            text.Append(Pieces[random.Next(Pieces.Length)]);

        return text.ToString();
    }

    private byte[] Bytes()
    {
        byte[] bytes = new byte[random.Next(20)];
        random.NextBytes(bytes);
        return bytes;
    }
}
