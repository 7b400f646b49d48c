namespace Init.Config.Reading;

/// <summary>What an instance is called, by us and by supervisord's clients.</summary>
/// <param name="Program">The table's name.</param>
/// <param name="Index">Of a replica; "" when there is one instance only.</param>
/// <param name="WrittenGroup">The key <c>group</c>; null when it is not there.</param>
/// <param name="WrittenProcess">The key <c>process_name</c>.</param>
internal sealed record SupervisordNames(string Program, string Index, string? WrittenGroup, string? WrittenProcess)
{
    public string Group => WrittenGroup ?? Program;

    public string Process => WrittenProcess ?? (Index.Length > 0 ? Index : Program);

    /// <summary>As supervisorctl shows it: the process, after its group where that is called otherwise.</summary>
    public string Instance => Group == Process ? Process : $"{Group}:{Process}";

    public static SupervisordNames Read(Section section, string program, string index) =>
        new(program, index, NameIn(section, "group"), NameIn(section, "process_name"));

    private static string? NameIn(Section section, string key)
    {
        if (section.NonEmptyString(key) is not { } text)
            return null;

        if (Supervisord.ProcessReader.ProblemOfName(text.Value) is not { } problem)
            return text.Value;

        section.Report(key, problem);
        return null;
    }
}
