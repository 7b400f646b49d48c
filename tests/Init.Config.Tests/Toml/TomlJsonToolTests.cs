using System.Text;
using System.Text.Json;
using Init.Base;
using Init.Config.Toml;
using Init.TomlJson;

namespace Init.Config.Tests.Toml;

public sealed class TomlJsonToolTests
{
    [Fact]
    public void Tool_OnValidInput_WritesTaggedJsonAndExits0()
    {
        (int exitCode, string output, string error) = Run("a = 1\n[t]\nb = [1.5, 'x\"', 1979-05-27T07:32:00.5-08:30, inf]\nc = true\n"u8.ToArray());

        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Equal("", error);
        using JsonDocument json = JsonDocument.Parse(output);
        Assert.Equal(
            """{"a":{"type":"integer","value":"1"},"t":{"b":[{"type":"float","value":"1.5"},{"type":"string","value":"x\u0022"},{"type":"datetime","value":"1979-05-27T07:32:00.5-08:30"},{"type":"float","value":"inf"}],"c":{"type":"bool","value":"true"}}}""",
            JsonSerializer.Serialize(json.RootElement));
    }

    [Fact]
    public void Tool_OnInvalidInput_PrintsTheProblemsAndExits1()
    {
        (int exitCode, string output, string error) = Run("a = x\nb = y\n"u8.ToArray());

        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.Equal("", output);
        Assert.Equal(
            "stdin:1:5: a: \"x\" is not a value (text needs quotes: \"x\")\nstdin:2:5: b: \"y\" is not a value (text needs quotes: \"y\")\n",
            error);
    }

    [Fact]
    public void Tool_OnTooMuchInput_SaysSoAndExits1()
    {
        (int exitCode, _, string error) = Run(new byte[TomlReader.BytesMax + 1]);

        Assert.Equal(ExitCode.Failure, exitCode);
        Assert.Equal("cannot read stdin: it has more than 16777216 bytes\n", error);
    }

    [Fact]
    public void Tool_OnDeepestNesting_WritesItAll()
    {
        // Arrays of tables take two levels for each part of the name: the deepest that can be read.
        string name = string.Join('.', Enumerable.Repeat("a", TomlReader.DepthMax));
        string text = string.Concat(Enumerable.Range(1, TomlReader.DepthMax).Select(parts => $"[[{name[..((2 * parts) - 1)]}]]\n"));

        (int exitCode, string output, string error) = Run(Encoding.UTF8.GetBytes(text));

        Assert.Equal("", error);
        Assert.Equal(ExitCode.Success, exitCode);
        Assert.Equal(TomlReader.DepthMax, output.Split("\"a\"").Length - 1);
    }

    private static (int ExitCode, string Output, string Error) Run(byte[] input)
    {
        using MemoryStream output = new();
        using StringWriter error = new() { NewLine = "\n" };
        int exitCode = Tool.Run(new MemoryStream(input), output, error);
        return (exitCode, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
