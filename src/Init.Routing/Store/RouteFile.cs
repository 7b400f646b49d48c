using System.Collections.Immutable;
using Init.Linux;
using Init.Routing.Json;
using Init.Routing.Rules;

namespace Init.Routing.Store;

/// <summary>What was found at the start. A class, not a record: nothing prints the password by accident.</summary>
/// <param name="state">Always usable.</param>
/// <param name="notes">For people: what was wrong with the file, and what was done about it.</param>
/// <param name="adminPassword">In plain text, from a file of the original; to be stored hashed and not kept.</param>
/// <param name="isSaved">The file has this state, in our form.</param>
public sealed class LoadedRoutes(RouteState state, ImmutableArray<string> notes, string? adminPassword, bool isSaved)
{
    public RouteState State { get; } = state;

    public ImmutableArray<string> Notes { get; } = notes;

    public string? AdminPassword { get; } = adminPassword;

    public bool IsSaved { get; } = isSaved;
}

/// <summary>The state on disk. A kill at any moment leaves the state before the write or the one after it.</summary>
public static class RouteFile
{
    /// <summary>Never fails: what cannot be used is set aside, and the default rules are taken.</summary>
    /// <param name="path">Of the file; it may also be an admin_config.json of the original, which is taken over, and kept as "….original".</param>
    /// <param name="now">Wall-clock time, for the name of a file that is set aside.</param>
    /// <param name="defaultBackend">What a new file has, and no rule; null: the default rules.</param>
    public static LoadedRoutes Load(string path, DateTimeOffset now, string? defaultBackend = null)
    {
        byte[]? content = StateFiles.Read(path, RuleLimits.DocumentBytesMax, out string? reason);
        if (content is null && reason is null)
            return Fresh(defaultBackend);
        if (content is null)
            return Default(path, reason!, now);
        return Read(path, content, out string? problem) ?? Default(path, problem!, now);
    }

    /// <summary>The file while other rules are in force: somebody else has changed it. One that cannot be used is left where it is.</summary>
    /// <param name="path">As of <see cref="Load"/>.</param>
    /// <param name="problem">Why it cannot be used; null when it can, or when there is none.</param>
    public static LoadedRoutes? LoadAgain(string path, out string? problem)
    {
        byte[]? content = StateFiles.Read(path, RuleLimits.DocumentBytesMax, out problem);
        return content is null ? null : Read(path, content, out problem);
    }

    /// <summary>Written beside, synchronised, renamed.</summary>
    /// <returns>Null when it is on disk; otherwise why not, for people. The file is as before then.</returns>
    public static string? Save(string path, RouteState state)
    {
        byte[] content = RouteStateJson.ToUtf8(state);
        if (content.Length > RuleLimits.DocumentBytesMax)
            return $"cannot write {path}: the rules have {content.Length} bytes (use fewer; {RuleLimits.DocumentBytesMax} is the limit)";

        int errno = StateFiles.Write(path, content, 0x180 /* 0600 */);
        return errno == 0 ? null : $"cannot write {path}: {Errno.Describe(errno)}";
    }

    private static LoadedRoutes Fresh(string? defaultBackend)
    {
        if (defaultBackend is null)
            return new LoadedRoutes(RouteState.Fresh, [], null, isSaved: false);

        return BackendUrl.TryParse(defaultBackend, out _) is { } problem
            ? new LoadedRoutes(RouteState.Fresh, [$"cannot use the default backend {defaultBackend}: {problem.Message} ({problem.Remedy}); the default rules are used"], null, isSaved: false)
            : new LoadedRoutes(new RouteState(new RouteConfiguration(defaultBackend, []), 1, []), [], null, isSaved: false);
    }

    private static LoadedRoutes Default(string path, string reason, DateTimeOffset now) =>
        new(RouteState.Fresh, [StateFiles.SetAside(path, reason, now) + "; the default rules are used"], null, isSaved: false);

    private static LoadedRoutes? Read(string path, byte[] content, out string? problem)
    {
        if (!RouteStateJson.IsOurs(content))
            return Original(path, content, out problem);

        var (state, problems) = RouteStateJson.Read(content);
        problem = state is null ? problems[0].ToString() : null;
        return state is null
            ? null
            : new LoadedRoutes(state, [.. problems.Take(1).Select(trouble => $"cannot use the history in {path}: {trouble}; the rules are as they were")], null, isSaved: problems.IsEmpty);
    }

    private static LoadedRoutes? Original(string path, byte[] content, out string? problem)
    {
        var (import, problems) = OriginalConfig.Read(content);
        problem = import is null ? problems[0].ToString() : null;
        if (import is null)
            return null;

        // Without the password, which is not to lie about in plain text.
        string copy = path + ".original";
        int errno = Files.StatusOf(copy, followLink: false) is null ? Files.Replace(copy, import.WithoutPassword, 0x180 /* 0600 */) : 0;
        string kept = errno == 0 ? $"it is kept as {copy}, without its password" : $"it cannot be kept: {Errno.Describe(errno)}";
        return new LoadedRoutes(
            new RouteState(import.Configuration, 1, []),
            [$"took over {path}: {import.Configuration.Rules.Length} rules; {kept}", .. import.Notes.Select(note => $"{path}: {note}")],
            import.AdminPassword,
            isSaved: false);
    }
}
