using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Init.XmlRpc.Tests;

public sealed class RoundTripTests(ITestOutputHelper output)
{
    private const int Values = 2000;

    private readonly int _seed = Environment.GetEnvironmentVariable("INIT_FUZZ_SEED") is { } given
        ? int.Parse(given, CultureInfo.InvariantCulture)
        : Random.Shared.Next(int.MaxValue / 2);

    [Fact]
    public void Value_WhenWrittenAndRead_IsTheSame()
    {
        output.WriteLine($"INIT_FUZZ_SEED={_seed}");
        for (int i = 0; i < Values; i++)
        {
            RandomValues random = new(new Random(_seed + i));
            XmlRpcValue[] values = [random.Value(), random.Value()];
            string method = "a." + random.Text();

            XmlRpcRequest request = XmlRpcReader.ReadRequest(XmlRpcWriter.WriteRequest(method, values));
            XmlRpcResponse response = XmlRpcReader.ReadResponse(XmlRpcWriter.WriteResponse(new XmlRpcResponse.Success(values[0])));

            Assert.Equal(method, request.Method);
            Assert.Equal(values, request.Parameters);
            Assert.Equal(new XmlRpcResponse.Success(values[0]), response);
        }
    }

    [Fact]
    public void Fault_WhenWrittenAndRead_IsTheSame()
    {
        XmlRpcResponse.Fault fault = new(FaultCode.BadName, FaultCode.Describe(FaultCode.BadName, "a<b"));

        Assert.Equal(fault, XmlRpcReader.ReadResponse(XmlRpcWriter.WriteResponse(fault)));
        Assert.Equal("BAD_NAME: a<b", fault.Message);
    }

    /// <summary>Python reads what we write, writes it anew, and we read that: Python's reader and writer both agree with ours.</summary>
    [Fact]
    public void Value_WhenItGoesThroughPython_IsTheSame()
    {
        output.WriteLine($"INIT_FUZZ_SEED={_seed}");
        const string Echo = """
            import sys, xmlrpc.client as x
            for line in sys.stdin:
                params, method = x.loads(bytes.fromhex(line))
                answer = x.dumps(params, method) if method else x.dumps(params, methodresponse=True)
                print(answer.encode("utf-8").hex())
            """;
        List<XmlRpcValue> values = [.. Enumerable.Range(0, 300).Select(i => new RandomValues(new Random(_seed + i)).Value())];
        StringBuilder input = new();
        foreach (XmlRpcValue value in values)
        {
            input.Append(Convert.ToHexString(XmlRpcWriter.WriteRequest("a.b", value, value))).Append('\n');
            input.Append(Convert.ToHexString(XmlRpcWriter.WriteResponse(new XmlRpcResponse.Success(value)))).Append('\n');
        }

        string[] answers = RunPython(Echo, input.ToString()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(values.Count * 2, answers.Length);
        for (int i = 0; i < values.Count; i++)
        {
            // Python's writer has carriage returns as they are, and every XML reader takes them for line feeds.
            XmlRpcValue expected = WithoutCarriageReturns(values[i]);
            XmlRpcRequest request = XmlRpcReader.ReadRequest(Convert.FromHexString(answers[i * 2]));
            Assert.Equal([expected, expected], request.Parameters);
            Assert.Equal(new XmlRpcResponse.Success(expected), XmlRpcReader.ReadResponse(Convert.FromHexString(answers[(i * 2) + 1])));
        }
    }

    [Fact]
    public void Fault_WhenPythonReadsIt_IsAFault()
    {
        byte[] fault = XmlRpcWriter.WriteResponse(new XmlRpcResponse.Fault(70, "NOT_RUNNING: cat"));
        const string Show = """
            import sys, xmlrpc.client as x
            try:
                x.loads(sys.stdin.buffer.read())
            except x.Fault as f:
                print(f.faultCode, f.faultString)
            """;

        Assert.Equal("70 NOT_RUNNING: cat\n", RunPython(Show, Encoding.UTF8.GetString(fault)));
    }

    [Fact]
    public void Fault_WhenPythonWroteIt_IsRead()
    {
        string fault = RunPython("import xmlrpc.client as x; print(x.dumps(x.Fault(10, 'BAD_NAME: x')))", "");

        Assert.Equal(new XmlRpcResponse.Fault(10, "BAD_NAME: x"), XmlRpcReader.ReadResponse(Encoding.UTF8.GetBytes(fault)));
    }

    private static XmlRpcValue WithoutCarriageReturns(XmlRpcValue value) => value switch
    {
        XmlRpcValue.Text text => new XmlRpcValue.Text(Normalize(text.Value)),
        XmlRpcValue.Array array => new XmlRpcValue.Array([.. array.Items.Select(WithoutCarriageReturns)]),
        XmlRpcValue.Struct members => new XmlRpcValue.Struct([.. members.Members.Select(member => KeyValuePair.Create(Normalize(member.Key), WithoutCarriageReturns(member.Value)))]),
        _ => value,
    };

    private static string Normalize(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private static string RunPython(string script, string input)
    {
        ProcessStartInfo start = new("/usr/bin/python3") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        using Process python = Process.Start(start)!;
        Task<string> result = python.StandardOutput.ReadToEndAsync(), errors = python.StandardError.ReadToEndAsync();
        python.StandardInput.Write(input);
        python.StandardInput.Close();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors.Result);
        return result.Result;
    }
}
