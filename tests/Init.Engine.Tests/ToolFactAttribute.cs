namespace Init.Engine.Tests;

/// <summary>A test that needs programs which not every machine has; it says so where it is skipped.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ToolFactAttribute : FactAttribute
{
    private bool _rootOnly;

    public ToolFactAttribute(params string[] tools)
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        string[] missing = [.. tools.Where(tool => !path.Any(directory => File.Exists(Path.Combine(directory, tool))))];
        if (missing.Length > 0)
            Skip = $"needs {string.Join(", ", missing)}";
    }

    public bool RootOnly
    {
        get => _rootOnly;
        set
        {
            _rootOnly = value;
            if (value && Environment.UserName != "root")
                Skip = "needs root";
        }
    }
}
