using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Init.Chat.Transfer;

/// <summary>Names of branches as names of files that every system can make. The exact ones are in the zip's metadata.json.</summary>
internal static class ZipNames
{
    /// <summary>With its end below the 255 that file systems have room for.</summary>
    private const int BytesMax = 200;

    private const string Escaped = "%/\\:*?\"<>|";

    public static string Of(string name)
    {
        StringBuilder file = new();
        foreach (Rune rune in name.EnumerateRunes())
        {
            if (rune.Value < ' ' || rune.Value == 0x7F || (rune.IsAscii && Escaped.Contains((char)rune.Value, StringComparison.Ordinal)))
                file.Append('%').Append(rune.Value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            else
                file.Append(rune.ToString());
        }

        // Hidden, "." and "..", and what Windows leaves off.
        if (file[0] == '.')
            file.Remove(0, 1).Insert(0, "%2E");
        if (file[^1] is ' ' or '.')
            file.Replace(file[^1].ToString(), file[^1] == ' ' ? "%20" : "%2E", file.Length - 1, 1);

        string text = file.ToString();
        bool isExact = Encoding.UTF8.GetByteCount(text) <= BytesMax;
        return isExact && !text.Contains('\uFFFD', StringComparison.Ordinal) ? text : Shortened(text, name);
    }

    /// <summary>Distinct, whatever was cut off; also where half a surrogate pair became another letter.</summary>
    private static string Shortened(string text, string name)
    {
        StringBuilder start = new();
        int bytes = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > BytesMax - 20)
                break;
            start.Append(rune.ToString());
        }

        return $"{start}~{Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(name.AsSpan())))[..16]}";
    }
}
