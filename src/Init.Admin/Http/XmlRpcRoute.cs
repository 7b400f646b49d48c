using Init.Admin.XmlRpc;
using Microsoft.AspNetCore.Http;

namespace Init.Admin.Http;

/// <summary><c>POST /RPC2</c>: the HTTP half of XML-RPC.</summary>
internal sealed class XmlRpcRoute(IXmlRpcEndpoint endpoint)
{
    public async Task AnswerAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        XmlRpcReply reply = await endpoint.AnswerAsync(body.GetBuffer().AsMemory(0, (int)body.Length), context.RequestAborted);
        if (reply.StatusCode == StatusCodes.Status200OK)
            await TextReply.WriteAsync(context, "text/xml", reply.Body);
        else
            context.Response.StatusCode = reply.StatusCode;
    }
}
