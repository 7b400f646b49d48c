using Init.Config;
using Init.Linux;

namespace Init.Engine.Children;

/// <summary>The limits that only control groups can hold. Where they cannot be had, that is said once and the programs run without.</summary>
public sealed class ProgramCgroups(Action<string> say)
{
    private CgroupTree? _tree;
    private bool _opened;

    /// <summary>The file by which a process of this instance enters its group; null when it needs none, or none can be had.</summary>
    public string? EntranceOf(string instance, ResourceLimits limits)
    {
        if (!limits.NeedsCgroup)
            return null;

        if (!_opened)
        {
            _opened = true;
            _tree = CgroupTree.TryOpen(out string? problem);
            if (problem is not null)
                say(_tree is null ? $"{problem}; limits of memory, cpu and processes do not hold" : $"{problem}; the limits of these do not hold");
        }

        if (_tree is null)
            return null;

        string? entrance = _tree.Prepare(instance, new CgroupLimits(limits.Memory?.Bytes, limits.Cpu, limits.Processes), out string? failure);
        if (failure is not null)
            say($"program \"{instance}\": {failure}");
        return entrance;
    }
}
