using System.Diagnostics;
using System.Text;

namespace Init.Backup.Store;

/// <summary>
/// One commit, written through one <c>git fast-import</c>: only what differs from the parent is said. Until <see cref="Complete"/> has returned, nothing in the repository
/// has changed but for packs that nobody names; whoever is killed on the way leaves the branch as it was.
/// <para>Git compresses and hashes on one core. A commit with more than a little content has its blobs written by <see cref="PackWriter"/> instead; what is to be said to git
/// then waits in a file until they are in the store, for git looks each up that it is told to take.</para>
/// </summary>
public sealed class FastImport : IDisposable
{
    /// <summary>Bytes of content up to which git writes the blobs: below this, a second pack costs more than it saves.</summary>
    internal const int InlineBytesMax = 4 * 1024 * 1024;

    private const int BufferBytes = 256 * 1024;

    private static readonly TimeSpan EndTime = TimeSpan.FromMinutes(10);

    private readonly GitRunner _git;
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly BufferedStream _input;
    private readonly string _branch;
    private readonly string? _parent;
    private (byte[] Path, string Mode)? _begun;
    private long _contentLeft;
    private long _inlineBytes;
    private PackWriter? _packs;
    private FileStream? _waiting;

    /// <param name="parent">The last commit of the branch; null for the first.</param>
    /// <param name="message">UTF-8 text.</param>
    public FastImport(GitRunner git, string branch, string? parent, string author, string message, DateTimeOffset now)
    {
        _git = git;
        _branch = branch;
        _parent = parent;
        // No deltas: git would try each blob against the one before it, which is another file.
        _process = git.Start("fast-import", "--quiet", "--done", "--depth=0", "--date-format=raw");
        _errors = GitRunner.ReadLimited(_process.StandardError);
        _input = new BufferedStream(_process.StandardInput.BaseStream, BufferBytes);

        byte[] text = Encoding.UTF8.GetBytes(message);
        Write($"commit refs/heads/{branch}\nmark :1\ncommitter {author} {now.ToUnixTimeSeconds()} +0000\ndata {text.Length}\n");
        Write(text);
        Write(parent is null ? "\n" : $"\nfrom {parent}\n");
    }

    private string PackDirectory => BackupStore.PackDirectoryOf(_git);

    /// <param name="path">In the tree.</param>
    /// <param name="mode">"100644", "100755" or "120000".</param>
    public void Put(ReadOnlySpan<byte> path, string mode, ReadOnlySpan<byte> content)
    {
        if (content.Length <= PackWriter.PieceBytes && PacksFor(content.Length) is { } packs)
        {
            PutExisting(path, mode, packs.Put(content));
            return;
        }

        Begin(path, mode, content.Length);
        AddContent(content);
    }

    /// <summary>A blob that is already in the repository, or was put in this commit.</summary>
    public void PutExisting(ReadOnlySpan<byte> path, string mode, string blob)
    {
        Write($"M {mode} {blob} ");
        Write(Quote(path));
        Write("\n");
    }

    /// <summary>A blob in pieces: exactly <paramref name="length"/> bytes are to follow by <see cref="AddContent"/>.</summary>
    public void Begin(ReadOnlySpan<byte> path, string mode, long length)
    {
        _contentLeft = length;
        if (length > 0 && PacksFor(length) is { } packs)
        {
            _begun = (path.ToArray(), mode);
            packs.Begin(length);
            return;
        }

        _inlineBytes += length;
        Write($"M {mode} inline ");
        Write(Quote(path));
        Write($"\ndata {length}\n");
        if (length == 0)
            Write("\n");
    }

    public void AddContent(ReadOnlySpan<byte> content)
    {
        if (content.Length > _contentLeft)
            throw new ArgumentException("more content than was announced", nameof(content));
        if (content.IsEmpty)
            return;

        _contentLeft -= content.Length;
        if (_begun is var (path, mode))
        {
            _packs!.Append(content);
            if (_contentLeft == 0)
            {
                _begun = null;
                PutExisting(path, mode, _packs.End());
            }

            return;
        }

        Write(content);
        if (_contentLeft == 0)
            Write("\n");
    }

