using System.Runtime.CompilerServices;

namespace Init.Control.Tests;

/// <summary>
/// Approved texts in Golden/. When one differs, the new text is written beside it as NAME.received.txt; look at the difference and rename it
/// if the change is meant.
/// </summary>
internal static class Golden
{
    public static void Check(string name, string actual, [CallerFilePath] string here = "")
    {
        string approved = Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
        string received = Path.ChangeExtension(approved, ".received.txt");
        string expected = File.Exists(approved) ? File.ReadAllText(approved) : "";
        if (expected == actual)
        {
            File.Delete(received);
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(received)!);
        File.WriteAllText(received, actual);
        Assert.Equal(expected, actual);
    }
}
