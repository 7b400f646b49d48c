using System.Collections.Immutable;
using System.Text;
using Init.Chat.Store;

namespace Init.Bench.ChatStore;

/// <summary>The original's way: a context is a file of JSON, read and written as a whole, in place.</summary>
internal sealed class FileTree(string root)
{
    private readonly object[] _locks = [.. Enumerable.Range(0, 1024).Select(_ => new object())];

    public void Write(string user, ImmutableArray<ChatMessage> messages)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(user))!);
        File.WriteAllText(PathOf(user), MessageJson.ToText(messages));
    }

    public ImmutableArray<ChatMessage> Read(string user)
    {
        lock (LockOf(user))
            return MessageJson.ReadArray(File.ReadAllBytes(PathOf(user)));
    }

    public void Append(string user, ChatMessage message, bool synchronise)
    {
        lock (LockOf(user))
        {
            byte[] json = Encoding.UTF8.GetBytes(MessageJson.ToText(Read(user).Add(message)));
            using FileStream file = new(PathOf(user), FileMode.Create, FileAccess.Write);
            file.Write(json);
            file.Flush(synchronise);
        }
    }

    /// <summary>Of one user, as the original's. Without it a reader finds the file empty now and then.</summary>
    private object LockOf(string user) => _locks[(uint)user.GetHashCode(StringComparison.Ordinal) % _locks.Length];

    private string PathOf(string user) => Path.Combine(root, "Context_UserData", user, "ParallelData", "default.json");
}
