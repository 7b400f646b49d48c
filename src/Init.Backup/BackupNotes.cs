using Init.Backup.Names;

namespace Init.Backup;

public enum NoteKind
{
    /// <summary>A socket, FIFO or device: it has no content.</summary>
    Special,

    /// <summary>It could not be read; what the last backup has of it stays.</summary>
    Unreadable,

    /// <summary>It changed at every attempt to read it; what the last backup has of it stays.</summary>
    Changing,

    /// <summary>A large file could not be stored outside of the repository; what the last backup has of it stays, and the next backup tries again.</summary>
    NotStored,

    /// <summary>Another file system is mounted here, and is not entered.</summary>
    MountPoint,

    /// <summary>Its path is longer or deeper than can be backed up.</summary>
    TooDeep,

    /// <summary>It says that it is an SQLite database and is none; it is backed up as it is.</summary>
    NotADatabase,

    /// <summary>A target that is not there.</summary>
    TargetMissing,

    /// <summary>A target that is gone as a whole, or empty, although the last backup has files in it; what that has stays.</summary>
    TargetVanished,

    /// <summary>A file of this name was there and differed; it is kept under another name.</summary>
    KeptAside,

    /// <summary>It could not be restored: what is in the store is not what was backed up, or there is no room. The next attempt begins with it.</summary>
    NotRestored,

    /// <summary>A restored database does not pass its own check.</summary>
    DatabaseDamaged,

    /// <summary>The original of this backup did not store it: there is nothing to restore.</summary>
    NotInBackup,

    /// <summary>Somebody has changed it in the repository by hand.</summary>
    Edited,

    /// <summary>It was a link into the original's repository, and is a file or directory of its own now.</summary>
    Migrated,

    /// <summary>Owner or mode could not be set.</summary>
    NotPermitted,
}

public static class NoteKinds
{
    /// <summary>Whether every attempt says it again for as long as it is so: not being said any more means that it is over.</summary>
    public static bool IsRepeated(this NoteKind kind) => kind is NoteKind.Special or NoteKind.Unreadable or NoteKind.Changing or NoteKind.NotStored or NoteKind.MountPoint or NoteKind.TooDeep
        or NoteKind.TargetMissing or NoteKind.TargetVanished or NoteKind.NotRestored;
}

public sealed record BackupNote(NoteKind Kind, BytePath Path, string Text)
{
    public override string ToString() => $"{Path}: {Text}";
}

/// <summary>What people should hear of, each once; of very many the first, and how many there were. Added to by several threads, read when they are done.</summary>
public sealed class BackupNotes
{
    private readonly Lock _gate = new();
    private readonly List<BackupNote> _kept = [];

    public IReadOnlyList<BackupNote> Kept => _kept;

    public long Total { get; private set; }

    public void Add(NoteKind kind, BytePath path, string text)
    {
        lock (_gate)
        {
            Total++;
            if (_kept.Count < BackupLimits.NotesMax)
                _kept.Add(new BackupNote(kind, path, text));
        }
    }
}
