namespace Init.XmlRpc;

/// <summary>A value of XML-RPC (http://xmlrpc.com/spec.md). There is no nil: neither supervisord nor its clients know one. Equal when the contents are.</summary>
public abstract record XmlRpcValue
{
    private XmlRpcValue() { }

    /// <param name="Value">Written within the 32 bits that the format has: what lies outside becomes the nearest that lies inside.</param>
    public sealed record Integer(long Value) : XmlRpcValue;

    public sealed record Boolean(bool Value) : XmlRpcValue;

    /// <param name="Value">
    /// Comes back as it was written, but for the characters that XML 1.0 has no way to write (control characters, halves of surrogate pairs): each becomes "?".
    /// </param>
    public sealed record Text(string Value) : XmlRpcValue;

    public sealed record Double(double Value) : XmlRpcValue;

    public sealed record Binary(ReadOnlyMemory<byte> Value) : XmlRpcValue
    {
        public bool Equals(Binary? other) => other is not null && Value.Span.SequenceEqual(other.Value.Span);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.AddBytes(Value.Span);
            return hash.ToHashCode();
        }
    }

    /// <param name="Value">To the second, without a time zone: the format has none.</param>
    public sealed record Date(DateTime Value) : XmlRpcValue;

    public sealed record Array(IReadOnlyList<XmlRpcValue> Items) : XmlRpcValue
    {
        public bool Equals(Array? other) => other is not null && Items.SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Aggregate(Items.Count, HashCode.Combine);
    }

    /// <param name="Members">In the order of the document. Of two with the same name the later counts.</param>
    public sealed record Struct(IReadOnlyList<KeyValuePair<string, XmlRpcValue>> Members) : XmlRpcValue
    {
        /// <summary>Null when there is none of that name.</summary>
        public XmlRpcValue? this[string name]
        {
            get
            {
                for (int i = Members.Count - 1; i >= 0; i--)
                {
                    if (Members[i].Key == name)
                        return Members[i].Value;
                }

                return null;
            }
        }

        public bool Equals(Struct? other) => other is not null && Members.SequenceEqual(other.Members);

        public override int GetHashCode() => Members.Aggregate(Members.Count, (hash, member) => HashCode.Combine(hash, member.Key, member.Value));
    }

    public static XmlRpcValue Of(int value) => new Integer(value);

    public static XmlRpcValue Of(long value) => new Integer(value);

    public static XmlRpcValue Of(bool value) => new Boolean(value);

    public static XmlRpcValue Of(string value) => new Text(value);

    public static XmlRpcValue Of(IEnumerable<XmlRpcValue> items) => new Array([.. items]);

    public static XmlRpcValue Of(IEnumerable<string> items) => new Array([.. items.Select(Of)]);

    public static XmlRpcValue Of(params ReadOnlySpan<(string Name, XmlRpcValue Value)> members)
    {
        KeyValuePair<string, XmlRpcValue>[] all = new KeyValuePair<string, XmlRpcValue>[members.Length];
        for (int i = 0; i < members.Length; i++)
            all[i] = new(members[i].Name, members[i].Value);

        return new Struct(all);
    }
}
