using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Init.Backup.Store;

/// <summary>An entry of a git tree.</summary>
public readonly record struct TreeEntry(int Mode, byte[] Name, string Id)
{
    public bool IsTree => Mode == 0x4000; // 040000

    public bool IsLink => Mode == 0xA000; // 120000
}

/// <summary>Receives an object's content in pieces.</summary>
public delegate void ContentReceiver(ReadOnlySpan<byte> piece);

/// <summary>Reads objects by their id through one <c>git cat-file --batch</c>. A name is never given to git to look up: it can hold anything.</summary>
public sealed class CatFile : IDisposable
{
    private const int PieceBytes = 64 * 1024;
    private const int TreeBytesMax = 256 * 1024 * 1024;

    private readonly GitRunner _git;
    private Process _process;
    private Task<string> _errors;
    private Stream _input;
    private BufferedStream _output;

    public CatFile(GitRunner git)
    {
        _git = git;
        Start();
    }

    /// <summary>The content of each blob, in order; asked for ahead of reading, so that git works while we do.</summary>
    /// <returns>Bytes in all.</returns>
    public long Read(IReadOnlyList<string> ids, ContentReceiver receive)
    {
        const int Ahead = 64; // Together smaller than a pipe: asking never waits for an answer that is not read.
        return Converse(() =>
        {
            long total = 0;
            int asked = 0;
            for (int i = 0; i < ids.Count; i++)
            {
                if (asked == i)
                {
                    asked = Math.Min(ids.Count, i + Ahead);
                    Ask(ids.Skip(i).Take(asked - i));
                }

                total += Receive(ids[i], "blob", receive);
            }

            return total;
        });
    }

    /// <exception cref="GitException">It is larger than <paramref name="bytesMax"/>.</exception>
    public byte[] ReadSmall(string id, string type, int bytesMax)
    {
        using MemoryStream content = new();
        Converse(() =>
        {
            Ask([id]);
            return Receive(id, type, piece =>
            {
                if (content.Length + piece.Length > bytesMax)
                    throw new GitException($"cannot read {type} {id} of {_git.Repository}: it has more than {bytesMax} bytes");
                content.Write(piece);
            });
        });
        return content.ToArray();
    }

    public IReadOnlyList<TreeEntry> ReadTree(string id)
    {
        ReadOnlySpan<byte> tree = ReadSmall(id, "tree", TreeBytesMax);
        List<TreeEntry> entries = [];
        while (!tree.IsEmpty)
        {
            int space = tree.IndexOf((byte)' ');
            int zero = tree.IndexOf((byte)0);
            if (space < 1 || zero < space || tree.Length < zero + 21)
                throw new GitException($"cannot read tree {id} of {_git.Repository}: it is damaged; see git fsck");

            int mode = 0;
            foreach (byte digit in tree[..space])
                mode = (mode << 3) + (digit - '0');
            entries.Add(new TreeEntry(mode, tree[(space + 1)..zero].ToArray(), Convert.ToHexStringLower(tree.Slice(zero + 1, 20))));
            tree = tree[(zero + 21)..];
        }

        return entries;
    }

    /// <summary>The tree of a commit.</summary>
    public string TreeOf(string commit)
    {
        string text = Encoding.UTF8.GetString(ReadSmall(commit, "commit", PieceBytes));
        return text.StartsWith("tree ", StringComparison.Ordinal) && text.Length > 45
            ? text[5..45]
            : throw new GitException($"cannot read commit {commit} of {_git.Repository}: it is damaged; see git fsck");
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    [MemberNotNull(nameof(_process), nameof(_errors), nameof(_input), nameof(_output))]
    private void Start()
    {
        _process = _git.Start("cat-file", "--batch");
        _errors = GitRunner.ReadLimited(_process.StandardError);
        _input = _process.StandardInput.BaseStream;
        _output = new BufferedStream(_process.StandardOutput.BaseStream, 128 * 1024);
    }

    /// <summary>After questions whose answers were not all read comes another git: what is left of them would be taken for the answer to the next question.</summary>
    private long Converse(Func<long> askAndReceive)
    {
        bool isComplete = false;
        try
        {
            long bytes = askAndReceive();
            isComplete = true;
            return bytes;
        }
        finally
        {
            if (!isComplete)
            {
                Dispose();
                Start();
            }
        }
    }

    private void Ask(IEnumerable<string> ids)
    {
        try
        {
            _input.Write(Encoding.ASCII.GetBytes(string.Concat(ids.Select(id => id + "\n"))));
            _input.Flush();
        }
        catch (IOException)
        {
            throw Failure();
        }
    }

    private long Receive(string id, string type, ContentReceiver receive)
    {
        string[] header = ReadLine().Split(' ');
        if (header.Length == 2)
            throw new GitException($"cannot read {type} {id} of {_git.Repository}: it is {header[1]}; see git fsck");
        if (header.Length != 3 || header[0] != id || header[1] != type || !long.TryParse(header[2], out long size))
            throw new GitException($"cannot read {type} {id} of {_git.Repository}: git answered \"{string.Join(' ', header)}\"");

        byte[] buffer = new byte[(int)Math.Min(PieceBytes, Math.Max(1, size))];
        for (long left = size; left > 0;)
        {
            int count = _output.Read(buffer, 0, (int)Math.Min(buffer.Length, left));
            if (count == 0)
                throw Failure();
            receive(buffer.AsSpan(0, count));
            left -= count;
        }

        _ = _output.ReadByte(); // The line end after the content.
        return size;
    }

    private string ReadLine()
    {
        StringBuilder line = new();
        while (_output.ReadByte() is var value and not '\n')
        {
            if (value < 0 || line.Length > 200)
                throw Failure();
            line.Append((char)value);
        }

        return line.ToString();
    }

    private GitException Failure()
    {
        if (!_process.WaitForExit(GitRunner.ShortTime))
            _process.Kill();
        _process.WaitForExit();
        return _git.Failure("cat-file", _process.ExitCode, _errors.GetAwaiter().GetResult());
    }
}
