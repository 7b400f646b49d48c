using System.Text;
using Init.Linux;
using Init.Panel.SignIn;
using Init.Panel.Tests.Harness;
using Microsoft.AspNetCore.Http;

namespace Init.Panel.Tests.SignIn;

/// <summary>Where the password comes from, how it changes, and the original's header.</summary>
public sealed class PasswordChangeTests
{
    private const string Api = "/admin/api/v1", NewPassword = "battery staple";

    [Fact]
    public async Task Password_MadeUp_IsInTheLogOnceAndLetsItsReaderIn()
    {
        await using PanelUnderTest first = PanelUnderTest.Start(given: null);
        await first.Access.Ready;
        string password = first.Log.Password;

        Assert.Equal(200, (await first.SignInAsync(password)).Status);
        await using PanelUnderTest second = PanelUnderTest.Start(given: null, before: first);
        Assert.Equal(200, (await second.SignInAsync(password)).Status);
        Assert.DoesNotContain(second.Log.Lines, line => line.Contains("password is", StringComparison.Ordinal));
        Assert.DoesNotContain(password, File.ReadAllText(first.StorePath));
        Assert.Equal(0x180 /* 0600 */, Files.StatusOf(first.StorePath)!.Value.Mode);
    }

    [Fact]
    public async Task GivenPassword_WhenItIsAnother_TakesOverAndEndsSessions()
    {
        await using PanelUnderTest first = PanelUnderTest.Start();
        _ = await first.SignInAsync();
        _ = await first.SendAsync("POST", Api + "/password", $$"""{"current":"{{PanelUnderTest.Password}}","new":"{{NewPassword}}"}""");

        // The same secret as before: what was decided in the panel stays.
        await using PanelUnderTest second = PanelUnderTest.Start(before: first);
        Assert.Equal(200, (await second.SignInAsync(NewPassword)).Status);

        await using PanelUnderTest third = PanelUnderTest.Start(given: "operators choice", before: first);
        third.Cookies["__Host-init_session"] = second.Cookies["__Host-init_session"];
        Assert.Equal(401, (await third.SendAsync("GET", Api + "/sessions")).Status);
        Assert.Equal(200, (await third.SignInAsync("operators choice")).Status);

        // Without the secret nothing changes, and the one before it counts as another one.
        await using PanelUnderTest fourth = PanelUnderTest.Start(given: null, before: first);
        Assert.Equal(200, (await fourth.SignInAsync("operators choice")).Status);
        await using PanelUnderTest fifth = PanelUnderTest.Start(before: first);
        Assert.Equal(200, (await fifth.SignInAsync()).Status);
    }

    [Fact]
    public async Task OriginalsPassword_IsTakenOverHashed()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start(given: null, original: "old plain one");

