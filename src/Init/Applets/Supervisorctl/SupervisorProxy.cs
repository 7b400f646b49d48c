using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The server has answered with a fault.</summary>
internal sealed class FaultException(int code, string text) : Exception($"<Fault {code}: '{text}'>")
{
    public int Code => code;

    public string Text => text;
}

/// <summary>What became of one process in a call about several.</summary>
internal readonly record struct CallResult(string Group, string Name, int Status, string Description);

/// <summary>The calls of the commands, with values of their types. Each may throw a <see cref="FaultException"/> or what <see cref="XmlRpcClient.Call"/> throws.</summary>
internal sealed class SupervisorProxy(XmlRpcClient client)
{
    public void Do(string method, params ReadOnlySpan<XmlRpcValue> parameters) => Call(method, parameters);

    public string Text(string method, params ReadOnlySpan<XmlRpcValue> parameters) =>
        Call(method, parameters) is XmlRpcValue.Text text ? text.Value : throw Strange(method);

    public long Number(string method, params ReadOnlySpan<XmlRpcValue> parameters) =>
        Call(method, parameters) is XmlRpcValue.Integer number ? number.Value : throw Strange(method);

    public XmlRpcValue.Struct Struct(string method, params ReadOnlySpan<XmlRpcValue> parameters) => Call(method, parameters) as XmlRpcValue.Struct ?? throw Strange(method);

    public IReadOnlyList<XmlRpcValue.Struct> Structs(string method, params ReadOnlySpan<XmlRpcValue> parameters) =>
        Call(method, parameters) is XmlRpcValue.Array array
            ? [.. array.Items.Select(item => item as XmlRpcValue.Struct ?? throw Strange(method))]
            : throw Strange(method);

    public IReadOnlyList<CallResult> Results(string method, params ReadOnlySpan<XmlRpcValue> parameters) =>
        [.. Structs(method, parameters).Select(item => new CallResult(item.Text("group"), item.Text("name"), (int)item.Number("status"), item.Text("description")))];

    /// <summary>supervisor.reloadConfig: the names of the groups that an update would add, change and remove.</summary>
    public (IReadOnlyList<string> Added, IReadOnlyList<string> Changed, IReadOnlyList<string> Removed) ReloadConfig()
    {
        const string Method = "reloadConfig";
        IReadOnlyList<string> Names(XmlRpcValue value) => value is XmlRpcValue.Array array
            ? [.. array.Items.Select(item => item is XmlRpcValue.Text name ? name.Value : throw Strange(Method))]
            : throw Strange(Method);

        return Call(Method) is XmlRpcValue.Array { Items: [XmlRpcValue.Array { Items: [var added, var changed, var removed] }] }
            ? (Names(added), Names(changed), Names(removed))
            : throw Strange(Method);
    }

    private XmlRpcValue Call(string method, params ReadOnlySpan<XmlRpcValue> parameters) => client.Call($"supervisor.{method}", parameters) switch
    {
        XmlRpcResponse.Success success => success.Value,
        XmlRpcResponse.Fault fault => throw new FaultException(fault.Code, fault.Message),
        _ => throw Strange(method),
    };

    private static XmlRpcFormatException Strange(string method) => new($"{method} has an unexpected result");
}

/// <summary>Members of the structs that supervisord answers with.</summary>
internal static class StructMembers
{
    public static string Text(this XmlRpcValue.Struct members, string name) => members[name] switch
    {
        XmlRpcValue.Text text => text.Value,
        XmlRpcValue.Integer number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => throw new XmlRpcFormatException($"the answer has no \"{name}\""),
    };

    public static long Number(this XmlRpcValue.Struct members, string name) =>
        members[name] is XmlRpcValue.Integer number ? number.Value : throw new XmlRpcFormatException($"the answer has no \"{name}\"");

    public static bool IsTrue(this XmlRpcValue.Struct members, string name) => members[name] switch
    {
        XmlRpcValue.Boolean boolean => boolean.Value,
        XmlRpcValue.Integer number => number.Value != 0,
        _ => throw new XmlRpcFormatException($"the answer has no \"{name}\""),
    };
}
