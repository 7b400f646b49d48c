using Init.Base;
using Init.Config.Toml;

namespace Init.TomlJson;

/// <summary>
/// A decoder as the public test suite wants it (https://github.com/toml-lang/toml-test): TOML on stdin, tagged JSON on stdout and exit
/// code 0; or the problems on stderr and exit code 1.
/// </summary>
public static class Tool
{
    public static int Run(Stream input, Stream output, TextWriter error)
    {
        using MemoryStream bytes = new();
        if (!TryCopy(input, bytes, TomlReader.BytesMax))
        {
            error.WriteLine($"cannot read stdin: it has more than {TomlReader.BytesMax} bytes");
            return ExitCode.Failure;
        }

        List<ConfigProblem> problems = [];
        TomlTable? table = TomlReader.Read(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), "stdin", problems);
        foreach (ConfigProblem problem in problems)
            error.WriteLine(problem.ToString());

        if (table is null || problems.Count > 0)
            return ExitCode.Failure;

        TaggedJson.Write(table, output);
        return ExitCode.Success;
    }

    private static bool TryCopy(Stream from, MemoryStream to, int bytesMax)
    {
        byte[] buffer = new byte[64 * 1024];
        while (from.Read(buffer) is var count and > 0)
        {
            if (to.Length + count > bytesMax)
                return false;

            to.Write(buffer, 0, count);
        }

        return true;
    }
}
