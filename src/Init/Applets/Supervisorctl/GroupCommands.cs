using Init.XmlRpc;

namespace Init.Applets.Supervisorctl;

/// <summary>The commands about the configuration and its groups: avail, reread, add, remove, update.</summary>
internal sealed class GroupCommands(CtlShell shell)
{
    public void Available(string arguments)
    {
        if (!shell.TakesNothing("avail", arguments))
            return;

        try
        {
            foreach (XmlRpcValue.Struct info in shell.Server.Structs("getAllConfigInfo"))
            {
                string name = Namespec.Make(info.Text("group"), info.Text("name"));
                shell.Say($"{name,-32} {(info.IsTrue("inuse") ? "in use" : "avail"),-9} {(info.IsTrue("autostart") ? "auto" : "manual"),-9} {info.Text("group_prio")}:{info.Text("process_prio")}");
            }
        }
        catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
        {
            shell.Refuse("ERROR: supervisor shutting down");
        }
    }

    public void Reread(string arguments)
    {
        if (!shell.TakesNothing("reread", arguments))
            return;

        try
        {
            var (added, changed, removed) = shell.Server.ReloadConfig();
            SortedDictionary<string, string> changes = new(StringComparer.Ordinal);
            foreach (string name in added)
                changes[name] = "available";
            foreach (string name in changed)
                changes[name] = "changed";
            foreach (string name in removed)
                changes[name] = "disappeared";
            foreach (var (name, change) in changes)
                shell.Say($"{name}: {change}");
            if (changes.Count == 0)
                shell.Say("No config updates to processes");
        }
        catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
        {
            shell.Refuse("ERROR: supervisor shutting down");
        }
        catch (FaultException fault) when (fault.Code == FaultCode.CantReread)
        {
            shell.Refuse($"ERROR: {fault.Text}");
        }
    }

    public void Add(string arguments)
    {
        foreach (string name in ProcessCommands.Words(arguments))
        {
            try
            {
                shell.Server.Do("addProcessGroup", XmlRpcValue.Of(name));
                shell.Say($"{name}: added process group");
            }
            catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
            {
                shell.Refuse("ERROR: shutting down");
            }
            catch (FaultException fault) when (fault.Code == FaultCode.AlreadyAdded)
            {
                // Which is what was asked for.
                shell.Say("ERROR: process group already active");
            }
            catch (FaultException fault) when (fault.Code == FaultCode.BadName)
            {
                shell.Refuse($"ERROR: no such process/group: {name}");
            }
        }
    }

    public void Remove(string arguments)
    {
        foreach (string name in ProcessCommands.Words(arguments))
        {
            try
            {
                shell.Server.Do("removeProcessGroup", XmlRpcValue.Of(name));
                shell.Say($"{name}: removed process group");
            }
            catch (FaultException fault) when (fault.Code == FaultCode.StillRunning)
            {
                shell.Refuse($"ERROR: process/group still running: {name}");
            }
            catch (FaultException fault) when (fault.Code == FaultCode.BadName)
            {
                shell.Refuse($"ERROR: no such process/group: {name}");
            }
        }
    }

    public void Update(string arguments)
    {
        IReadOnlyList<string> added, changed, removed;
        try
        {
            (added, changed, removed) = shell.Server.ReloadConfig();
        }
        catch (FaultException fault) when (fault.Code == FaultCode.ShutdownState)
        {
            shell.Refuse("ERROR: already shutting down");
            return;
        }

        // No names are all of them.
        string[] names = ProcessCommands.Words(arguments);
        HashSet<string> wanted = names.Contains("all") ? [] : [.. names];
        bool IsWanted(string group) => wanted.Count == 0 || wanted.Contains(group);

        if (wanted.Count > 0)
            RefuseUnknown(wanted, added);
        foreach (string group in removed.Where(IsWanted))
            RemoveStopped(group);

        foreach (string group in changed.Where(IsWanted))
        {
            shell.Server.Results("stopProcessGroup", XmlRpcValue.Of(group));
            shell.Say($"{group}: stopped");
            shell.Server.Do("removeProcessGroup", XmlRpcValue.Of(group));
            shell.Server.Do("addProcessGroup", XmlRpcValue.Of(group));
            shell.Say($"{group}: updated process group");
        }

        foreach (string group in added.Where(IsWanted))
        {
            shell.Server.Do("addProcessGroup", XmlRpcValue.Of(group));
            shell.Say($"{group}: added process group");
        }
    }

    private void RefuseUnknown(HashSet<string> wanted, IReadOnlyList<string> added)
    {
        HashSet<string> known = [.. shell.Server.Structs("getAllProcessInfo").Select(info => info.Text("group")), .. added];
        foreach (string name in wanted)
        {
            if (!known.Contains(name))
                shell.Refuse($"ERROR: no such group: {name}");
        }
    }

    private void RemoveStopped(string group)
    {
        IReadOnlyList<CallResult> results = shell.Server.Results("stopProcessGroup", XmlRpcValue.Of(group));
        shell.Say($"{group}: stopped");
        if (results.Any(result => result.Status == FaultCode.Failed))
        {
            shell.Refuse($"{group}: has problems; not removing");
            return;
        }

        shell.Server.Do("removeProcessGroup", XmlRpcValue.Of(group));
        shell.Say($"{group}: removed process group");
    }
}
