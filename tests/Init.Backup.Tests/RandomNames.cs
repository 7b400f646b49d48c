namespace Init.Backup.Tests;

/// <summary>Names that a file can have, the awkward ones more often than in life.</summary>
internal static class RandomNames
{
    private static readonly byte[][] Pieces =
    [
        ".git"u8.ToArray(), ".GIT"u8.ToArray(), "git~1"u8.ToArray(), ".gitmodules"u8.ToArray(), ".gitattributes"u8.ToArray(), ".gitignore"u8.ToArray(), "GI7EBA~1"u8.ToArray(),
        [0x2E, 0x67, 0xE2, 0x80, 0x8C, 0x69, 0x74], [0xEF, 0xBB, 0xBF], ".chunks"u8.ToArray(), ".pointer"u8.ToArray(), "%"u8.ToArray(), "%25"u8.ToArray(), "%5C"u8.ToArray(),
        "\\"u8.ToArray(), ".init"u8.ToArray(), " "u8.ToArray(), "\n"u8.ToArray(), "\t"u8.ToArray(), "\""u8.ToArray(), "-"u8.ToArray(), "~"u8.ToArray(), "."u8.ToArray(),
        [0xFF], [0xC3], [0x80], "é"u8.ToArray(), [0x65, 0xCC, 0x81], "数据"u8.ToArray(), "😀"u8.ToArray(), [0xE2, 0x80, 0xA8], [0x7F], [0x01], "a"u8.ToArray(), "b"u8.ToArray(), "Z9"u8.ToArray(),
    ];

    public static byte[] Next(Random random)
    {
        while (true)
        {
            List<byte> name = [];
            for (int pieces = random.Next(1, 4); pieces > 0; pieces--)
                name.AddRange(Pieces[random.Next(Pieces.Length)]);
            if (random.Next(8) == 0)
                name.AddRange(Enumerable.Range(0, random.Next(1, 200)).Select(_ => (byte)random.Next('a', 'z')));
            byte[] bytes = [.. name];
            if (!bytes.AsSpan().SequenceEqual("."u8) && !bytes.AsSpan().SequenceEqual(".."u8) && bytes.Length <= 255)
                return bytes;
        }
    }
}
