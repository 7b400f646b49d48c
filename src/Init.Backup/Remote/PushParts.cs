using System.Diagnostics;
using System.Globalization;
using Init.Backup.Store;

namespace Init.Backup.Remote;

/// <summary>
/// Splits a push that is larger than a remote takes at once. The files' contents that it lacks are put, by size on disk, into commits that nobody needs otherwise
/// (<c>refs/init/parts/BRANCH/N</c>) and pushed first; the branch then brings the rest, and takes them away again in the same push. An interrupted push goes on behind the last part.
/// </summary>
internal sealed class PushParts(GitRunner git, string branch, long bytesMax, CancellationToken cancel)
{
    /// <summary>On one core git looks through some 20 MB a second.</summary>
    private const long DeltaBytesMax = 32 << 20;

    private readonly List<string> _names = [];
    private readonly List<string> _commits = [];

    /// <summary>The references that were made.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>
    /// Whether git is to look for what objects have in common: of a database that changes a quarter is left to be sent then. In a first push it would cost ten times what the transfer does, and files are
    /// seldom like one another. Known when <see cref="Make"/> has been walked.
    /// </summary>
    public bool LooksForDeltas { get; private set; } = true;

    public static string PatternOf(string branch) => $"refs/init/parts/{branch}/*";

    /// <summary>
    /// For git's GIT_SHALLOW_FILE; null when there are no parts. Git leaves out of a push what the remote has of commits that are no parents of the new ones only when it
    /// takes the repository for a shallow one (--objects-edge-aggressive). The parts have no parents, so that calling them cut off says nothing untrue.
    /// </summary>
    public string? ShallowFile
    {
        get
        {
            if (_commits.Count == 0)
                return null;
            string own = Path.Combine(git.Repository, "shallow");
            string path = Path.Combine(git.Repository, "shallow-for-parts");
            File.WriteAllLines(path, _commits.Concat(File.Exists(own) ? File.ReadLines(own) : []).Distinct());
            return path;
        }
    }

    /// <summary>What an interrupted push has left at the remote.</summary>
    public IEnumerable<string> LeftBy(IReadOnlyDictionary<string, string> remoteRefs) => remoteRefs.Keys.Where(name => name.StartsWith($"refs/init/parts/{branch}/", StringComparison.Ordinal));

    /// <summary>One reference after the other, each to be pushed before the next is made. None when everything fits into one push.</summary>
    /// <param name="remoteRefs">With their commits: what is reachable from them need not be sent.</param>
    public IEnumerable<string> Make(string commit, IReadOnlyDictionary<string, string> remoteRefs)
    {
        _commits.AddRange(LeftBy(remoteRefs).Select(name => remoteRefs[name]).Where(Has));
        string[] wanted = [commit, .. remoteRefs.Values.Distinct().Where(Has).Select(id => "^" + id)];
        string size = git.RunLong(TimeSpan.FromMinutes(10), cancel, ["rev-list", "--objects-edge-aggressive", "--disk-usage", .. wanted])!;
        long bytes = long.Parse(size[(size.LastIndexOf('\n') + 1)..], CultureInfo.InvariantCulture);
        LooksForDeltas = bytes <= DeltaBytesMax;
        if (bytes <= bytesMax)
            yield break;

        int number = LeftBy(remoteRefs).Select(name => int.TryParse(name[(name.LastIndexOf('/') + 1)..], out int last) ? last : 0).DefaultIfEmpty().Max();
        List<string>? before = null;
        foreach (List<string> group in Group(wanted))
        {
            if (before is not null)
            {
                var (name, part) = MakePart(before, ++number);
                yield return name;
                _commits.Add(part); // Now the remote has it.
            }

            before = group; // The last one stays for the push of the branch, with all the trees.
        }
    }

    /// <summary>Here as well.</summary>
    public void Remove()
    {
        string left = git.Run(GitRunner.ShortTime, [], "for-each-ref", "--format=delete %(refname)", $"refs/init/parts/{branch}/")!;
        if (left.Length > 0)
            git.RunWith(left + "\n", "update-ref", "--stdin");
        File.Delete(Path.Combine(git.Repository, "shallow-for-parts"));
    }

    private (string Name, string Commit) MakePart(List<string> blobs, int number)
    {
        string name = $"refs/init/parts/{branch}/{number}";
        string tree = git.RunWith(string.Concat(blobs.Select(blob => $"100644 blob {blob}\t{blob}\n")), "mktree");
        string part = git.RunWith($"tree {tree}\nauthor init <backup@init> 0 +0000\ncommitter init <backup@init> 0 +0000\n\npart of a push\n", "hash-object", "-t", "commit", "-w", "--stdin");
        git.Run(GitRunner.ShortTime, [], "update-ref", name, part);
        _names.Add(name);
        return (name, part);
    }

    /// <summary>The blobs to send, in groups of at most so many bytes; a blob that is larger by itself is one.</summary>
    private IEnumerable<List<string>> Group(string[] wanted)
    {
        using Process walk = git.Start(["rev-list", "--objects-edge-aggressive", "--no-object-names", .. wanted]);
        using Process sizes = git.Start("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize:disk)", "--buffer");
        walk.StandardInput.Close();
        var walkErrors = GitRunner.ReadLimited(walk.StandardError);
        var sizesErrors = GitRunner.ReadLimited(sizes.StandardError);
        Task feed = FeedAsync(walk, sizes);
        using CancellationTokenRegistration end = cancel.Register(walk.Kill); // Then the other one ends, too.
        try
        {
            List<string> group = [];
            long bytes = 0;
            while (sizes.StandardOutput.ReadLine() is { } line)
            {
                if (line.Split(' ') is not [var id, "blob", var text] || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long size))
                    continue;
                if (group.Count > 0 && bytes + size > bytesMax)
                {
                    yield return group;
                    group = [];
                    bytes = 0;
                }

                group.Add(id);
                bytes += size;
            }

            feed.GetAwaiter().GetResult();
            cancel.ThrowIfCancellationRequested();
            Require(walk, "rev-list", walkErrors);
            Require(sizes, "cat-file", sizesErrors);
            yield return group;
        }
        finally
        {
            End(walk);
            End(sizes);
        }
    }

    private static async Task FeedAsync(Process from, Process to)
    {
        try
        {
            await from.StandardOutput.BaseStream.CopyToAsync(to.StandardInput.BaseStream);
            to.StandardInput.Close();
        }
        catch (IOException)
        {
            // The reader has ended, and says why.
        }
    }

    private void Require(Process process, string command, Task<string> errors)
    {
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw git.Failure(command, process.ExitCode, errors.GetAwaiter().GetResult());
    }

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    private bool Has(string id) => git.Run(GitRunner.ShortTime, [1, 128], "cat-file", "-e", id) is not null;
}
