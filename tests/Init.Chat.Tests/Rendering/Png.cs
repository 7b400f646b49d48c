using System.Buffers.Binary;
using System.IO.Compression;

namespace Init.Chat.Tests.Rendering;

/// <summary>The pixels of a PNG as Chromium writes it: 8 bits, RGB or RGBA, not interlaced.</summary>
internal sealed class Png
{
    private readonly byte[] _pixels;
    private readonly int _bytesPerPixel;

    private Png(int width, int height, int bytesPerPixel, byte[] pixels)
    {
        (Width, Height) = (width, height);
        _bytesPerPixel = bytesPerPixel;
        _pixels = pixels;
    }

    public int Width { get; }

    public int Height { get; }

    public static Png Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        Assert.True(file.StartsWith("\x89PNG\r\n\x1a\n"u8[1..]) || file[1..4].SequenceEqual("PNG"u8));
        int at = 8, width = 0, height = 0, bytesPerPixel = 0;
        using MemoryStream packed = new();
        while (at < file.Length)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file[at..]);
            ReadOnlySpan<byte> kind = file[(at + 4)..(at + 8)], data = file.Slice(at + 8, length);
            if (kind.SequenceEqual("IHDR"u8))
            {
                width = BinaryPrimitives.ReadInt32BigEndian(data);
                height = BinaryPrimitives.ReadInt32BigEndian(data[4..]);
                bytesPerPixel = data[9] == 2 ? 3 : 4;
            }
            else if (kind.SequenceEqual("IDAT"u8))
            {
                packed.Write(data);
            }

            at += length + 12;
        }

        packed.Position = 0;
        byte[] pixels = new byte[width * height * bytesPerPixel];
        using ZLibStream unpacked = new(packed, CompressionMode.Decompress);
        Unfilter(unpacked, pixels, width * bytesPerPixel, bytesPerPixel);
        return new Png(width, height, bytesPerPixel, pixels);
    }

    /// <summary>"#rrggbb".</summary>
    public string At(int x, int y)
    {
        ReadOnlySpan<byte> pixel = _pixels.AsSpan(((y * Width) + x) * _bytesPerPixel, 3);
        return $"#{pixel[0]:x2}{pixel[1]:x2}{pixel[2]:x2}";
    }

    /// <summary>How many pixels of a part are not of a colour.</summary>
    public int Count(Func<string, bool> isCounted, int top = 0, int bottom = int.MaxValue)
    {
        int count = 0;
        for (int y = top; y < Math.Min(bottom, Height); y++)
        {
            for (int x = 0; x < Width; x++)
                count += isCounted(At(x, y)) ? 1 : 0;
        }

        return count;
    }

    private static void Unfilter(ZLibStream from, byte[] pixels, int row, int step)
    {
        byte[] above = new byte[row], line = new byte[row];
        for (int begin = 0; begin < pixels.Length; begin += row)
        {
            int filter = from.ReadByte();
            from.ReadExactly(line);
            for (int x = 0; x < row; x++)
            {
                int left = x >= step ? line[x - step] : 0, up = above[x], corner = x >= step ? above[x - step] : 0;
                line[x] += (byte)(filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => Paeth(left, up, corner), _ => 0 });
            }

            line.CopyTo(pixels, begin);
            line.CopyTo(above, 0);
        }
    }

    private static int Paeth(int left, int up, int corner)
    {
        int guess = left + up - corner, toLeft = Math.Abs(guess - left), toUp = Math.Abs(guess - up), toCorner = Math.Abs(guess - corner);
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
}
