using System.Collections.Immutable;
using Init.Chat.Keys;
using Microsoft.AspNetCore.Http;

namespace Init.Chat.Http;

/// <summary>Answers a request.</summary>
public delegate Task ChatHandler(ChatCall call);

/// <summary>A request on its way through an endpoint.</summary>
/// <param name="context">Of the request.</param>
/// <param name="services">What it works with.</param>
/// <param name="door">By which it has come in.</param>
/// <param name="values">What the path says for the names of the route.</param>
public sealed class ChatCall(HttpContext context, ChatServices services, ChatDoor door, ImmutableDictionary<string, string> values)
{
    public HttpContext Context => context;

    public ChatServices Services => services;

    public ChatDoor Door => door;

    /// <summary>Set when the client has gone.</summary>
    public CancellationToken Gone => context.RequestAborted;

    /// <summary>Of the path; the route has it.</summary>
    public string User => Value("user");

    /// <summary>What the API key allows; null: none was needed, and everything may be done.</summary>
    public KeyGrant? Key { get; set; }

    /// <summary>Of the API key; null: none was needed.</summary>
    public string? KeyId => Key?.Id;

    public bool MayActFor(string user) => Key?.AllowsUser(user) ?? true;

    /// <exception cref="RefusedException">The key is not for this user.</exception>
    public void CheckUser(string user)
    {
        if (!MayActFor(user))
            throw new RefusedException(StatusCodes.Status403Forbidden, "the API key is not for this user") { Code = "user_not_allowed" };
    }

    public string Value(string name) => values[name];

    public string? ValueOrNull(string name) => values.GetValueOrDefault(name);
}
