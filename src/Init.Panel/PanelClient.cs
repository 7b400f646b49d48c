using System.Net;

namespace Init.Panel;

/// <summary>Who sends a request, as far as the proxies in between can be believed: a feature of each request, set by the public server.</summary>
/// <param name="Address">Of the client; null on a unix socket.</param>
/// <param name="Scheme">"http" or "https", as the client has it.</param>
/// <param name="Host">What the client calls us, with its port.</param>
public sealed record PanelClient(IPAddress? Address, string Scheme, string Host);
