namespace Init.Chat.Rendering.Browser;

/// <summary>Which fonts there are, by the names of their files: fontconfig's own list is another program, which need not be installed.</summary>
internal static class Fonts
{
    private static readonly string[] Directories = ["/usr/share/fonts", "/usr/local/share/fonts"];

    private static readonly (string Package, string[] Signs)[] Wanted =
    [
        ("fonts-noto-cjk", ["cjk", "wqy", "sourcehan", "droidsansfallback", "notosanssc", "simsun", "msyh", "pingfang", "lxgw", "arphic", "uming", "ukai"]),
        ("fonts-noto-color-emoji", ["emoji"]),
        ("fonts-dejavu-extra", ["mathtexgyre", "stix", "latinmodern-math", "latinmodernmath", "notosansmath", "xitsmath", "firamath", "texgyretermes-math", "libertinusmath"]),
    ];

    /// <summary>Debian's packages that would bring what is missing: Chinese, Japanese and Korean; emoji in colour; mathematics.</summary>
    public static IEnumerable<string> Missing()
    {
        EnumerationOptions all = new() { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 6 };
        string[] files = [.. Directories.Where(Directory.Exists).SelectMany(directory => Directory.EnumerateFiles(directory, "*", all)).Select(file => Path.GetFileName(file).ToLowerInvariant())];
        return Wanted.Where(font => !files.Any(file => font.Signs.Any(file.Contains))).Select(font => font.Package);
    }
}
