namespace Init.Engine.Logging;

/// <summary>
/// Takes ANSI escape sequences (ECMA-48) out of a stream of bytes: control sequences ("ESC [ … letter"), strings ("ESC ] … BEL or ESC \") and two-byte escapes. A
/// sequence may come in pieces; one that does not end is let go after <see cref="SequenceMax"/> bytes.
/// </summary>
internal sealed class AnsiStripper
{
    /// <summary>A longer "sequence" is none: binary output must not be able to swallow what follows it.</summary>
    public const int SequenceMax = 4096;

    private const byte Escape = 0x1B, Bell = 0x07;

    private Place _place;
    private int _length;

    private enum Place
    {
        Text,
        AfterEscape,
        InControl,
        InString,
        InStringAfterEscape,
    }

    /// <summary>Moves what is text to the front of <paramref name="bytes"/>.</summary>
    /// <returns>How many bytes of text there are.</returns>
    public int Strip(Span<byte> bytes)
    {
        if (_place == Place.Text && !bytes.Contains(Escape))
            return bytes.Length;

        int kept = 0;
        foreach (byte one in bytes)
        {
            if (_place == Place.Text && one != Escape)
                bytes[kept++] = one;
            else
                Follow(one);
        }

        return kept;
    }

    private void Follow(byte one)
    {
        _length = _place == Place.Text ? 0 : _length + 1;
        Place next = (_place, one) switch
        {
            (Place.Text, _) => Place.AfterEscape,
            (Place.AfterEscape, (byte)'[') => Place.InControl,
            (Place.AfterEscape, (byte)']' or (byte)'P' or (byte)'X' or (byte)'^' or (byte)'_') => Place.InString,
            (Place.AfterEscape, >= 0x20 and < 0x30) => Place.AfterEscape, // An intermediate byte, as in "ESC ( B".
            (Place.AfterEscape, Escape) => Place.AfterEscape,
            (Place.InControl, >= 0x20 and < 0x40) => Place.InControl,
            (Place.InString, Escape) => Place.InStringAfterEscape,
            (Place.InString, not Bell) => Place.InString,
            (Place.InStringAfterEscape, not (byte)'\\') => Place.InString,
            _ => Place.Text,
        };
        _place = _length < SequenceMax ? next : Place.Text;
    }
}