        Assert.Equal(200, (await panel.SignInAsync("old plain one")).Status);
        Assert.DoesNotContain("old plain one", File.ReadAllText(panel.StorePath));
    }

    [Fact]
    public async Task Store_ThatARestoreBroughtBack_CountsAtOnceAndSignsOthersOut()
    {
        await using PanelUnderTest old = PanelUnderTest.Start(given: null);
        await old.Access.Ready;
        _ = await old.SignInAsync(old.Log.Password);
        _ = await old.SendAsync("POST", Api + "/password", $$"""{"current":"{{old.Log.Password}}","new":"{{NewPassword}}"}""");
        await using PanelUnderTest panel = PanelUnderTest.Start(given: null);
        await panel.Access.Ready;
        Assert.Equal(200, (await panel.SignInAsync(panel.Log.Password)).Status);
        await panel.Access.TakeOverAsync(null);
        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions")).Status);

        File.Copy(old.StorePath, panel.StorePath, overwrite: true);
        await panel.Access.TakeOverAsync(null);

        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);
        Assert.Contains(panel.Log.Lines, line => line.Contains($"the panel's password is now the one of {panel.StorePath}", StringComparison.Ordinal));
        Assert.Equal(200, (await panel.SignInAsync(NewPassword)).Status);
    }

    /// <summary>A restored file of the original has its password; one that we have made up meanwhile is nobody's choice.</summary>
    [Fact]
    public async Task OriginalsPassword_ThatARestoreBroughtBack_TakesThePlaceOfAMadeUpOne()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start(given: null);
        await panel.Access.Ready;

        await panel.Access.TakeOverAsync("old plain one");

        Assert.Equal(200, (await panel.SignInAsync("old plain one")).Status);
    }

    [Fact]
    public async Task Store_ThatWasReplacedByNonsense_ChangesNothing()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();

        File.WriteAllText(panel.StorePath, "{}");
        await panel.Access.TakeOverAsync(null);

        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions")).Status);
    }

    [Theory]
    [InlineData("admin")]
    [InlineData("short")]
    public async Task OriginalsPassword_WhenItIsWeak_IsNotUsedAndTheLogSaysWhy(string original)
    {
        await using PanelUnderTest panel = PanelUnderTest.Start(given: null, original: original);

        Assert.Equal(401, (await panel.SignInAsync(original)).Status);
        Assert.Contains(panel.Log.Lines, line => line.Contains("admin_password of the original's file is not used", StringComparison.Ordinal));
        panel.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await panel.SignInAsync(panel.Log.Password)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"version\":1,\"password\":\"correct horse\",\"source\":\"Person\",\"key\":\"\",\"tokens\":[]}")]
    [InlineData("{\"version\":1,\"password\":\"pbkdf2-sha256$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"source\":\"Person\",\"key\":\"AAAA\",\"tokens\":[]}")]
    public async Task Store_ThatCannotBeRead_IsSetAsideAndLetsNobodyIn(string content)
    {
        await using PanelUnderTest first = PanelUnderTest.Start();
        _ = await first.SignInAsync();
        File.WriteAllText(first.StorePath, content);

        await using PanelUnderTest second = PanelUnderTest.Start(given: null, before: first);
        second.Cookies["__Host-init_session"] = first.Cookies["__Host-init_session"];

        Assert.Equal(401, (await second.SendAsync("GET", Api + "/sessions")).Status);
        Assert.Single(Directory.GetFiles(first.Directory, "admin.json.corrupt-*"));
        Assert.Contains(second.Log.Lines, line => line.Contains("it is kept as", StringComparison.Ordinal));
        second.Cookies.Clear();
        Assert.Equal(401, (await second.SignInAsync()).Status);
        second.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await second.SignInAsync(second.Log.Password)).Status);
    }

    [Fact]
    public async Task Store_ThatCannotBeWritten_LetsItsOwnerInAndSaysSo()
    {
        string directory = Directory.CreateTempSubdirectory("panel-").FullName;
        File.WriteAllText(Path.Combine(directory, "gateway"), "a file where the directory is to be");
        LinesLogger log = new();
        using PanelAccess access = PanelAccess.Open(new Config.PanelSettings(Path.Combine(directory, "gateway", "admin.json")), null, TimeProvider.System, log, iterations: 1);
        await access.Ready;

        Assert.Contains(log.Lines, line => line.Contains("in force until the gateway ends", StringComparison.Ordinal));
        Assert.IsType<Attempt.Right>(await access.Door.TryAsync(AttemptLane.OfDevice("x"), log.Password));
        Assert.NotNull(await access.ChangePasswordAsync(NewPassword, null, "somebody"));
        Assert.IsType<Attempt.Right>(await access.Door.TryAsync(AttemptLane.OfDevice("x"), log.Password));
        Assert.IsType<TokenResult.NotSaved>(await access.AddTokenAsync(new TokenRecord("x", SecretId.DigestOf("x"), 0)));
        Assert.Empty(access.ListTokens());
    }

    [Fact]
    public async Task PasswordChange_EndsTheOtherSessionsAndKeepsThisOne()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        _ = await panel.SignInAsync();
        string other = panel.Cookies["__Host-init_session"];
        _ = panel.Cookies.Remove("__Host-init_session");
        _ = await panel.SignInAsync();

        Assert.Equal((422, "weak_password"), await ChangeAsync(PanelUnderTest.Password, "short"));
        Assert.Equal((403, "wrong_password"), await ChangeAsync("wrong horse", NewPassword));
        Assert.Equal((429, "too_many_attempts"), await ChangeAsync(PanelUnderTest.Password, NewPassword));
        panel.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((204, null), await ChangeAsync(PanelUnderTest.Password, NewPassword));

        Assert.Equal(200, (await panel.SendAsync("GET", Api + "/sessions")).Status);
        await using PanelUnderTest restarted = PanelUnderTest.Start(before: panel);
        restarted.Cookies["__Host-init_session"] = panel.Cookies["__Host-init_session"];
        Assert.Equal(200, (await restarted.SendAsync("GET", Api + "/sessions")).Status);
        panel.Cookies["__Host-init_session"] = other;
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/sessions")).Status);

        async Task<(int, string?)> ChangeAsync(string current, string @new)
        {
            PanelUnderTest.Answer answer = await panel.SendAsync("POST", Api + "/password", $$"""{"current":"{{current}}","new":"{{@new}}"}""");
            return (answer.Status, answer.Body.Length == 0 ? null : answer.Code);
        }
    }

    [Fact]
    public async Task OriginalsInterface_ChangesThePasswordInItsOwnWords()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();

        Assert.Equal((405, "{\"error\":\"method not allowed\"}\n"), await SendAsync("GET", null));
        Assert.Equal((400, "{\"error\":\"invalid json\"}\n"), await SendAsync("POST", "{"));
        Assert.Equal((400, "{\"error\":\"new_password required\"}\n"), await SendAsync("POST", "{\"new_password\":7}"));
        Assert.Equal((400, "{\"error\":\"new_password required\"}\n"), await SendAsync("POST", "{}"));
        Assert.Equal((400, "{\"error\":\"new_password: it has fewer than 8 characters\"}\n"), await SendAsync("POST", "{\"new_password\":\"short\"}"));
        Assert.Equal((200, "{\"ok\":true}\n"), await SendAsync("POST", "{\"new_password\":\"" + NewPassword + "\"}"));
        Assert.Equal((403, "{\"error\":\"forbidden\"}\n"), await SendAsync("GET", null));
        Assert.Equal(429, (await SendAsync("GET", null)).Status);
        panel.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(200, (await panel.SignInAsync(NewPassword)).Status);

        async Task<(int Status, string Body)> SendAsync(string method, string? body)
        {
            PanelUnderTest.Answer answer = await panel.SendAsync(method, "/admin/password", body, context => context.Request.Headers["X-Admin-Password"] = PanelUnderTest.Password);
            return (answer.Status, answer.Body);
        }
    }

    [Fact]
    public async Task OriginalsHeader_IsOneAndInUtf8AndCountsNowhereElse()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start(given: "пароль-пароль");
        string asTheServerHasIt = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("пароль-пароль"));

        Assert.Equal(403, (await panel.SendAsync("GET", "/admin/password", adjust: context => context.Request.Headers["X-Admin-Password"] = new[] { asTheServerHasIt, asTheServerHasIt })).Status);
        Assert.Equal(405, (await panel.SendAsync("GET", "/admin/password", adjust: WithPassword)).Status);
        Assert.Equal(401, (await panel.SendAsync("GET", Api + "/tokens", adjust: WithPassword)).Status);

        // A session is not enough there, as it never was.
        panel.Clock.Advance(TimeSpan.FromSeconds(1));
        _ = await panel.SignInAsync("пароль-пароль");
        Assert.Equal(403, (await panel.SendAsync("GET", "/admin/password")).Status);

        void WithPassword(DefaultHttpContext context) => context.Request.Headers["X-Admin-Password"] = asTheServerHasIt;
    }

    [Fact]
    public async Task OriginalsHeader_OnceItWasRight_IsRightAtOnceAndManyTimesAtOnce()
    {
        await using PanelUnderTest panel = PanelUnderTest.Start();
        Assert.Equal(405, await GetAsync(PanelUnderTest.Password));

        int[] statuses = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync(PanelUnderTest.Password)));
        Assert.All(statuses, status => Assert.Equal(405, status));

        // What is remembered is no way to guess faster: a wrong one slows down the next, be it right.
        Assert.Equal(403, await GetAsync("wrong horse"));
        Assert.Equal(429, await GetAsync(PanelUnderTest.Password));

        async Task<int> GetAsync(string password) =>
            (await panel.SendAsync("GET", "/admin/password", adjust: context => context.Request.Headers["X-Admin-Password"] = password)).Status;
    }
}
