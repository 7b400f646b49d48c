namespace Init.Config.Reading;

/// <summary>What supervisord tells each of its children.</summary>
internal static class SupervisordVariables
{
    /// <param name="url">Where supervisord's clients find it; null or "" = nowhere.</param>
    public static IEnumerable<KeyValuePair<string, string>> For(string process, string group, string? url)
    {
        yield return new("SUPERVISOR_ENABLED", "1");
        if (!string.IsNullOrEmpty(url))
            yield return new("SUPERVISOR_SERVER_URL", url);

        yield return new("SUPERVISOR_PROCESS_NAME", process);
        yield return new("SUPERVISOR_GROUP_NAME", group);
    }
}
