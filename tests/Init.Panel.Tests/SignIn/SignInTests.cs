using System.Text.RegularExpressions;
using Init.Panel.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.SignIn;

/// <summary>The sign-in over HTTP, through the whole pipeline.</summary>
public sealed class SignInTests
{
    private const string Session = "/admin/api/v1/session", Api = "/admin/api/v1";

    [Fact]
    public async Task EveryRoute_WithoutASignIn_SaysNothing()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        Assert.True(panel.Routes.Count > 25, $"only {panel.Routes.Count} routes were found");

        foreach (var (method, pattern) in panel.Routes.Append(("GET", Api + "/nothing")).Append(("OPTIONS", Api + "/programs")).Append(("GET", Api + "/SESSION")))
        {
            string path = Regex.Replace(pattern, "{[^}]*}", "x", RegexOptions.NonBacktracking);
            foreach (string body in new[] { "{}", "" })
            {
                PanelUnderTest.Answer answer = await panel.SendAsync(method, path, body.Length == 0 ? null : body);
                if (path == Session)
                    Assert.DoesNotContain("1.2.3", answer.Body);
                else if (path.StartsWith(Api, StringComparison.Ordinal))
                    Assert.Equal((401, "not_signed_in"), (answer.Status, answer.Code));
                else
                    Assert.Equal((403, "{\"error\":\"forbidden\"}\n"), (answer.Status, answer.Body));
                Assert.Equal("no-store", answer.Headers.CacheControl);
                Assert.Equal("nosniff", answer.Headers.XContentTypeOptions);
                Assert.Equal("no-referrer", answer.Headers["Referrer-Policy"]);
            }
        }
    }

    [Fact]
    public async Task SignIn_OverHttps_SetsCookiesThatWorkInAForeignFrameAndNowhereElse()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();

        PanelUnderTest.Answer answer = await panel.SignInAsync();

        Assert.Equal(200, answer.Status);
        Assert.True(answer.Json.GetProperty("signed_in").GetBoolean());
        Assert.Equal(panel.Clock.GetUtcNow().AddDays(7).ToUnixTimeMilliseconds(), answer.Json.GetProperty("expires_at").GetInt64());
        Assert.Equal("1.2.3", answer.Json.GetProperty("version").GetString());
        Assert.Collection(
            answer.SetCookies,
            cookie => Assert.Matches("^__Host-init_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; Secure; SameSite=None; Partitioned$", cookie),
            cookie => Assert.Matches("^__Host-init_device=[A-Za-z0-9_.-]+; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=None; Partitioned$", cookie));
        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions")).Status);
        Assert.DoesNotContain(panel.Cookies["__Host-init_session"], File.ReadAllText(Path.Combine(panel.Directory, "admin-sessions.json")));
    }

    [Fact]
    public async Task SignIn_OverHttp_SetsAnotherCookieWhichHttpsDoesNotTake()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();

        PanelUnderTest.Answer answer = await panel.SignInAsync(adjust: OverHttp);

        Assert.Matches("^init_session=[A-Za-z0-9_-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax$", answer.SetCookies[0]);
        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions", adjust: OverHttp)).Status);
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);

        static void OverHttp(DefaultHttpContext context) => context.Features.Set(context.Features.Get<PanelClient>()! with { Scheme = "http" });
    }

    [Fact]
    public async Task SignIn_WithAWrongPassword_IsRefusedAndSlowedDown()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();

        PanelUnderTest.Answer wrong = await panel.SignInAsync("wrong horse");
        PanelUnderTest.Answer right = await panel.SignInAsync();
        panel.Clock.Advance(TimeSpan.FromSeconds(1));
        PanelUnderTest.Answer later = await panel.SignInAsync();

        Assert.Equal((401, "wrong_password"), (wrong.Status, wrong.Code));
        Assert.Empty(wrong.SetCookies);
        Assert.Equal((429, "too_many_attempts", "1"), (right.Status, right.Code, right.Headers.RetryAfter.ToString()));
        Assert.Equal(200, later.Status);
        Assert.DoesNotContain(panel.Log.Lines, line => line.Contains("horse", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Owner_WithHisDevice_IsNotKeptOutByAStrangerAtHisAddress()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();
        string device = panel.Cookies["__Host-init_device"];
        panel.Cookies.Clear();
        _ = await panel.SignInAsync("wrong horse");
        Assert.Equal(429, (await panel.SignInAsync()).Status);

        panel.Cookies["__Host-init_device"] = device[..^2] + "AA";
        Assert.Equal(429, (await panel.SignInAsync()).Status);
        panel.Cookies["__Host-init_device"] = device;
        Assert.Equal(200, (await panel.SignInAsync()).Status);
    }

    [Fact]
    public async Task Sessions_WhenNobodyComes_EndAndWhenSomebodyComesGoOn()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();

        panel.Clock.Advance(TimeSpan.FromDays(6));
        PanelUnderTest.Answer seen = await panel.SendAsync("GET", Session);
        Assert.Contains("Max-Age=604800", Assert.Single(seen.SetCookies));
        Assert.Empty((await panel.SendAsync("GET", Session)).SetCookies);
        panel.Clock.Advance(TimeSpan.FromDays(6));
        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions")).Status);
        panel.Clock.Advance(TimeSpan.FromDays(7));
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);
    }

    [Fact]
    public async Task Sessions_AfterARestart_AreThereStill()
    {
        await using PanelUnderTest first = PanelUnderTest.Start();
        _ = await first.SignInAsync();

        await using PanelUnderTest second = PanelUnderTest.Start(before: first);
        second.Cookies["__Host-init_session"] = first.Cookies["__Host-init_session"];

        Assert.Equal(200, (await second.SendAsync("GET", Api + "/sessions")).Status);
    }

    [Fact]
    public async Task Sessions_BeyondTheirNumber_TakeThePlaceOfTheOldest()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();
        string first = panel.Cookies["__Host-init_session"];
        for (int i = 0; i < 100; i++)
        {
            panel.Clock.Advance(TimeSpan.FromSeconds(1));
            _ = panel.Cookies.Remove("__Host-init_session");
            Assert.Equal(200, (await panel.SignInAsync()).Status);
        }

        Assert.Equal(100, (await panel.SendAsync("GET", Api + "/sessions")).Json.GetProperty("sessions").GetArrayLength());
        panel.Cookies["__Host-init_session"] = first;
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);
    }

    [Fact]
    public async Task SignOut_EndsTheSessionAndDropsTheCookie()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();
        string cookie = panel.Cookies["__Host-init_session"];

        PanelUnderTest.Answer answer = await panel.SendAsync("DELETE", Session, adjust: AsPanel);

        Assert.Equal(204, answer.Status);
        Assert.Matches("^__Host-init_session=; Path=/; Max-Age=0; ", Assert.Single(answer.SetCookies));
        panel.Cookies["__Host-init_session"] = cookie;
        Assert.False((await panel.SendAsync("GET", Session)).Json.GetProperty("signed_in").GetBoolean());
    }

    [Fact]
    public async Task Sessions_OfOthers_CanBeSeenAndEnded()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync(adjust: context => context.Request.Headers.UserAgent = "Old/1");
        string old = panel.Cookies["__Host-init_session"];
        _ = panel.Cookies.Remove("__Host-init_session");
        panel.Clock.Advance(TimeSpan.FromMinutes(5));
        _ = await panel.SignInAsync();

        PanelUnderTest.Answer list = await panel.SendAsync("GET", Api + "/sessions");
        var other = list.Json.GetProperty("sessions")[1];
        Assert.Equal(("Old/1", "192.0.2.7", false), (other.GetProperty("user_agent").GetString(), other.GetProperty("address").GetString(), other.GetProperty("current").GetBoolean()));
        Assert.True(list.Json.GetProperty("sessions")[0].GetProperty("current").GetBoolean());

        Assert.Equal(204, (await panel.SendAsync("DELETE", Api + "/sessions/" + other.GetProperty("id").GetString(), adjust: AsPanel)).Status);
        Assert.Equal(404, (await panel.SendAsync("DELETE", Api + "/sessions/" + other.GetProperty("id").GetString(), adjust: AsPanel)).Status);
        Assert.Equal(1, (await panel.SendAsync("GET", Api + "/sessions")).Json.GetProperty("sessions").GetArrayLength());
        panel.Cookies["__Host-init_session"] = old;
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);
    }

    [Theory]
    [InlineData("Origin", "https://evil.example", 403)]
    [InlineData("Origin", "null", 403)]
    [InlineData("Origin", "https://inner:7860", 403)]
    [InlineData("Origin", "https://bots.example", 204)]
    [InlineData("Sec-Fetch-Site", "cross-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-site", 403)]
    [InlineData("Sec-Fetch-Site", "same-origin", 204)]
    [InlineData("X-Nothing", "", 204)]
    public async Task UnsafeRequests_ByCookie_ComeFromOurOwnPageOnly(string header, string value, int status)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();

        PanelUnderTest.Answer answer = await panel.SendAsync("DELETE", Api + "/sessions", adjust: context =>
        {
            AsPanel(context);
            context.Request.Headers[header] = value;
        });

        Assert.Equal(status, answer.Status);
    }

    [Fact]
    public async Task UnsafeRequests_AsAFormCouldSendThem_AreRefused()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        PanelUnderTest.Answer signIn = await panel.SignInAsync(adjust: context => context.Request.ContentType = "text/plain");
        Assert.Equal((415, "not_meant"), (signIn.Status, signIn.Code));
        _ = await panel.SignInAsync();

        Assert.Equal(415, (await panel.SendAsync("POST", Api + "/tokens", "{\"name\":\"x\"}", context => context.Request.ContentType = "text/plain")).Status);
        Assert.Equal(201, (await panel.SendAsync("POST", Api + "/tokens", "{\"name\":\"x\"}")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"password\":null}")]
    [InlineData("{\"password\":7}")]
    public async Task SignIn_WithABodyThatIsNone_IsABadRequestAndNoAttempt(string body)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();

        Assert.Equal((400, "bad_request"), await panel.SendAsync("POST", Session, body) is var answer ? (answer.Status, answer.Code) : default);
        Assert.Equal(200, (await panel.SignInAsync()).Status);
    }

    [Fact]
    public async Task Tokens_AreShownOnceAndLetPeopleInUntilTheyAreTakenAway()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();

        PanelUnderTest.Answer created = await panel.SendAsync("POST", Api + "/tokens", "{\"name\":\"部署 deploy\"}");
        string token = created.Json.GetProperty("token").GetString()!, id = created.Json.GetProperty("id").GetString()!;
        Assert.Equal(201, created.Status);
        Assert.Matches("^init_[A-Za-z0-9_-]{43}$", token);
        Assert.DoesNotContain(token, File.ReadAllText(panel.StorePath));
        Assert.Equal(409, (await panel.SendAsync("POST", Api + "/tokens", "{\"name\":\"部署 deploy\"}")).Status);
        Assert.DoesNotContain(token, (await panel.SendAsync("GET", Api + "/tokens")).Body);
        Assert.Contains("\"last_used_at\":null", (await panel.SendAsync("GET", Api + "/tokens")).Body);

        panel.Cookies.Clear();
        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/tokens", adjust: WithToken)).Status);
        await using (PanelUnderTest restarted = PanelUnderTest.Start(before: panel))
        {
            PanelUnderTest.Answer list = await restarted.SendAsync("GET", Api + "/tokens", adjust: WithToken);
            Assert.Equal(panel.Clock.GetUtcNow().ToUnixTimeMilliseconds(), list.Json.GetProperty("tokens")[0].GetProperty("last_used_at").GetInt64());
        }

        Assert.Equal(204, (await panel.SendAsync("DELETE", $"{Api}/tokens/{id}", adjust: WithToken)).Status);
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/tokens", adjust: WithToken)).Status);

        void WithToken(DefaultHttpContext context) => context.Request.Headers.Authorization = "Bearer " + token;
    }

    [Theory]
    [InlineData("")]
    [InlineData(" x")]
    [InlineData("a\\nb")]
    [InlineData("a\\u202eb")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Tokens_WithABadName_AreRefused(string name)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();

        Assert.Equal(422, (await panel.SendAsync("POST", Api + "/tokens", $"{{\"name\":\"{name}\"}}")).Status);
    }

    [Fact]
    public async Task Tokens_BeyondTheirNumber_AreRefused()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();
        for (int i = 0; i < 50; i++)
            Assert.Equal(201, (await panel.SendAsync("POST", Api + "/tokens", $"{{\"name\":\"{i}\"}}")).Status);

        Assert.Equal(409, (await panel.SendAsync("POST", Api + "/tokens", "{\"name\":\"one more\"}")).Status);
    }

    [Fact]
    public async Task ForeignBearer_OfAPlatform_LeavesItToTheCookie()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/tokens", adjust: WithToken)).Status);
        _ = await panel.SignInAsync();

        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/tokens", adjust: WithToken)).Status);

        static void WithToken(DefaultHttpContext context) => context.Request.Headers.Authorization = "Bearer hf_something";
    }

    private static void AsPanel(DefaultHttpContext context) => context.Request.Headers["X-Requested-With"] = "init-panel";
}
