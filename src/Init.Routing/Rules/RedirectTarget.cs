using System.Text;

namespace Init.Routing.Rules;

/// <summary>Where a redirect leads. A stranger's part of it never becomes the host.</summary>
public static class RedirectTarget
{
    /// <returns>What is wrong with the target of a rule; null when nothing is.</returns>
    public static (string Message, string Remedy)? Problem(string target)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.Length == 0)
            return ("is empty", "write a path such as \"/new\", or a URL");
        if (target.Any(c => c is <= ' ' or >= '\x7f' or '\\' or '"' or '<' or '>'))
            return ("has characters that a URL cannot have", "percent-encode them");
        if (target[0] == '/')
            return target.StartsWith("//", StringComparison.Ordinal) ? ("\"//\" leads to another host", "write one slash, or the URL with its scheme") : null;

        return IsUrl(target) && Uri.TryCreate(target, UriKind.Absolute, out Uri? parsed) && parsed.Host.Length > 0 && parsed.UserInfo.Length == 0
            ? null
            : ("is neither a path nor an http(s) URL", "begin with \"/\", \"http://\" or \"https://\"");
    }

    /// <param name="to">The rule's target, or its prefix; valid by <see cref="Problem"/>.</param>
    /// <param name="remainder">What of the request's raw path comes behind it, from a stranger; empty for a fixed target.</param>
    /// <param name="query">The request's, with its "?", or empty. It is kept, behind the query that the target may have.</param>
    public static string Build(string to, ReadOnlySpan<char> remainder, ReadOnlySpan<char> query)
    {
        ArgumentNullException.ThrowIfNull(to);
        int hash = remainder.IsEmpty ? to.IndexOf('#') : -1;
        string fragment = hash < 0 ? "" : to[hash..];
        StringBuilder target = new(hash < 0 ? to : to[..hash]);
        if (!remainder.IsEmpty)
        {
            // https://example.com + .evil.org would be another host.
            if (IsUrl(to) && to.IndexOf('/', to.IndexOf("//", StringComparison.Ordinal) + 2) < 0 && remainder[0] != '/')
                target.Append('/');
            AppendSafe(target, remainder);
        }

        if (!IsUrl(to))
            CollapseLeadingSlashes(target);
        if (query.Length > 1)
        {
            target.Append(to.Contains('?') ? '&' : '?');
            AppendSafe(target, query[1..]);
        }

        return target.Append(fragment).ToString();
    }

    private static bool IsUrl(string target) =>
        target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase);

    /// <summary>"//evil.org" and "/\evil.org" are hosts to a browser.</summary>
    private static void CollapseLeadingSlashes(StringBuilder target)
    {
        int count = 0;
        while (count < target.Length && target[count] is '/' or '\\')
            count++;
        if (count > 1)
            target.Remove(0, count - 1);
        target[0] = '/';
    }

    /// <summary>What could end a header line or is no part of a URL is percent-encoded.</summary>
    private static void AppendSafe(StringBuilder target, ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c is > ' ' and < '\x7f' and not ('\\' or '"' or '<' or '>'))
                target.Append(c);
            else
                target.Append(Uri.HexEscape((char)(c & 0xFF)));
        }
    }
}
