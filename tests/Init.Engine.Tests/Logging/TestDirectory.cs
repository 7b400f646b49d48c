namespace Init.Engine.Tests.Logging;

/// <summary>A directory of its own for one test, gone afterwards.</summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("init-log-test-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>NAME.n … NAME.1, NAME: oldest first.</summary>
    public string[] Rotated(string name)
    {
        List<string> files = [this[name]];
        for (int number = 1; File.Exists(this[$"{name}.{number}"]); number++)
            files.Insert(0, this[$"{name}.{number}"]);
        return [.. files];
    }

    public byte[] ReadRotated(string name) => [.. Rotated(name).SelectMany(File.ReadAllBytes)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
