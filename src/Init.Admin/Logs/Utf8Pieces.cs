namespace Init.Admin.Logs;

/// <summary>Cuts a stream of bytes where characters end: supervisorctl decodes each chunk by itself, and shows half a character as an error.</summary>
internal static class Utf8Pieces
{
    private const int CharacterBytesMax = 4;

    /// <summary>How many bytes at the end begin a character that is not complete; 0..3. What is no UTF-8 anyway counts as complete.</summary>
    public static int IncompleteTail(ReadOnlySpan<byte> bytes)
    {
        for (int back = 1; back < CharacterBytesMax && back <= bytes.Length; back++)
        {
            byte value = bytes[^back];
            if ((value & 0xC0) == 0x80)
                continue; // Not the first of its character.

            int needed = value switch { >= 0xF0 and <= 0xF4 => 4, >= 0xE0 and < 0xF0 => 3, >= 0xC2 and < 0xE0 => 2, _ => 1 };
            return needed > back ? back : 0;
        }

        return 0;
    }
}
