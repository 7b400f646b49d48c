using Init.Control;
using Init.XmlRpc;

namespace Init.Admin.XmlRpc;

/// <summary>supervisord's names: "group:process", "group:*" or "group:" for the whole group, and one word for a process called as its group.</summary>
/// <param name="Given">As the caller wrote it; faults repeat it.</param>
/// <param name="Group">May be empty, and is then no group's.</param>
/// <param name="Process">Null: all of the group.</param>
internal readonly record struct ProcessName(string Given, string Group, string? Process)
{
    public static ProcessName Parse(string name)
    {
        int colon = name.IndexOf(':');
        if (colon < 0)
            return new ProcessName(name, name, name);

        string process = name[(colon + 1)..];
        return new ProcessName(name, name[..colon], process is "" or "*" ? null : process);
    }

    /// <summary>What the control protocol calls it.</summary>
    public string Instance => Process is null ? $"{Group}:*" : Group == Process ? Group : $"{Group}:{Process}";

    /// <summary>Groups of a supervisor.toml stand for the programs in them.</summary>
    public bool Matches(ProgramStatus status) => Process is null
        ? status.Group == Group || status.Groups.Contains(Group)
        : (status.Group == Group && status.Process == Process) || (Given.Contains(':') && status.Groups.Contains(Group) && status.Name == Process);

    /// <summary>The control protocol takes no name that is empty, too long or of control characters, and nothing is called so.</summary>
    public bool CanBeAsked => Instance.Length is > 0 and <= ControlProtocol.NameLengthMax && !Instance.Any(char.IsControl);

    public RpcFaultException Unknown() => new(FaultCode.BadName, Given);
}
