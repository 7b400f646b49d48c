using System.Text;
using Init.Linux;

namespace Init;

/// <summary>Lines to our own stdout and stderr. The Console class would bring terminal handling, encodings and a thread, which PID 1 has no use for.</summary>
internal static class Terminal
{
    public static void Say(string text) => Write(1, text);

    /// <summary>"init: TEXT" on stderr.</summary>
    public static void Complain(string text) => Write(2, $"init: {text}");

    // Whoever has closed our stdout or lets it run full does not want to hear it.
    private static void Write(int fd, string text) => _ = Files.WriteAll(fd, Encoding.UTF8.GetBytes(text + "\n"));
}
