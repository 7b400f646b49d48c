using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Init.Linux;

/// <summary>All that <c>init exec-child</c> must set up before it becomes the program. Null = leave as it is.</summary>
public sealed record ExecChildSpec
{
    private const byte FormatVersion = 1;

    /// <summary>The file to execute, as <see cref="CommandLookup"/> finds it; relative to <see cref="Directory"/>.</summary>
    public required string Path { get; init; }

    public required IReadOnlyList<string> Argv { get; init; }

    public required IReadOnlyList<string> Environment { get; init; }

    public string? Directory { get; init; }

    /// <summary>The cgroup.procs file of the group to move to.</summary>
    public string? CgroupProcs { get; init; }

    public int? OomScoreAdjust { get; init; }

    public int? Nice { get; init; }

    /// <summary>Soft and hard limit.</summary>
    public long? OpenFiles { get; init; }

    /// <summary>Soft and hard limit, in bytes.</summary>
    public long? CoreBytes { get; init; }

    public int? Umask { get; init; }

    /// <summary>See <see cref="Users.Resolve(string, out string)"/>.</summary>
    public string? User { get; init; }

    public bool NoNewPrivileges { get; init; }

    /// <summary>The form in which it travels: numbers in little-endian, each string and list with its length before it.</summary>
    public byte[] Encode()
    {
        ArrayBufferWriter<byte> writer = new(1024);
        writer.Write([FormatVersion]);
        WriteString(writer, Path);
        WriteList(writer, Argv);
        WriteList(writer, Environment);
        WriteString(writer, Directory);
        WriteString(writer, CgroupProcs);
        WriteNumber(writer, OomScoreAdjust);
        WriteNumber(writer, Nice);
        WriteNumber(writer, OpenFiles);
        WriteNumber(writer, CoreBytes);
        WriteNumber(writer, Umask);
        WriteString(writer, User);
        WriteNumber(writer, NoNewPrivileges ? 1 : 0);
        return writer.WrittenSpan.ToArray();
    }

    /// <exception cref="FormatException">It is not what <see cref="Encode"/> of this version wrote.</exception>
    public static ExecChildSpec Decode(ReadOnlySpan<byte> encoded)
    {
        Reader reader = new(encoded);
        if (reader.Byte() != FormatVersion)
            throw new FormatException("the specification of the child has another version");

        ExecChildSpec spec = new()
        {
            Path = reader.String() ?? throw new FormatException("the specification of the child names no file"),
            Argv = reader.List(),
            Environment = reader.List(),
            Directory = reader.String(),
            CgroupProcs = reader.String(),
            OomScoreAdjust = (int?)reader.Number(),
            Nice = (int?)reader.Number(),
            OpenFiles = reader.Number(),
            CoreBytes = reader.Number(),
            Umask = (int?)reader.Number(),
            User = reader.String(),
            NoNewPrivileges = reader.Number() == 1,
        };
        return reader.IsAtEnd ? spec : throw new FormatException("the specification of the child goes on after its end");
    }

    private static void WriteNumber(ArrayBufferWriter<byte> writer, long? number)
    {
        Span<byte> bytes = writer.GetSpan(1 + sizeof(long));
        bytes[0] = (byte)(number is null ? 0 : 1);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[1..], number ?? 0);
        writer.Advance(1 + sizeof(long));
    }

    private static void WriteString(ArrayBufferWriter<byte> writer, string? text)
    {
        int length = text is null ? -1 : Encoding.UTF8.GetByteCount(text);
        WriteLength(writer, length);
        if (length > 0)
            writer.Advance(Encoding.UTF8.GetBytes(text, writer.GetSpan(length)));
    }

    private static void WriteList(ArrayBufferWriter<byte> writer, IReadOnlyList<string> list)
    {
        WriteLength(writer, list.Count);
        for (int i = 0; i < list.Count; i++)
            WriteString(writer, list[i]);
    }

    private static void WriteLength(ArrayBufferWriter<byte> writer, int length)
    {
        BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(sizeof(int)), length);
        writer.Advance(sizeof(int));
    }

    private ref struct Reader(ReadOnlySpan<byte> rest)
    {
        private ReadOnlySpan<byte> _rest = rest;

        public readonly bool IsAtEnd => _rest.IsEmpty;

        public byte Byte() => Take(1)[0];

        public long? Number()
        {
            ReadOnlySpan<byte> bytes = Take(1 + sizeof(long));
            return bytes[0] == 0 ? null : BinaryPrimitives.ReadInt64LittleEndian(bytes[1..]);
        }

        public string? String()
        {
            int length = Length();
            return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
        }

        public string[] List()
        {
            int count = Length();
            if (count < 0 || count > _rest.Length / sizeof(int))
                throw new FormatException("the specification of the child is cut short");

            string[] list = new string[count];
            for (int i = 0; i < count; i++)
                list[i] = String() ?? throw new FormatException("the specification of the child has a hole in a list");
            return list;
        }

        private int Length() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count > _rest.Length)
                throw new FormatException("the specification of the child is cut short");

            ReadOnlySpan<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}

