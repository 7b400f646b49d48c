using Init.Panel.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.Chat;

/// <summary>The chat's role over HTTP, in front of one that says what the test wants.</summary>
public sealed class ChatApiTests
{
    private const string Root = "/admin/api/v1/chat";

    [Theory]
    [InlineData("GET", "/status")]
    [InlineData("GET", "/providers")]
    [InlineData("POST", "/test")]
    [InlineData("GET", "/keys")]
    [InlineData("POST", "/keys")]
    [InlineData("PUT", "/keys/a")]
    [InlineData("DELETE", "/keys/a")]
    [InlineData("GET", "/usage")]
    [InlineData("GET", "/users")]
    [InlineData("GET", "/tasks")]
    [InlineData("DELETE", "/tasks/a")]
    [InlineData("GET", "/calls")]
    public async Task Stranger_GetsNothing(string method, string path)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        await using FakeChat role = new(panel.ChatSocket, _ => (200, "{}"));

        PanelUnderTest.Answer answer = await panel.SendAsync(method, Root + path, method is "POST" or "PUT" ? "{}" : null);

        Assert.Equal((401, "not_signed_in"), (answer.Status, answer.Code));
        Assert.Empty(role.Requests);
    }

    [Theory]
    [InlineData("POST", "/test", "{}")]
    [InlineData("POST", "/keys", "{}")]
    [InlineData("PUT", "/keys/a", "{}")]
    [InlineData("DELETE", "/keys/a", null)]
    [InlineData("DELETE", "/tasks/a", null)]
    public async Task ForeignPage_IsRefused(string method, string path, string? body)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeChat role = new(panel.ChatSocket, _ => (200, "{}"));

        PanelUnderTest.Answer answer = await panel.SendAsync(method, Root + path, body, context => context.Request.Headers["Sec-Fetch-Site"] = "cross-site");

        Assert.Equal((403, "foreign_page"), (answer.Status, answer.Code));
        Assert.Empty(role.Requests);
    }

    [Fact]
    public async Task Status_SaysWhetherTheRoleAnswers()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        PanelUnderTest.Answer without = await panel.SendAsync("GET", Root + "/status");
        await using FakeChat role = new(panel.ChatSocket, _ => (200, "ok"));
        PanelUnderTest.Answer with = await panel.SendAsync("GET", Root + "/status");

        Assert.Equal("""{"running":false,"program":"chat"}""", without.Body);
        Assert.Equal("""{"running":true,"program":"chat"}""", with.Body);
    }

    [Fact]
    public async Task Requests_ArePassedOnWithWhatBelongsToThem()
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeChat role = new(panel.ChatSocket, request => (request.StartsWith("POST", StringComparison.Ordinal) ? 201 : 200, """{"x":1}"""));

        PanelUnderTest.Answer usage = await panel.SendAsync("GET", Root + "/usage?by=day&since=2026-11-01&evil=1&user=%2F..%26a");
        PanelUnderTest.Answer made = await panel.SendAsync("POST", Root + "/keys", """{"name":"ä"}""");
        await panel.SendAsync("DELETE", Root + "/keys/a_B-1", adjust: ByThePanel);
        await panel.SendAsync("GET", Root + "/calls?follow=1&limit=5");

        Assert.Equal((200, """{"x":1}"""), (usage.Status, usage.Body));
        Assert.Equal(201, made.Status);
        Assert.Equal(
            ["GET /manage/usage?since=2026-11-01&by=day&user=%2F..%26a ", """POST /manage/keys {"name":"ä"}""", "DELETE /manage/keys/a_B-1 ", "GET /manage/calls?limit=5 "],
            role.Requests);
    }

    [Theory]
    [InlineData("/keys/..")]
    [InlineData("/keys/%2e%2e")]
    [InlineData("/keys/a b")]
    [InlineData("/tasks/a%2Fb")]
    public async Task Ids_ThatAreNone_DoNotReachTheRole(string path)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeChat role = new(panel.ChatSocket, _ => (200, "{}"));

        PanelUnderTest.Answer answer = await panel.SendAsync("DELETE", Root + path, adjust: ByThePanel);

        Assert.Equal(404, answer.Status);
        Assert.Empty(role.Requests);
    }

    [Theory]
    [InlineData(400, 400, "bad_request", "name: is missing")]
    [InlineData(404, 404, "not_found", "there is no key with this id")]
    [InlineData(409, 409, "conflict", "it has been revoked")]
    [InlineData(429, 429, "busy", "too many")]
    [InlineData(401, 503, "no_answer", "no")]
    [InlineData(500, 503, "no_answer", "a fault")]
    public async Task Refusals_AreProblemsWithTheReason(int status, int answered, string code, string detail)
    {
        await using PanelUnderTest panel = await SignedInAsync();
        await using FakeChat role = new(panel.ChatSocket, _ => (status, $$"""{"detail":"{{detail}}"}"""));

        PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + "/keys");

        Assert.Equal((answered, code, detail), (answer.Status, answer.Code, answer.Json.GetProperty("detail").GetString()));
    }

    [Fact]
    public async Task Requests_WithoutARole_Are503()
    {
        await using PanelUnderTest panel = await SignedInAsync();

        foreach (string path in new[] { "/providers", "/keys", "/usage", "/users", "/tasks", "/calls" })
        {
            PanelUnderTest.Answer answer = await panel.SendAsync("GET", Root + path);
            Assert.Equal((503, "no_chat"), (answer.Status, answer.Code));
        }
    }

    /// <summary>Without a body it is the header that says so.</summary>
    private static void ByThePanel(DefaultHttpContext context) => context.Request.Headers.XRequestedWith = "init-panel";

    private static async Task<PanelUnderTest> SignedInAsync()
    {
        PanelUnderTest panel = PanelUnderTest.Start();
        Assert.Equal(200, (await panel.SignInAsync()).Status);
        return panel;
    }
}
