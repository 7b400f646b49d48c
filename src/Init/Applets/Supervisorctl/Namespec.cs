namespace Init.Applets.Supervisorctl;

/// <summary>How supervisor names processes: "group:process", or one word when both have the same name.</summary>
internal static class Namespec
{
    /// <summary>No process stands for "group:" and "group:*".</summary>
    public static (string Group, string? Process) Split(string name)
    {
        int colon = name.IndexOf(':');
        if (colon < 0)
            return (name, name);

        string process = name[(colon + 1)..];
        return (name[..colon], process is "" or "*" ? null : process);
    }

    // "None" is what supervisor's client prints where it has no process.
    public static string Make(string group, string? process) => group == process ? group : $"{group}:{process ?? "None"}";
}
