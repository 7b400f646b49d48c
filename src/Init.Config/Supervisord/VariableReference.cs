namespace Init.Config.Supervisord;

/// <summary>
/// A variable's name where its value would stand. An import reads the file in an environment of such references, so that they come through splitting,
/// joining and quoting to where <c>${NAME}</c> is to be written. Private-use characters make them distinct from anything that a file has.
/// </summary>
internal static class VariableReference
{
    public const char Begin = '\uF8F0';
    public const char End = '\uF8F1';

    public static string Of(string name) => $"{Begin}{name}{End}";

    public static bool StartsWith(string text) => text is [Begin, ..];
}
