using System.Collections.Immutable;

namespace Init.Config.Reading;

/// <summary>Reads <c>[gateway.panel]</c>.</summary>
internal static class PanelReader
{
    private const int FrameAncestorsMax = 32;

    private static readonly TimeSpan SessionMin = TimeSpan.FromMinutes(5), SessionMax = TimeSpan.FromDays(365);

    /// <param name="section">The table; null when there is none, which stands for one without keys.</param>
    /// <param name="stateDirectory">Where the password is kept when nothing says otherwise.</param>
    /// <param name="givenPassword">What the environment says.</param>
    /// <returns>Null: the panel is switched off.</returns>
    public static PanelSettings? Read(Section? section, string stateDirectory, string? givenPassword)
    {
        PanelSettings settings = new(Path.Combine(stateDirectory, "gateway", "admin.json")) { GivenPassword = string.IsNullOrEmpty(givenPassword) ? null : givenPassword };
        if (section is null)
            return settings;

        bool isEnabled = section.Boolean("enabled", otherwise: true);
        settings = settings with
        {
            StoreFile = section.Path("store") ?? settings.StoreFile,
            SessionLifetime = section.Duration("session", SessionMin, SessionMax) ?? settings.SessionLifetime,
            FrameAncestors = ReadOrigins(section) ?? settings.FrameAncestors,
        };
        section.Finish();
        return isEnabled ? settings : null;
    }

    /// <summary>They go into a header (Content-Security-Policy), where a space or a semicolon would begin something else.</summary>
    private static ImmutableArray<string>? ReadOrigins(Section section)
    {
        if (!section.Has("frame_ancestors"))
            return null;

        ImmutableArray<string>.Builder origins = ImmutableArray.CreateBuilder<string>();
        foreach (Text text in section.Strings("frame_ancestors"))
        {
            if (!IsOrigin(text.Value))
                section.Context.Problems.Add(text.At, text.Key, $"{text.Quoted} is no origin", "write a scheme and a host, and a port if there is one: \"https://huggingface.co\", \"http://localhost:8080\"");
            else if (origins.Count == FrameAncestorsMax)
                section.Context.Problems.Add(text.At, text.Key, "is one too many", $"at most {FrameAncestorsMax} are taken");
            else
                origins.Add(text.Value);
        }

        return origins.ToImmutable();
    }

    /// <summary>What a browser would call the page's origin, letter by letter: no path, no user, no wildcard.</summary>
    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase)
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is ':' or '/' or '.' or '-' or '[' or ']');
}
