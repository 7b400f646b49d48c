namespace Init.Backup.Names;

/// <summary>
/// What a live name is called in a git tree. Nearly always the same; what git refuses, would act upon, or what means something in our own layout is written as "%" and the
/// name, with "%" inside as "%25" and a backslash as "%5C". It is better to escape a name too many than to have a push refused: nothing but looks is lost.
/// </summary>
public static class TreeNames
{
    /// <summary>A directory of chunks instead of one blob.</summary>
    public static ReadOnlySpan<byte> ChunksSuffix => ".chunks"u8;

    /// <summary>JSON that says where a large file is.</summary>
    public static ReadOnlySpan<byte> PointerSuffix => ".pointer"u8;

    /// <summary>At the top of the tree: the manifest.</summary>
    public static ReadOnlySpan<byte> OwnDirectory => ".init"u8;

    /// <summary>Harmless names that begin like the others and are worth reading as they are.</summary>
    private static readonly byte[][] Harmless = [".gitignore"u8.ToArray(), ".gitkeep"u8.ToArray(), ".github"u8.ToArray()];

    public static byte[] OfPath(BytePath path)
    {
        List<byte> tree = new(path.Bytes.Length + 4);
        foreach (Range component in path.Components())
        {
            if (tree.Count > 0)
                tree.Add((byte)'/');
            ReadOnlySpan<byte> name = path.Bytes[component];
            if (MustEscape(name) || (tree.Count == 0 && name.SequenceEqual(OwnDirectory)))
                AddEscaped(tree, name);
            else
                tree.AddRange(name);
        }

        return [.. tree];
    }

    /// <returns>Null when no live path is written like this: then it is not ours, or not a file's.</returns>
    public static BytePath? ToPath(ReadOnlySpan<byte> tree)
    {
        List<byte> live = new(tree.Length);
        foreach (Range component in tree.Split((byte)'/'))
        {
            if (live.Count > 0)
                live.Add((byte)'/');
            ReadOnlySpan<byte> name = tree[component];
            if (!name.StartsWith("%"u8))
                live.AddRange(name);
            else if (!TryAddUnescaped(live, name[1..]))
                return null;
        }

        return BytePath.TryOf(live.ToArray(), out BytePath path) && OfPath(path).AsSpan().SequenceEqual(tree) ? path : null;
    }

    private static bool MustEscape(ReadOnlySpan<byte> name) =>
        name.StartsWith("%"u8) || name.EndsWith(ChunksSuffix) || name.EndsWith(PointerSuffix) || IsGitName(name);

    /// <summary>
    /// ".git", ".gitmodules", ".gitattributes" and all that a Mac or Windows takes for them: case, code points that HFS+ ignores, short names ("git~1"), streams (":"), and
    /// what follows a backslash (git's fsck.c and utf8.c).
    /// </summary>
    private static bool IsGitName(ReadOnlySpan<byte> name)
    {
        foreach (Range range in name.Split((byte)'\\'))
        {
            byte[] folded = FoldAsHfs(name[range]);
            if (folded.AsSpan().StartsWith(".git"u8) && !IsHarmless(name))
                return true;

            // "git~1", "gitmod~2", "gi7eba~1" and, as git has it, even "~1000000".
            int tilde = folded.AsSpan().IndexOf((byte)'~');
            if (tilde >= 0 && tilde + 1 < folded.Length && char.IsAsciiDigit((char)folded[tilde + 1]) && (tilde == 0 || folded[0] == (byte)'g'))
                return true;
        }

        return false;
    }

    private static bool IsHarmless(ReadOnlySpan<byte> name)
    {
        foreach (byte[] harmless in Harmless)
        {
            if (name.SequenceEqual(harmless))
                return true;
        }

        return false;
    }

    private static byte[] FoldAsHfs(ReadOnlySpan<byte> name)
    {
        byte[] folded = new byte[name.Length];
        int count = 0;
        for (int i = 0; i < name.Length; i++)
        {
            if (i + 2 < name.Length && IsIgnoredByHfs(name[i], name[i + 1], name[i + 2]))
                i += 2;
            else
                folded[count++] = (byte)char.ToLowerInvariant((char)name[i]);
        }

        return folded[..count];
    }

    /// <summary>U+200C to 200F, 202A to 202E, 206A to 206F and FEFF, in UTF-8.</summary>
    private static bool IsIgnoredByHfs(byte first, byte second, byte third) =>
        (first, second) switch
        {
            (0xE2, 0x80) => third is (>= 0x8C and <= 0x8F) or (>= 0xAA and <= 0xAE),
            (0xE2, 0x81) => third is >= 0xAA and <= 0xAF,
            (0xEF, 0xBB) => third == 0xBF,
            _ => false,
        };

    private static void AddEscaped(List<byte> tree, ReadOnlySpan<byte> name)
    {
        tree.Add((byte)'%');
        foreach (byte value in name)
        {
            if (value == (byte)'%')
                tree.AddRange("%25"u8);
            else if (value == (byte)'\\')
                tree.AddRange("%5C"u8);
            else
                tree.Add(value);
        }

        // "x.chunks" is a directory of chunks whatever stands before it.
        if (name.EndsWith(ChunksSuffix) || name.EndsWith(PointerSuffix))
            tree.Add((byte)'%');
    }

    private static bool TryAddUnescaped(List<byte> live, ReadOnlySpan<byte> escaped)
    {
        if (escaped.EndsWith("%"u8))
            escaped = escaped[..^1];

        for (int i = 0; i < escaped.Length; i++)
        {
            if (escaped[i] != (byte)'%')
            {
                live.Add(escaped[i]);
                continue;
            }

            ReadOnlySpan<byte> code = escaped[i..];
            if (!code.StartsWith("%25"u8) && !code.StartsWith("%5C"u8))
                return false;
            live.Add(code[1] == (byte)'2' ? (byte)'%' : (byte)'\\');
            i += 2;
        }

        return true;
    }
}