    /// <summary>A blob, or a whole directory. Nothing happens when there is none.</summary>
    public void Delete(ReadOnlySpan<byte> path)
    {
        Write("D ");
        Write(Quote(path));
        Write("\n");
    }

    /// <summary>The commit is in the repository, on disk, and the branch is at it.</summary>
    /// <returns>The commit.</returns>
    /// <exception cref="GitException">It is not; the branch is as it was.</exception>
    public string Complete()
    {
        Write("\nget-mark :1\ndone\n");
        _packs?.Publish(PackMarks.Make(_branch, _parent));
        try
        {
            if (_waiting is not null)
            {
                _waiting.Position = 0;
                _waiting.CopyTo(_input);
            }

            _input.Flush();
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            throw Failure(); // Git has gone; what it said is the reason, not our broken pipe.
        }

        var answer = _process.StandardOutput.ReadLineAsync();
        if (!answer.Wait(EndTime) || !_process.WaitForExit(EndTime))
            throw new GitException($"cannot complete the commit in {_git.Repository}: git fast-import did not end within {EndTime.TotalMinutes:0} min");
        string? commit = answer.Result;
        if (_process.ExitCode != 0 || commit is null)
            throw Failure();

        // Read back: fast-import warns and goes on when somebody else has moved the branch.
        string? at = _git.ReadRef($"refs/heads/{_branch}");
        if (at == commit)
            PackMarks.Settle(PackDirectory, _ => commit);
        return at == commit ? commit : throw new GitException($"cannot move branch {_branch} to {commit}: it is at {at ?? "nothing"}; is another backup writing to {_git.Repository}?");
    }

    public void Dispose()
    {
        _packs?.Dispose();
        _waiting?.Dispose();
        // Without "done" git takes nothing; with it, it has already ended.
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    /// <summary>In the manner of C: what is no plain ASCII goes as three octal digits.</summary>
    internal static byte[] Quote(ReadOnlySpan<byte> path)
    {
        List<byte> quoted = new(path.Length + 2) { (byte)'"' };
        foreach (byte value in path)
        {
            if (value is >= 0x20 and < 0x7F and not ((byte)'"' or (byte)'\\'))
                quoted.Add(value);
            else
                quoted.AddRange([(byte)'\\', (byte)('0' + (value >> 6)), (byte)('0' + ((value >> 3) & 7)), (byte)('0' + (value & 7))]);
        }

        quoted.Add((byte)'"');
        return [.. quoted];
    }

    private void Write(string text) => Write(Encoding.UTF8.GetBytes(text));

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (_waiting is not null)
        {
            WriteWaiting(bytes);
            return;
        }

        try
        {
            _input.Write(bytes);
        }
        catch (IOException)
        {
            throw Failure();
        }
    }

    private void WriteWaiting(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _waiting!.Write(bytes);
        }
        catch (IOException exception)
        {
            throw new GitException($"cannot write {_waiting!.Name}: {exception.Message}");
        }
    }

    /// <summary>Who writes a blob of this length; null: git.</summary>
    private PackWriter? PacksFor(long length)
    {
        if (_packs is not null || _inlineBytes + length <= InlineBytesMax)
            return _packs;

        _packs = new PackWriter(PackDirectory);
        _waiting = new FileStream(Path.Combine(PackDirectory, PackFile.TemporaryPrefix + "commands"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, BufferBytes, FileOptions.DeleteOnClose);
        return _packs;
    }

    private GitException Failure()
    {
        if (!_process.WaitForExit(GitRunner.ShortTime))
            _process.Kill();
        _process.WaitForExit();
        return _git.Failure("fast-import", _process.ExitCode, _errors.GetAwaiter().GetResult());
    }
}
