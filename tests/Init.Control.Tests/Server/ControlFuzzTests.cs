using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Init.Engine.Control;
using Xunit.Abstractions;

namespace Init.Control.Tests.Server;

/// <summary>
/// Random clients against the real server. INIT_FUZZ_SECONDS (default 3) says for how long, INIT_FUZZ_SEED repeats the actions of an
/// earlier run.
/// </summary>
public class ControlFuzzTests(ITestOutputHelper output)
{
    private static readonly double Seconds =
        double.Parse(Environment.GetEnvironmentVariable("INIT_FUZZ_SECONDS") ?? "3", CultureInfo.InvariantCulture);

    private static readonly int Seed =
        int.Parse(Environment.GetEnvironmentVariable("INIT_FUZZ_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static readonly byte[][] Requests = [.. Samples.Requests.Append(new ControlRequest.Start(["later"], Wait: true)).Select(Line)];

    [Fact]
    public void Reader_WhateverTheBytes_AnswersWithARequestOrAnError()
    {
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        Stopwatch clock = Stopwatch.StartNew();
        long lines = 0;
        while (clock.Elapsed.TotalSeconds < Seconds / 3)
        {
            byte[] line = Mutate(random, Requests[random.Next(Requests.Length)]);

            RequestLine read = RequestReader.Read(line);

            Assert.True(read.Request is null != read.Error is null, $"seed {Seed}: {Convert.ToHexString(line)}");
            ArrayBufferWriter<byte> answer = new();
            ReplyWriter.WriteError(answer, read.Id, read.Error ?? new ControlError("x", "y"));
            JsonDocument.Parse(answer.WrittenMemory).Dispose();
            lines++;
        }

        output.WriteLine($"{lines} lines");
    }

    [Fact]
    public void Server_WhateverClientsDo_GoesOnServing()
    {
        output.WriteLine($"seed {Seed}");
        Console.WriteLine($"control fuzz: seed {Seed}, {Seconds} s");
        Random random = new(Seed);
        using ServerFixture fixture = new(new ControlServerLimits
        {
            ConnectionsMax = 24,
            OutstandingMax = 4,
            BacklogBytesMax = 100_000,
            TotalBacklogBytesMax = 400_000,
            RequestTime = TimeSpan.FromMilliseconds(20),
            ReadTime = TimeSpan.FromMilliseconds(20),
        });
        List<Socket> clients = [];
        byte[] scratch = new byte[32 * 1024];
        Stopwatch clock = Stopwatch.StartNew();
        long steps = 0;
        while (clock.Elapsed.TotalSeconds < Seconds)
        {
            Step(random, fixture, clients, scratch);
            if (++steps % 200 != 0)
                continue;

            using RawClient own = fixture.Connect();
            Assert.True(own.Ask("{\"v\":1,\"id\":1,\"op\":\"version\"}").GetProperty("ok").GetBoolean(), $"seed {Seed}");
            Assert.True(fixture.OnLoop(() => fixture.Server.ConnectionCount) <= 24);
            Assert.True(fixture.OnLoop(() => fixture.Server.BacklogBytes) <= 400_000);
        }

        clients.ForEach(client => client.Dispose());
        fixture.Await(() => fixture.Server is { ConnectionCount: 0, BacklogBytes: 0 }, $"seed {Seed}: all connections are closed");
        Assert.Equal(0, fixture.OnLoop(() => fixture.Handler.Waiting.Count + fixture.Handler.Followers.Count));
        Assert.DoesNotContain(fixture.Reports, line => line.Contains("cannot serve", StringComparison.Ordinal));
        output.WriteLine($"{steps} steps, {fixture.OnLoop(() => fixture.Handler.Handled)} requests carried out");
    }

    private static void Step(Random random, ServerFixture fixture, List<Socket> clients, byte[] scratch)
    {
        int action = random.Next(20);
        if (clients.Count == 0 || (action < 2 && clients.Count < 40))
        {
            Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(fixture.SocketPath));
            socket.Blocking = false;
            clients.Add(socket);
            return;
        }

        Socket client = clients[random.Next(clients.Count)];
        try
        {
            switch (action)
            {
                case 2:
                    client.Dispose();
                    clients.Remove(client);
                    break;
                case 3:
                    client.Shutdown(SocketShutdown.Send);
                    break;
                case 4:
                    fixture.OnLoop(() => fixture.Handler.Emit(new string('e', random.Next(20_000))));
                    break;
                case 5:
                    fixture.OnLoop(() =>
                    {
                        fixture.Handler.Waiting.FirstOrDefault()?.Complete();
                        fixture.Handler.Waiting.RemoveAll(reply => reply.IsClosed);
                        return true;
                    });
                    break;
                case 6:
                    random.NextBytes(scratch);
                    client.Send(scratch.AsSpan(0, random.Next(scratch.Length)));
                    break;
                case 7 or 8 or 9:
                    client.Send(Mutate(random, Requests[random.Next(Requests.Length)]));
                    break;
                case 10 or 11:
                    byte[] whole = Requests[random.Next(Requests.Length)];
                    client.Send(whole.AsSpan(0, random.Next(whole.Length)));
                    break;
                case 12 or 13 or 14 or 15:
                    client.Send(Requests[random.Next(Requests.Length)]);
                    break;
                default:
                    _ = client.Receive(scratch, 0, random.Next(1, scratch.Length), SocketFlags.None);
                    break;
            }
        }
        catch (SocketException exception)
        {
            // Full, empty, or closed by the server for what was done before.
            if (exception.SocketErrorCode != SocketError.WouldBlock)
            {
                client.Dispose();
                clients.Remove(client);
            }
        }
    }

    private static byte[] Mutate(Random random, byte[] line)
    {
        List<byte> bytes = [.. line];
        for (int i = random.Next(6); i >= 0 && bytes.Count > 0; i--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(Math.Min(8, bytes.Count - at)) + 1);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(bytes.Count - at)));
                    break;
                case 3:
                    bytes.Insert(at, "{}[]\",:\\0-\n\0"u8[random.Next(12)]);
                    break;
                case 4:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Words[random.Next(Words.Length)]));
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        return [.. bytes];
    }

    private static readonly string[] Words =
        ["null", "true", "1e999", "-0", "\"names\":[", "\"\\ud800\"", "\"\\u0000\"", ",\"id\":", "99999999999999999999", "[[[[[[[[", "{\"a\":{\"b\":{", "\r", "﻿", "é"];

    private static byte[] Line(ControlRequest request)
    {
        ArrayBufferWriter<byte> line = new();
        RequestWriter.Write(line, 3, request);
        return line.WrittenSpan.ToArray();
    }
}
