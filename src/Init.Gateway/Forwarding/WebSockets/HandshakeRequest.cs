using System.Net.Http.Headers;
using System.Text;

namespace Init.Gateway.Forwarding.WebSockets;

/// <summary>The handshake as it goes over the wire (RFC 6455, section 4.1).</summary>
internal static class HandshakeRequest
{
    /// <param name="request">Its headers, without those of the connection.</param>
    /// <param name="url">Where it goes; its path and query go as they are written.</param>
    /// <param name="protocol">What to upgrade to.</param>
    public static byte[] ToBytes(HttpRequestMessage request, Uri url, string protocol)
    {
        StringBuilder text = new(1024);
        text.Append("GET ").Append(url.PathAndQuery).Append(" HTTP/1.1\r\nHost: ").Append(request.Headers.Host ?? url.Authority).Append("\r\nConnection: Upgrade\r\nUpgrade: ").Append(protocol).Append("\r\n");
        foreach (KeyValuePair<string, HeaderStringValues> header in request.Headers.NonValidated)
        {
            if (header.Key.Equals("Host", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("Connection", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("Upgrade", StringComparison.OrdinalIgnoreCase))
                continue;

            foreach (string value in header.Value)
                text.Append(header.Key).Append(": ").Append(value).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
    }
}
