using System.Text;
using Init.Backup.Manifest;
using Init.Backup.Store;

namespace Init.Backup.Large;

/// <summary>Which large files the history names: what <see cref="ILargeFiles.Prune"/> must leave.</summary>
public static class LargeReferences
{
    private const int IdLength = 40;

    /// <summary>
    /// Of every manifest in every commit of every ref of the store. The caller has fetched all refs of the remote: a branch that is only there names files, too. Commits of the
    /// original have no manifest, and name none of the assets that are deleted.
    /// </summary>
    /// <returns>SHA-256 of whole files. Null when nobody can know: the store was fetched without its history, or a manifest cannot be read. Then nothing may be deleted.</returns>
    /// <exception cref="GitException">The store cannot be read.</exception>
    public static IReadOnlySet<string>? InHistory(GitRunner git, CancellationToken cancel)
    {
        if (git.Run(GitRunner.ShortTime, [], "rev-parse", "--is-shallow-repository") != "false")
            return null;

        HashSet<string> hashes = [];
        using CatFile objects = new(git);
        foreach (string part in PartsOf(git, cancel))
        {
            cancel.ThrowIfCancellationRequested();
            string text = Encoding.UTF8.GetString(objects.ReadSmall(part, "blob", ManifestWriter.PartBytesMax + ManifestWriter.LineBytesMax));
            foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (ManifestEntry.Parse(line, out _) is not { } entry)
                    return null;
                if (entry.Storage == Storage.Pointer)
                    hashes.Add(entry.Sha256);
            }
        }

        return hashes;
    }

    /// <summary>The parts of all manifests, each once. Below their own directory, so that no file of the same content gives one another name.</summary>
    private static HashSet<string> PartsOf(GitRunner git, CancellationToken cancel)
    {
        string directory = Encoding.ASCII.GetString(ManifestPaths.Directory);
        string head = Encoding.ASCII.GetString(ManifestPaths.Head);
        using var process = git.Start("rev-list", "--objects", "--full-history", "--all", "--", directory);
        try
        {
            process.StandardInput.Close();
            var errors = GitRunner.ReadLimited(process.StandardError);
            HashSet<string> parts = [];
            while (process.StandardOutput.ReadLine() is { } line)
            {
                cancel.ThrowIfCancellationRequested();
                if (line.Length > IdLength + 1 && line.AsSpan(IdLength + 1).StartsWith(directory + "/") && !line.EndsWith(head, StringComparison.Ordinal))
                    parts.Add(line[..IdLength]);
            }

            process.WaitForExit();
            return process.ExitCode == 0 ? parts : throw git.Failure("rev-list", process.ExitCode, errors.GetAwaiter().GetResult());
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
