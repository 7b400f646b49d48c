using System.Text;
using System.Text.Json;
using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>
/// Leases are commits without files or parents, whose message is the lease: a commit is what every git takes under any name, and one object a renewal is the least. Their
/// date is of no meaning and the same in all: clocks are never compared.
/// </summary>
internal sealed class LeaseCommits(GitRunner git, string instance)
{
    private const int TextCharactersMax = 10_000;

    private string? _emptyTree;
    private long _counter;

    /// <summary>Another one than all before.</summary>
    /// <param name="above">The last count that was seen.</param>
    public string Next(long above = 0)
    {
        _emptyTree ??= git.RunWith("", "mktree");
        _counter = Math.Max(_counter, above) + 1;
        string text = $"{{\"instance\":\"{JsonEncodedText.Encode(instance)}\",\"host\":\"{JsonEncodedText.Encode(Environment.MachineName)}\",\"counter\":{_counter},\"nonce\":\"{Guid.NewGuid():N}\"}}";
        string commit = git.RunWith($"tree {_emptyTree}\nauthor init <backup@init> 0 +0000\ncommitter init <backup@init> 0 +0000\n\n{text}\n", "hash-object", "-t", "commit", "-w", "--stdin");
        git.Run(GitRunner.ShortTime, [], "update-ref", "refs/init/lease-own", commit); // Else it would be swept up with the older ones.
        return commit;
    }

    /// <summary>What cannot be read was written by somebody else, and is theirs.</summary>
    public LeaseText Read(string commit)
    {
        string text = git.Run(GitRunner.ShortTime, [128], "cat-file", "commit", commit) ?? "";
        int body = text.IndexOf("\n\n", StringComparison.Ordinal);
        try
        {
            if (body < 0 || text.Length > TextCharactersMax)
                throw new FormatException();
            using var document = JsonDocument.Parse(Encoding.UTF8.GetBytes(text[body..]), new JsonDocumentOptions { MaxDepth = 4 });
            JsonElement root = document.RootElement;
            return new LeaseText(root.GetProperty("instance").GetString() ?? "?", root.GetProperty("host").GetString() ?? "?", root.GetProperty("counter").GetInt64());
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new LeaseText("?", "an unknown writer", 0);
        }
    }
}
