namespace Init.Linux.Tests;

/// <summary>Against a folder with files in the place of the cgroup file system: what is written where. Real control groups are writable almost nowhere.</summary>
public sealed class CgroupTreeTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cgroup-").FullName;

    public CgroupTreeTests()
    {
        Directory.CreateDirectory(Path.Combine(_root, "init"));
        File.WriteAllText(Path.Combine(_root, "init", "cgroup.procs"), "");
        File.WriteAllText(Path.Combine(_root, "cgroup.subtree_control"), "");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void TryOpen_WhenTheTreeIsWritable_MovesItselfAsideAndTurnsControllersOn()
    {
        CgroupTree? tree = CgroupTree.TryOpen(_root, ownPid: 42, out string? problem);

        Assert.NotNull(tree);
        Assert.Null(problem);
        Assert.Equal("42", File.ReadAllText(Path.Combine(_root, "init", "cgroup.procs")));
        Assert.Equal("+memory+cpu+pids", File.ReadAllText(Path.Combine(_root, "cgroup.subtree_control")));
    }

    [Fact]
    public void TryOpen_WhenTheTreeCannotBeWritten_SaysWhy()
    {
        CgroupTree? tree = CgroupTree.TryOpen(Path.Combine(_root, "missing"), ownPid: 42, out string? problem);

        Assert.Null(tree);
        Assert.Equal($"cannot make control groups in {_root}/missing: No such file or directory (errno 2)", problem);
    }

    [Fact]
    public void Prepare_WhenLimitsAreGiven_WritesThemAndNamesTheEntrance()
    {
        CgroupTree tree = CgroupTree.TryOpen(_root, ownPid: 42, out _)!;
        string group = MakeGroup("program-web");

        string? entrance = tree.Prepare("web", new CgroupLimits(MemoryBytes: 1 << 20, Cpus: 1.5, Processes: null), out string? problem);

        Assert.Null(problem);
        Assert.Equal(Path.Combine(group, "cgroup.procs"), entrance);
        Assert.Equal("1048576", File.ReadAllText(Path.Combine(group, "memory.max")));
        Assert.Equal("150000 100000", File.ReadAllText(Path.Combine(group, "cpu.max")));
        Assert.Equal("max", File.ReadAllText(Path.Combine(group, "pids.max")));
    }

    [Fact]
    public void Prepare_WhenOneControllerIsMissing_SaysSoAndTheGroupCanBeUsed()
    {
        CgroupTree tree = CgroupTree.TryOpen(_root, ownPid: 42, out _)!;
        string group = MakeGroup("program-web");
        File.Delete(Path.Combine(group, "cpu.max"));

        string? entrance = tree.Prepare("web", new CgroupLimits(null, Cpus: 2, null), out string? problem);

        Assert.NotNull(entrance);
        Assert.Equal($"cannot set {group}/cpu.max to 200000 100000: No such file or directory (errno 2)", problem);
    }

    private string MakeGroup(string name)
    {
        string group = Path.Combine(_root, name);
        Directory.CreateDirectory(group);
        foreach (string file in (string[])["memory.max", "pids.max", "cpu.max"])
            File.WriteAllText(Path.Combine(group, file), "");
        return group;
    }
}
