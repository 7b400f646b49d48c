using System.Globalization;
using System.Text;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>The parameters of one call, taken by place and type. Their number has been checked.</summary>
internal readonly struct RpcArguments(IReadOnlyList<XmlRpcValue> values)
{
    /// <summary>Binary counts as text, as it does for supervisord.</summary>
    public string Text(int place) => values[place] switch
    {
        XmlRpcValue.Text text => text.Value,
        XmlRpcValue.Binary binary => Encoding.UTF8.GetString(binary.Value.Span),
        _ => throw Wrong(),
    };

    /// <summary>As <see cref="Text"/>, or a number in digits.</summary>
    public string TextOrNumber(int place) => values[place] is XmlRpcValue.Integer number ? number.Value.ToString(CultureInfo.InvariantCulture) : Text(place);

    public long Number(int place) => values[place] switch
    {
        XmlRpcValue.Integer number => number.Value,
        XmlRpcValue.Boolean flag => flag.Value ? 1 : 0,
        XmlRpcValue.Double { Value: > -1e15 and < 1e15 } number => (long)number.Value,
        XmlRpcValue.Text text when long.TryParse(text.Value, NumberStyles.Integer, CultureInfo.InvariantCulture, out long number) => number,
        _ => throw Wrong(),
    };

    /// <summary>True when it was left out.</summary>
    public bool FlagOrTrue(int place) => place >= values.Count || values[place] switch
    {
        XmlRpcValue.Boolean flag => flag.Value,
        XmlRpcValue.Integer number => number.Value != 0,
        _ => throw Wrong(),
    };

    public IReadOnlyList<XmlRpcValue> Items(int place) => values[place] is XmlRpcValue.Array array ? array.Items : throw Wrong();

    private static RpcFaultException Wrong() => new(FaultCode.IncorrectParameters);
}
