using System.Globalization;

namespace Init.Routing.Matching;

/// <summary>
/// <c>init_app=webui.1a2b3c4d</c>: the application whose page was opened last, and which pages outside its prefix are its own, each by a hash of its path. Written by the
/// gateway, and by anybody who likes.
/// </summary>
internal readonly struct AppScopeCookie(string? scope, uint[] pages) : IEquatable<AppScopeCookie>
{
    public const string Name = "init_app";

    /// <summary>The page that was opened longest ago is forgotten.</summary>
    public const int PagesMax = 8;

    /// <summary>Null: no application.</summary>
    public string? Scope { get; } = scope;

    private readonly uint[]? _pages = pages;

    /// <summary>What the request brings; without a cookie, or with one that cannot be read, the default.</summary>
    public static AppScopeCookie Of(in RouteRequest request)
    {
        int headers = request.Headers.Count("Cookie");
        for (int i = 0; i < headers; i++)
        {
            ReadOnlySpan<char> cookies = request.Headers.Value("Cookie", i);
            foreach (Range range in cookies.Split(';'))
            {
                ReadOnlySpan<char> cookie = cookies[range].Trim();
                if (cookie.StartsWith(Name) && cookie.Length > Name.Length && cookie[Name.Length] == '=')
                    return Parse(cookie[(Name.Length + 1)..]);
            }
        }

        return default;
    }

    public bool HasPage(ReadOnlySpan<char> path) => _pages is not null && Array.IndexOf(_pages, Hash(path)) >= 0;

    public AppScopeCookie WithPage(ReadOnlySpan<char> path)
    {
        uint page = Hash(path);
        uint[] others = [.. (_pages ?? []).Where(other => other != page)];
        return HasPage(path) ? this : new AppScopeCookie(Scope, [.. others.TakeLast(PagesMax - 1), page]);
    }

    public string ToSetCookie(bool isSecure)
    {
        string value = Scope is null ? "" : string.Join('.', (_pages ?? []).Select(page => page.ToString("x8", CultureInfo.InvariantCulture)).Prepend(Scope));
        string life = Scope is null ? "; Max-Age=0" : "";
        return $"{Name}={value}; Path=/{life}; HttpOnly; {(isSecure ? "SameSite=None; Secure; Partitioned" : "SameSite=Lax")}";
    }

    public bool Equals(AppScopeCookie other) => Scope == other.Scope && (_pages ?? []).AsSpan().SequenceEqual(other._pages ?? []);

    public override bool Equals(object? obj) => obj is AppScopeCookie other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Scope, _pages?.Length ?? 0);

    private static AppScopeCookie Parse(ReadOnlySpan<char> value)
    {
        int dot = value.IndexOf('.');
        ReadOnlySpan<char> scope = dot < 0 ? value : value[..dot];
        if (scope.IsEmpty || scope.Length > 32)
            return default;

        List<uint> pages = [];
        if (dot >= 0)
        {
            ReadOnlySpan<char> rest = value[(dot + 1)..];
            foreach (Range range in rest.Split('.'))
            {
                if (pages.Count == PagesMax || !uint.TryParse(rest[range], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint page))
                    break;
                pages.Add(page);
            }
        }

        return new AppScopeCookie(scope.ToString(), [.. pages]);
    }

    /// <summary>FNV-1a. A collision only means that the wrong application is asked.</summary>
    private static uint Hash(ReadOnlySpan<char> path)
    {
        uint hash = 2166136261;
        foreach (char c in path)
            hash = (hash ^ c) * 16777619;
        return hash;
    }
}
