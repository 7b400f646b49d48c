using System.Globalization;
using System.Text;

namespace Init.Backup.Store;

/// <summary>What a commit says of itself.</summary>
/// <param name="Seconds">Of the committer, Unix time.</param>
/// <param name="Subject">The first line of the message.</param>
public sealed record CommitText(long Seconds, string Subject)
{
    private const int BytesMax = 64 * 1024;
    private const string BackupPrefix = "backup ", TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'", JoinSubject = "join: what is here goes on after what the remote has";

    /// <summary>For a commit with the tree of one and both histories.</summary>
    public static string OfJoin => JoinSubject;

    /// <summary>Made by a backup, so its manifest is of its own tree. Who commits by hand writes something else.</summary>
    public bool IsOurs =>
        Subject == JoinSubject
        || (Subject.StartsWith(BackupPrefix, StringComparison.Ordinal) && DateTime.TryParseExact(Subject[BackupPrefix.Length..], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out _));

    /// <summary>For a backup.</summary>
    public static string OfBackup(DateTimeOffset at) => BackupPrefix + at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    /// <exception cref="GitException">There is no such commit.</exception>
    public static CommitText Of(CatFile objects, string commit)
    {
        string text = Encoding.UTF8.GetString(objects.ReadSmall(commit, "commit", BytesMax));
        int end = text.IndexOf("\n\n", StringComparison.Ordinal);
        string[] header = (end < 0 ? text : text[..end]).Split('\n');
        string[] committer = header.FirstOrDefault(line => line.StartsWith("committer ", StringComparison.Ordinal))?.Split(' ') ?? [];
        _ = long.TryParse(committer.Length > 2 ? committer[^2] : "", NumberStyles.None, CultureInfo.InvariantCulture, out long seconds);
        return new CommitText(seconds, end < 0 ? "" : text[(end + 2)..].Split('\n')[0]);
    }
}
