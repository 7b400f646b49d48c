using System.Text;
using Init.Linux;

namespace Init.Backup.Service;

/// <summary>Files that somebody who was killed has left in the state directory: half a proof, a snapshot of a database, what the panel had restored for a download.</summary>
internal static class Leftovers
{
    /// <summary>For the start of a role: nobody else has any business there.</summary>
    public static void Sweep(BackupSettings settings)
    {
        Remove(settings.ProofPath);
        string kept = Path.GetFileName(settings.FetchedPath);
        InDirectory(settings.ScratchPath, directory =>
        {
            foreach (byte[] name in FilesAt.List(directory, out _))
            {
                if (!name.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(kept)))
                    FilesAt.RemoveTree(directory, name);
            }
        });
    }

    /// <summary>With all that is in it, whatever its name; what cannot be removed stays.</summary>
    /// <param name="path">Absolute.</param>
    public static void Remove(string path) => InDirectory(Path.GetDirectoryName(path)!, parent => FilesAt.RemoveTree(parent, Encoding.UTF8.GetBytes(Path.GetFileName(path))));

    private static void InDirectory(string path, Action<int> work)
    {
        OpenResult opened = FilesAt.OpenDirectory(FilesAt.WorkingDirectory, Encoding.UTF8.GetBytes(path));
        if (!opened.Succeeded)
            return; // Then there is nothing in it, either.

        try
        {
            work(opened.Fd);
        }
        finally
        {
            Files.Close(opened.Fd);
        }
    }
}
