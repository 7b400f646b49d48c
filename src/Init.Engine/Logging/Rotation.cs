namespace Init.Engine.Logging;

/// <summary>Where a log file is cut: always between two lines.</summary>
internal static class Rotation
{
    /// <summary>
    /// How many of the first bytes of <paramref name="data"/> go into the file as it is now: whole lines, as many as fit. 0 = it must be rotated first.
    /// A line that is longer than the limit is kept whole, alone in its file.
    /// </summary>
    /// <param name="size">Bytes in the file now.</param>
    /// <param name="lineStart">Where the file's unfinished last line begins; equal to <paramref name="size"/> when it ends with a newline.</param>
    /// <param name="maxSize">0 = no limit.</param>
    /// <param name="data">Not empty. Its last line may be unfinished.</param>
    public static int BytesThatFit(long size, long lineStart, long maxSize, ReadOnlySpan<byte> data)
    {
        long room = maxSize - size;
        if (maxSize <= 0 || data.Length <= room)
            return data.Length;

        if (room > 0)
        {
            int wholeLines = data[..(int)room].LastIndexOf((byte)'\n') + 1;
            if (wholeLines > 0)
                return wholeLines;
        }

        bool isAlone = lineStart == 0;
        if (!isAlone)
            return 0;

        int end = data.IndexOf((byte)'\n') + 1;
        return end > 0 ? end : data.Length;
    }

    public static string NameOf(string path, int number) => $"{path}.{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}
