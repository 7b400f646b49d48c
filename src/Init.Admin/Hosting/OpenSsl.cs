using System.Runtime.InteropServices;

namespace Init.Admin.Hosting;

/// <summary>
/// Whether the framework's cryptography can be used: it loads libssl at run time, and ends the process where there is none. Small images have none, so it is looked for before anything
/// is asked of it.
/// </summary>
public static class OpenSsl
{
    /// <summary>Those that .NET takes, the newest first.</summary>
    private static readonly string[] Names = ["libssl.so.3", "libssl.so.1.1", "libssl.so.1.0.2", "libssl.so.1.0.0", "libssl.so"];

    private static readonly Lazy<bool> Found = new(() => Names.Any(name => NativeLibrary.TryLoad(name, out _)));

    public const string Remedy = "install OpenSSL's library (Debian: apt-get install libssl3)";

    public static bool IsThere => Found.Value;
}
