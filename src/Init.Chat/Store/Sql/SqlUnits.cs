using System.Security.Cryptography;
using System.Text;

namespace Init.Chat.Store.Sql;

/// <summary>Times and names as the tables have them.</summary>
internal static class SqlUnits
{
    public static long Time(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks;

    public static DateTimeOffset Time(long time) => DateTimeOffset.UnixEpoch.AddTicks(time);

    /// <summary>Days since 1970 of nanoseconds since 1970.</summary>
    public static long Day(long nanoseconds) => nanoseconds / (TimeSpan.NanosecondsPerTick * TimeSpan.TicksPerDay);

    public static long Day(DateOnly day) => day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;

    public static DateOnly DayOf(long day) => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)day);

    // No name has U+0000 in it once it is encoded, so that nothing is ambiguous.
    public static byte[] Digest(ItemKey key) => SHA256.HashData(Encoding.UTF8.GetBytes($"{(int)key.Kind}\0{SqlText.Encode(key.User)}\0{SqlText.Encode(key.Branch)}"));

    /// <exception cref="ArgumentException">A name is empty or too long. Looked at before the database is asked.</exception>
    public static void Check(ItemKey key)
    {
        if (key.User.Length is 0 or > ItemKey.NameLengthMax)
            throw new ArgumentException($"the name of a user must have 1 to {ItemKey.NameLengthMax} UTF-16 units", nameof(key));
        if (key.Branch.Length is 0 or > ItemKey.NameLengthMax)
            throw new ArgumentException($"the name of a branch must have 1 to {ItemKey.NameLengthMax} UTF-16 units", nameof(key));
    }

    public static string Cut(string text, int lengthMax) => text.Length <= lengthMax ? text : text[..lengthMax];
}
