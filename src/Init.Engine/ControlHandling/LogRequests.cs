using System.Text;
using Init.Config;
using Init.Control;
using Init.Engine.Logging;
using Init.Engine.Programs;

namespace Init.Engine.ControlHandling;

/// <summary>What clients ask of logs. Files are read on the log thread, so that a disk that hangs holds up nobody but the one who asks.</summary>
public sealed class LogRequests(LogPump pump)
{
    public void Tail(ProgramRuntime program, ControlRequest.Tail tail, IControlReply reply)
    {
        if (FindStream(program, tail.Stream, reply) is not { } stream)
            return;

        if (tail.Follow)
            Follow(reply, receive => pump.Follow(program.Name, stream, PastOf(tail), receive));
        else
            pump.Tail(program.Name, stream, PastOf(tail), excerpt => CompleteTail(excerpt, reply));
    }

    /// <summary>Of Init's own log.</summary>
    public void TailOwn(ControlRequest.Tail tail, IControlReply reply)
    {
        if (tail.Follow)
            Follow(reply, receive => pump.FollowOwn(PastOf(tail), receive));
        else
            pump.TailOwn(PastOf(tail), excerpt => CompleteTail(excerpt, reply));
    }

    public void Read(ProgramRuntime program, ControlRequest.ReadLog read, IControlReply reply)
    {
        if (FindStream(program, read.Stream, reply) is { } stream)
            pump.Read(program.Name, stream, read.Offset, LengthOf(read), excerpt => CompleteRead(excerpt, $"the log of \"{program.Name}\"", reply));
    }

    /// <summary>Of Init's own log.</summary>
    public void ReadOwn(ControlRequest.ReadLog read, IControlReply reply) =>
        pump.ReadOwn(read.Offset, LengthOf(read), excerpt => CompleteRead(excerpt, "init's own log", reply));

    public ControlItem.Outcome Clear(ProgramRuntime program)
    {
        if (program.Definition is { Stdout: null or { File: null }, Stderr: null or { File: null } })
            return new(program.Name, OutcomeCode.NoLog);

        pump.Clear(program.Name);
        return new(program.Name, OutcomeCode.Cleared);
    }

    public void ClearOwn(IControlReply reply) => pump.ClearOwn(isDone =>
    {
        if (isDone)
            reply.Complete();
        else
            reply.Fail(new ControlError(ErrorCode.NoLog, "cannot clear init's own log: it is kept in no file"));
    });

    /// <summary>The log that the request is about. A program whose stderr goes where its stdout goes has one. Null: refused.</summary>
    private static OutputStream? FindStream(ProgramRuntime program, LogStream wanted, IControlReply reply)
    {
        ProgramDefinition definition = program.Definition;
        OutputStream stream = wanted == LogStream.Stderr && !ReferenceEquals(definition.Stderr, definition.Stdout) ? OutputStream.Stderr : OutputStream.Stdout;
        if ((stream == OutputStream.Stderr ? definition.Stderr : definition.Stdout) is not null)
            return stream;

        reply.Fail(new ControlError(ErrorCode.NoLog, $"cannot show the log of \"{program.Name}\": it keeps none", "set stdout.file or stdout.mirror"));
        return null;
    }

    private static TailRequest PastOf(ControlRequest.Tail tail) => tail.Bytes is { } bytes
        ? TailRequest.Bytes((int)Math.Min(bytes, ControlProtocol.TailBytesMax))
        : TailRequest.Lines(tail.Lines ?? ControlProtocol.TailLinesDefault);

    private static int LengthOf(ControlRequest.ReadLog read) =>
        read.Length == 0 ? ControlProtocol.ReadLogBytesMax : (int)Math.Min(read.Length, ControlProtocol.ReadLogBytesMax);

    private static void CompleteTail(LogExcerpt excerpt, IControlReply reply)
    {
        if (excerpt.Problem is { } problem)
        {
            reply.Fail(new ControlError(ErrorCode.NoLog, problem));
            return;
        }

        SendChunks(reply, excerpt.Bytes);
        reply.Complete();
    }

    private static void CompleteRead(LogExcerpt excerpt, string what, IControlReply reply)
    {
        if (excerpt.Problem is { } problem)
            reply.Fail(new ControlError(ErrorCode.Failed, problem));
        else if (excerpt.IsMissing)
            reply.Fail(new ControlError(ErrorCode.NoLog, $"cannot read {what}: there is no file{(excerpt.Path is { } path ? $" {path}" : "")}"));
        else
            reply.Complete(new ControlResult.LogPart(excerpt.Bytes, excerpt.Offset, excerpt.LogSize, excerpt.Path));
    }

    private static void Follow(IControlReply reply, Func<Action<LogChunk>, LogSubscription> subscribe)
    {
        LogSubscription following = subscribe(chunk =>
        {
            if (chunk.DroppedBefore > 0)
                SendChunks(reply, Encoding.UTF8.GetBytes($"\n[{chunk.DroppedBefore} bytes were left out: they came faster than they were read]\n"));
            SendChunks(reply, chunk.Bytes);
            if (chunk.IsEnd)
                reply.Complete();
        });
        reply.Closed = following.Cancel;
    }

    private static void SendChunks(IControlReply reply, ReadOnlyMemory<byte> bytes)
    {
        for (int start = 0; start < bytes.Length; start += ControlProtocol.LogChunkBytes)
            reply.Send(new ControlItem.LogChunk(bytes.Slice(start, Math.Min(ControlProtocol.LogChunkBytes, bytes.Length - start))));
    }
}