/// <summary>The steps of <c>init exec-child</c>, in their order.</summary>
public enum ExecChildStep : byte
{
    ReadSpec = 1,
    EnterCgroup,
    SetOomScore,
    SetNice,
    LimitOpenFiles,
    LimitCore,
    SetUmask,
    ResolveUser,
    SetGroups,
    SetGid,
    SetUid,
    SetNoNewPrivileges,
    EnterDirectory,
    Execute,
}

/// <summary>The step at which a child could not be set up, and why.</summary>
/// <param name="Errno">0 for <see cref="ExecChildStep.ResolveUser"/> (no such user) and <see cref="ExecChildStep.ReadSpec"/>.</param>
public sealed record ExecChildFailure(ExecChildStep Step, int Errno)
{
    internal const int EncodedSize = 1 + sizeof(int);

    /// <summary>For people: "cannot set user "web": no such user in /etc/passwd".</summary>
    public string Describe(ExecChildSpec spec)
    {
        string cause = Linux.Errno.Describe(Errno);
        return Step switch
        {
            ExecChildStep.EnterCgroup => $"cannot enter cgroup by {spec.CgroupProcs}: {cause}",
            ExecChildStep.SetOomScore => $"cannot set OOM score adjustment {spec.OomScoreAdjust}: {cause}",
            ExecChildStep.SetNice => $"cannot set nice value {spec.Nice}: {cause}",
            ExecChildStep.LimitOpenFiles => $"cannot set limit of open files to {spec.OpenFiles}: {cause}",
            ExecChildStep.LimitCore => $"cannot set limit of core files to {spec.CoreBytes} bytes: {cause}",
            ExecChildStep.SetUmask => $"cannot set umask: {cause}",
            ExecChildStep.ResolveUser => UnknownUser(spec.User ?? ""),
            ExecChildStep.SetGroups => $"cannot set groups of user \"{spec.User}\": {cause}",
            ExecChildStep.SetGid => $"cannot set group of user \"{spec.User}\": {cause}",
            ExecChildStep.SetUid => $"cannot set user \"{spec.User}\": {cause}",
            ExecChildStep.SetNoNewPrivileges => $"cannot set no_new_privs: {cause}",
            ExecChildStep.EnterDirectory => $"cannot enter directory {spec.Directory}: {cause}",
            ExecChildStep.Execute => Spawner.ExplainExec(spec.Path, Errno, spec.Directory),
            _ => "cannot read the specification of the child",
        };
    }

    internal byte[] Encode()
    {
        byte[] bytes = new byte[EncodedSize];
        bytes[0] = (byte)Step;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), Errno);
        return bytes;
    }

    internal static ExecChildFailure Decode(ReadOnlySpan<byte> bytes) =>
        new((ExecChildStep)bytes[0], BinaryPrimitives.ReadInt32LittleEndian(bytes[1..]));

    private static string UnknownUser(string user)
    {
        _ = Users.Resolve(user, out string problem);
        return $"cannot set user \"{user}\": {problem}";
    }
}
