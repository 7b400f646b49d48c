using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Init.Linux;

/// <summary>Whom a child runs as.</summary>
/// <param name="Groups">All of its groups, <paramref name="Gid"/> among them.</param>
public sealed record UserIdentity(uint Uid, uint Gid, ImmutableArray<uint> Groups);

/// <summary>
/// Resolves users from /etc/passwd and /etc/group as they are in the image. The C library would ask its name services (NSS), which may load libraries and
/// wait for a network.
/// </summary>
public static class Users
{
    private const int FileBytesMax = 16 << 20;

    /// <summary>Reads both files and resolves. Either may be missing: numbers need neither.</summary>
    public static UserIdentity? Resolve(string user, out string problem) => Resolve(user, ReadText("/etc/passwd"), ReadText("/etc/group"), out problem);

    /// <summary>
    /// "uid", "name": the user's own group from passwd and, as with initgroups(3), all groups that list it; a number without an entry has the group of the
    /// same number and no other. "user:group": that group and no other.
    /// </summary>
    /// <param name="problem">Why the result is null: "no user "web" in /etc/passwd".</param>
    public static UserIdentity? Resolve(string user, string passwd, string group, out string problem)
    {
        int colon = user.IndexOf(':');
        string userPart = colon < 0 ? user : user[..colon];
        string[]? entry = FindEntry(passwd, userPart, fields: 7);
        problem = $"no user \"{userPart}\" in /etc/passwd";
        if (!TryParseId(entry is null ? userPart : entry[2], out uint uid))
            return null;

        if (colon >= 0)
        {
            string groupPart = user[(colon + 1)..];
            string[]? groupEntry = FindEntry(group, groupPart, fields: 4);
            problem = $"no group \"{groupPart}\" in /etc/group";
            return TryParseId(groupEntry is null ? groupPart : groupEntry[2], out uint gid) ? new UserIdentity(uid, gid, [gid]) : null;
        }

        if (entry is null)
            return new UserIdentity(uid, uid, [uid]);

        problem = $"the entry of \"{userPart}\" in /etc/passwd has no valid group";
        return TryParseId(entry[3], out uint own) ? new UserIdentity(uid, own, AllGroupsOf(entry[0], own, group)) : null;
    }

    private static ImmutableArray<uint> AllGroupsOf(string name, uint own, string group)
    {
        ImmutableArray<uint>.Builder groups = ImmutableArray.CreateBuilder<uint>();
        groups.Add(own);
        foreach (string line in group.Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length >= 4 && TryParseId(fields[2], out uint gid) && !groups.Contains(gid) && fields[3].Split(',').Contains(name))
                groups.Add(gid);
        }

        return groups.ToImmutable();
    }

    /// <summary>By name, or by number when the key is one (a user whose name is a number cannot be meant).</summary>
    private static string[]? FindEntry(string file, string key, int fields)
    {
        bool byNumber = TryParseId(key, out uint id);
        foreach (string line in file.Split('\n'))
        {
            string[] entry = line.Split(':');
            if (entry.Length >= fields && (byNumber ? TryParseId(entry[2], out uint other) && other == id : entry[0] == key && key.Length > 0))
                return entry;
        }

        return null;
    }

    /// <summary>(uid_t)-1 means "leave as it is" to setresuid(2), and so is nobody's number.</summary>
    private static bool TryParseId(string text, out uint id) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id != uint.MaxValue;

    private static string ReadText(string path) =>
        Files.ReadAll(path, FileBytesMax, out _) is { } bytes ? Encoding.UTF8.GetString(bytes) : "";
}
