using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.SignIn;

/// <summary>
/// The two cookies of the panel: who has signed in, and in which browser somebody has done so before. Over https their names begin with "__Host-", which no page of a
/// neighbouring host, and nobody on the way of an unencrypted request, can set (RFC 6265bis, section 4.1.3).
/// </summary>
public static class SignInCookies
{
    private const string Session = "init_session", Device = "init_device", HostPrefix = "__Host-";

    /// <summary>OWASP: Slow Down Online Guessing Attacks with Device Cookies.</summary>
    private static readonly TimeSpan DeviceLifetime = TimeSpan.FromDays(365);

    private const int DeviceIdBytes = 12;

    /// <summary>All that must not reach a program behind the gateway.</summary>
    public static IReadOnlyList<string> Names { get; } = [Session, Device, HostPrefix + Session, HostPrefix + Device];

    internal static string? SessionOf(HttpRequest request, PanelClient client) => request.Cookies[NameOf(Session, client)];

    internal static void KeepSession(HttpResponse response, PanelClient client, string value, TimeSpan lifetime) => Set(response, client, Session, value, lifetime);

    internal static void DropSession(HttpResponse response, PanelClient client) => Set(response, client, Session, "", TimeSpan.Zero);

    /// <summary>The lane of this browser; null when it has none that counts.</summary>
    internal static string? DeviceOf(HttpRequest request, PanelClient client, AdminRecord record)
    {
        if (request.Cookies[NameOf(Device, client)]?.Split('.') is not [var id, var signature] || id.Length > 64 || signature.Length > 64)
            return null;

        byte[] claimed = new byte[64];
        bool isText = Base64Url.TryDecodeFromChars(signature, claimed, out int length);
        return isText && CryptographicOperations.FixedTimeEquals(claimed.AsSpan(0, length), SignatureOf(id, record)) ? id : null;
    }

    internal static void KeepDevice(HttpResponse response, PanelClient client, AdminRecord record)
    {
        string id = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(DeviceIdBytes));
        Set(response, client, Device, $"{id}.{Base64Url.EncodeToString(SignatureOf(id, record))}", DeviceLifetime);
    }

    private static byte[] SignatureOf(string id, AdminRecord record) => record.Sign("device " + id);

    private static string NameOf(string name, PanelClient client) => client.Scheme == "https" ? HostPrefix + name : name;

    /// <summary>None of the values needs quoting. In the frame of another site's page (Hugging Face's) only SameSite=None comes back, and only over https.</summary>
    private static void Set(HttpResponse response, PanelClient client, string name, string value, TimeSpan lifetime)
    {
        string age = ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        string sameSite = client.Scheme == "https" ? "Secure; SameSite=None; Partitioned" : "SameSite=Lax";
        response.Headers.Append("Set-Cookie", $"{NameOf(name, client)}={value}; Path=/; Max-Age={age}; HttpOnly; {sameSite}");
    }
}
