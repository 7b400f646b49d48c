using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Init.Panel.SignIn;

/// <summary><c>/tokens</c>: what programs and scripts sign in with.</summary>
internal sealed class TokensApi(PanelAccess access, TimeProvider clock)
{
    /// <summary>So that one that has leaked is found by whoever looks for it.</summary>
    private const string Prefix = "init_";

    private const int NameLengthMax = 64;

    public void Map(IEndpointRouteBuilder routes, string root)
    {
        routes.MapGet(root + "/tokens", ListAsync);
        routes.MapPost(root + "/tokens", CreateAsync);
        routes.MapDelete(root + "/tokens/{id}", RemoveAsync);
    }

    private Task ListAsync(HttpContext context)
    {
        TokenList list = new([.. access.ListTokens().Select(entry => new TokenInfo(entry.Token.Id, entry.Token.Name, entry.Token.CreatedAt, entry.LastUsedAt))]);
        return PanelReply.JsonAsync(context, list, SignInJson.Default.TokenList);
    }

    private async Task CreateAsync(HttpContext context)
    {
        if (await PanelReply.ReadAsync(context, SignInJson.Default.TokenBody, "{\"name\":\"…\"}") is not { } body)
            return;

        if (!IsName(body.Name))
        {
            await PanelReply.ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, "bad_name", $"a name has 1 to {NameLengthMax} characters, all of them printable, and no space at either end");
            return;
        }

        string value = Prefix + SecretId.MakeUp();
        TokenRecord token = new(body.Name, SecretId.DigestOf(value), clock.GetUtcNow().ToUnixTimeMilliseconds());
        switch (await access.AddTokenAsync(token))
        {
            case TokenResult.Refused(var detail):
                await PanelReply.ProblemAsync(context, StatusCodes.Status409Conflict, "bad_name", detail);
                return;
            case TokenResult.NotSaved(var problem):
                await PanelReply.ProblemAsync(context, StatusCodes.Status507InsufficientStorage, "not_saved", problem);
                return;
            default:
                await PanelReply.JsonAsync(context, new NewToken(token.Id, token.Name, value), SignInJson.Default.NewToken, StatusCodes.Status201Created);
                return;
        }
    }

    private async Task RemoveAsync(HttpContext context)
    {
        string id = Convert.ToString(context.Request.RouteValues["id"], CultureInfo.InvariantCulture) ?? "";
        if (!access.ListTokens().Any(entry => entry.Token.Id == id))
            await PanelReply.ProblemAsync(context, StatusCodes.Status404NotFound, "unknown_token", "there is no such token");
        else if (await access.RemoveTokenAsync(id) is { } problem)
            await PanelReply.ProblemAsync(context, StatusCodes.Status507InsufficientStorage, "not_saved", problem);
        else
            context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    /// <summary>It ends up in logs and in the history.</summary>
    private static bool IsName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name.Trim().Length == name.Length
        && name.EnumerateRunes().All(rune => rune != Rune.ReplacementChar && !Rune.IsControl(rune) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse));
}
