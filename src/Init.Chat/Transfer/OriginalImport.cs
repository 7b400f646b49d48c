using System.Collections.Immutable;
using Init.Chat.Store;

namespace Init.Chat.Transfer;

/// <param name="Directory">The original's USER_DATA_DIR.</param>
/// <param name="Overwrites">Branches that are there already are replaced. Otherwise they stay, so that a second import changes nothing.</param>
/// <param name="SubDirectory">The original's USER_DATA_SUB_DIR_NAME.</param>
public sealed record OriginalImportOptions(string Directory, bool Overwrites = false, string SubDirectory = OriginalImportOptions.SubDirectoryDefault)
{
    public const string SubDirectoryDefault = "ParallelData";
}

/// <param name="Users">That have something in the directory, each kind for itself.</param>
/// <param name="Imported">Branches.</param>
/// <param name="Kept">Branches that were there already and stayed as they were.</param>
/// <param name="Problems">What was left out and why, by path; at most <see cref="ProblemsMax"/>.</param>
/// <param name="ProblemCount">All of them.</param>
public sealed record OriginalImportResult(int Users, int Imported, int Kept, ImmutableArray<string> Problems, int ProblemCount)
{
    public const int ProblemsMax = 1000;
}

/// <summary>
/// Takes over what the original has stored: contexts, prompts and configurations, all branches, and which is the current one. Names stay as they are on the disk; what the original had made of others (<c>a/b</c>) cannot be told.
/// A file that cannot be used is left out and said. The directory is only read. The nickname file and the directory of presets are files here as well, and need no import.
/// </summary>
public sealed class OriginalImport
{
    /// <summary>Users at a time: their writes share transactions.</summary>
    private const int Parallel = 16;

    private readonly IChatStore _store;
    private readonly OriginalImportOptions _options;
    private readonly Lock _lock = new();
    private readonly ImmutableArray<string>.Builder _problems = ImmutableArray.CreateBuilder<string>();
    private int _users, _imported, _kept, _problemCount;

    private OriginalImport(IChatStore store, OriginalImportOptions options)
    {
        _store = store;
        _options = options;
    }

    /// <exception cref="DirectoryNotFoundException">The directory has nothing of the original.</exception>
    /// <exception cref="StoreException">What is imported by then stays; importing again goes on.</exception>
    public static async Task<OriginalImportResult> RunAsync(IChatStore store, OriginalImportOptions options, CancellationToken cancellation)
    {
        if (!OriginalLayout.Kinds.Any(kind => Directory.Exists(Path.Combine(options.Directory, OriginalLayout.FolderOf(kind)))))
        {
            string folders = string.Join(", ", OriginalLayout.Kinds.Select(OriginalLayout.FolderOf));
            throw new DirectoryNotFoundException($"cannot import {options.Directory}: none of {folders} is in it (name the directory that USER_DATA_DIR named)");
        }

        OriginalImport import = new(store, options);
        foreach (ItemKind kind in OriginalLayout.Kinds)
            await import.TakeKindAsync(kind, cancellation);
        return new OriginalImportResult(import._users, import._imported, import._kept, import._problems.ToImmutable(), import._problemCount);
    }

    private async Task TakeKindAsync(ItemKind kind, CancellationToken cancellation)
    {
        string folder = Path.Combine(_options.Directory, OriginalLayout.FolderOf(kind));
        if (!Directory.Exists(folder))
            return;

        ParallelOptions parallel = new() { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellation };
        await System.Threading.Tasks.Parallel.ForEachAsync(Entries(folder), parallel, async (path, stop) =>
        {
            if (Directory.Exists(path))
                await TakeUserAsync(kind, Path.GetFileName(path), path, stop);
            else
                Say(path, "is no directory of a user");
        });
    }

    private async Task TakeUserAsync(ItemKind kind, string user, string folder, CancellationToken cancellation)
    {
        bool isNew = (await _store.BranchesAsync(kind, user, cancellation)).IsEmpty;
        string branches = Path.Combine(folder, _options.SubDirectory), metadata = Path.Combine(folder, OriginalLayout.MetadataFile);
        if (Directory.Exists(branches))
        {
            foreach (string path in Entries(branches))
                await TryAsync(path, () => TakeBranchAsync(kind, user, path, cancellation));
        }

        // Whoever has something here already has chosen here as well, or wants none.
        if (File.Exists(metadata) && (isNew || _options.Overwrites))
            await TryAsync(metadata, () => _store.SelectBranchAsync(new ItemKey(kind, user, OriginalFile.CurrentBranch(OriginalFile.Read(metadata))), cancellation));
        foreach (string path in Entries(folder))
        {
            if (path != branches && path != metadata)
                Say(path, "is nothing that the original has there");
        }

        Interlocked.Increment(ref _users);
    }

    private async Task TakeBranchAsync(ItemKind kind, string user, string path, CancellationToken cancellation)
    {
        if (!path.EndsWith(OriginalLayout.BranchEnd, StringComparison.Ordinal) || Path.GetFileName(path) == OriginalLayout.BranchEnd)
            throw new OriginalFileException("is no branch: its name does not end in .json");

        ItemKey key = new(kind, user, Path.GetFileName(path)[..^OriginalLayout.BranchEnd.Length]);
        byte[] content = OriginalFile.Read(path);
        bool done = kind == ItemKind.Context ? await PutAsync(key, OriginalFile.Context(content), cancellation) : await PutAsync(key, OriginalFile.Document(kind, content), cancellation);
        Interlocked.Increment(ref done ? ref _imported : ref _kept);
    }

    private async Task<bool> PutAsync(ItemKey key, ImmutableArray<ChatMessage> messages, CancellationToken cancellation)
    {
        if (await _store.PutContextAsync(key.User, key.Branch, messages, expected: 0, cancellation))
            return true;
        if (!_options.Overwrites)
            return false;

        // A chat may be writing to it: once more until nobody was in between.
        while (!await _store.PutContextAsync(key.User, key.Branch, messages, (await _store.ContextAsync(key.User, key.Branch, cancellation)).Revision, cancellation))
            cancellation.ThrowIfCancellationRequested();
        return true;
    }

    private async Task<bool> PutAsync(ItemKey key, string document, CancellationToken cancellation)
    {
        if (!_options.Overwrites && await _store.DocumentAsync(key, cancellation) is not null)
            return false;
        await _store.PutDocumentAsync(key, document, cancellation);
        return true;
    }

    private async Task TryAsync(string path, Func<Task> take)
    {
        try
        {
            await take();
        }
        catch (OriginalFileException exception)
        {
            Say(path, exception.Message);
        }
    }

    private void Say(string path, string problem)
    {
        lock (_lock)
        {
            _problemCount++;
            if (_problems.Count < OriginalImportResult.ProblemsMax)
                _problems.Add($"{path}: {problem}");
        }
    }

    /// <summary>Everything, hidden names as well: a user may be called ".x".</summary>
    private static IEnumerable<string> Entries(string folder) => Directory.EnumerateFileSystemEntries(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None, MatchType = MatchType.Simple });
}
