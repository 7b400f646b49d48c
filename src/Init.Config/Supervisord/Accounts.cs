using System.Globalization;
using System.Text;

namespace Init.Config.Supervisord;

/// <summary>The users and groups of /etc/passwd and /etc/group: supervisord refuses a name or number that is not among them.</summary>
internal sealed class Accounts
{
    private const int FileBytesMax = 16 << 20;

    private readonly List<string[]> _users;
    private readonly List<string[]> _groups;

    private Accounts(List<string[]> users, List<string[]> groups)
    {
        _users = users;
        _groups = groups;
    }

    public static Accounts Read(IConfigFiles files) => new(ReadTable(files, "/etc/passwd", fields: 7), ReadTable(files, "/etc/group", fields: 3));

    public bool HasUser(string nameOrNumber) => Find(_users, nameOrNumber) is not null;

    public bool HasGroup(string nameOrNumber) => Find(_groups, nameOrNumber) is not null;

    /// <summary>Null when there is no such user.</summary>
    public string? UserIdOf(string nameOrNumber) => Find(_users, nameOrNumber)?[2];

    /// <summary>Of the user's own group.</summary>
    public string? GroupIdOf(string nameOrNumber) => Find(_users, nameOrNumber)?[3];

    public string? HomeOf(string nameOrNumber) => Find(_users, nameOrNumber)?[5];

    private static string[]? Find(List<string[]> table, string nameOrNumber)
    {
        // As in supervisord, what reads as a number is one.
        string key = PythonText.TryParseInteger(nameOrNumber, out long id) ? id.ToString(CultureInfo.InvariantCulture) : nameOrNumber;
        int field = key == nameOrNumber && !PythonText.TryParseInteger(nameOrNumber, out _) ? 0 : 2;
        return table.Find(entry => entry[field] == key);
    }

    private static List<string[]> ReadTable(IConfigFiles files, string path, int fields) => files.Read(path, FileBytesMax) is ConfigFile.Content content
        ? [.. Encoding.UTF8.GetString(content.Bytes.Span).Split('\n').Select(line => line.Split(':')).Where(entry => entry.Length >= fields)]
        : [];
}
