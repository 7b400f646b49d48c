using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit.Abstractions;

namespace Init.XmlRpc.Tests;

/// <summary>
/// Changes documents at random for some seconds (INIT_FUZZ_SECONDS, 3 by default). Each must be read or refused, soon, and what was read must come back when it is
/// written. The seed (INIT_FUZZ_SEED, else by chance) is printed; with the seed of one document that failed, that document comes first.
/// </summary>
public sealed class XmlRpcFuzzTests(ITestOutputHelper output)
{
    private static readonly TimeSpan OneDocumentMax = TimeSpan.FromSeconds(20);

    private static readonly string[] Pieces =
    [
        "<", ">", "</", "/>", "&", ";", "&amp;", "&#0;", "&#x1b;", "&#xd800;", "&lol;", "<!DOCTYPE x [<!ENTITY lol \"x\">]>", "<![CDATA[", "]]>", "<!--", "-->", "<?", "?>", "<?xml version='1.0' encoding='utf-16'?>",
        "<?xml version='1.1' encoding='x'?>", "<value>", "</value>", "<array><data>", "</data></array>", "<struct><member>", "<name>", "<int>", "<params>", "<param>", "<fault>", "<a:b xmlns:a='c'>", " a='b'", "\0", "\ufeff", "\r", "é", "😀", "99999999999999999999",
    ];

    [Fact]
    public async Task Reader_OnMutatedDocuments_ReadsOrRefuses()
    {
        TimeSpan length = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("INIT_FUZZ_SECONDS") ?? "3", CultureInfo.InvariantCulture));
        int firstSeed = Environment.GetEnvironmentVariable("INIT_FUZZ_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next(int.MaxValue / 2);
        output.WriteLine($"INIT_FUZZ_SEED={firstSeed}");

        // On a thread of its own, so that a document that never ends fails the test instead of hanging it.
        int seed = firstSeed, read = 0;
        string? failure = null;
        Stopwatch time = Stopwatch.StartNew();
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Thread worker = new(() =>
        {
            do
            {
                byte[] document = Document(new Random(seed));
                string? violation = Violation(document, ref read);
                failure = violation is null ? null : $"INIT_FUZZ_SEED={seed}: {violation}\n{Convert.ToHexString(document)}\n{Encoding.UTF8.GetString(document)}";
            }
            while (failure is null && time.Elapsed < length && ++seed != int.MaxValue);
            done.SetResult();
        })
        { IsBackground = true };
        worker.Start();
        bool ended = await Task.WhenAny(done.Task, Task.Delay(length + OneDocumentMax)) == done.Task;

        Assert.True(ended, $"INIT_FUZZ_SEED={Volatile.Read(ref seed)}: reading does not end");
        output.WriteLine($"{seed - firstSeed} documents, {read} of them read");
        Assert.True(failure is null, failure);
        Assert.True(read > 0, "no document was ever read");
    }

    private static string? Violation(byte[] document, ref int read)
    {
        try
        {
            XmlRpcRequest request = XmlRpcReader.ReadRequest(document);
            read++;
            XmlRpcRequest again = XmlRpcReader.ReadRequest(XmlRpcWriter.WriteRequest(request.Method, [.. request.Parameters]));
            if (!again.Parameters.Select(Writable).SequenceEqual(request.Parameters.Select(Writable)))
                return "what was read does not come back";
        }
        catch (XmlRpcFormatException)
        {
            // Refused.
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }

        try
        {
            _ = XmlRpcReader.ReadResponse(document);
        }
        catch (XmlRpcFormatException)
        {
            // Refused.
        }
        catch (Exception exception)
        {
            return exception.ToString();
        }

        return null;
    }

    /// <summary>The bytes as they are written: control characters and numbers beyond 32 bits are known not to come back.</summary>
    private static string Writable(XmlRpcValue value) => Encoding.UTF8.GetString(XmlRpcWriter.WriteRequest("a", value));

    private static byte[] Document(Random random)
    {
        RandomValues values = new(random);
        List<byte> bytes = [.. random.Next(2) == 0
            ? XmlRpcWriter.WriteRequest("a.b", values.Value(), values.Value())
            : XmlRpcWriter.WriteResponse(random.Next(4) == 0 ? new XmlRpcResponse.Fault(10, values.Text()) : new XmlRpcResponse.Success(values.Value()))];
        for (int left = random.Next(0, 5); left > 0; left--)
        {
            int at = random.Next(bytes.Count + 1);
            int count = Math.Min(random.Next(1, 20), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes.RemoveRange(at, count);
                    break;
                case 1:
                    bytes.InsertRange(at, bytes.GetRange(at, count));
                    break;
                case 2 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Pieces[random.Next(Pieces.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }
}
