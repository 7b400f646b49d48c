using System.Net;
using System.Text;
using System.Text.Json;
using Init.Admin.Rest;
using Init.Admin.Tests.Harness;
using Init.Control;

namespace Init.Admin.Tests.Rest;

public sealed class RestTests : IAsyncLifetime
{
    private GatewayUnderTest _gateway = null!;

    public async Task InitializeAsync()
    {
        _gateway = await GatewayUnderTest.StartAsync();
        _gateway.Supervisor.Programs.Add(FakeSupervisor.Program("web") with { Groups = ["front"] });
        _gateway.Supervisor.Programs.Add(FakeSupervisor.Program("bot") with { Group = "bots" });
    }

    public Task DisposeAsync() => _gateway.DisposeAsync().AsTask();

    [Fact]
    public async Task Programs_WhenListed_AreAll() =>
        Assert.Equal(["web", "bot"], (await GetAsync("programs")).GetProperty("programs").EnumerateArray().Select(program => program.GetProperty("name").GetString()));

    [Fact]
    public async Task Program_WhenItIsThere_IsItsStatus() => Assert.Equal("RUNNING", (await GetAsync("programs/web")).GetProperty("state").GetString());

    [Theory]
    [InlineData("programs/nobody")]
    [InlineData("groups/nobody")]
    [InlineData("nowhere")]
    [InlineData("programs/web/logs/stdin")]
    public async Task Anything_ThatIsNotThere_IsAProblemOf404(string path)
    {
        JsonElement problem = await GetAsync(path, HttpStatusCode.NotFound);

        Assert.Equal(404, problem.GetProperty("status").GetInt32());
        Assert.True(problem.GetProperty("detail").GetString()!.Length > 5);
    }

    [Fact]
    public async Task Groups_WhenListed_AreThoseOfTheConfigurationAndSupervisords()
    {
        JsonElement groups = (await GetAsync("groups")).GetProperty("groups");

        Assert.Equal(["bots", "front", "web"], groups.EnumerateArray().Select(group => group.GetProperty("name").GetString()));
    }

    [Theory]
    [InlineData("programs/web/start", "", "Start { Names = [web], Wait = True }")]
    [InlineData("programs/web/stop", """{"wait":false}""", "Stop { Names = [web], Wait = False }")]
    [InlineData("programs/web/restart", """{"rolling":true}""", "Restart { Names = [web], Rolling = True, Wait = True }")]
    [InlineData("programs/web/signal", """{"signal":"HUP"}""", "Signal { Names = [web], SignalNumber = 1 }")]
    [InlineData("groups/bots/stop", "{}", "Stop { Names = [bot], Wait = True }")]
    [InlineData("groups/front/signal", """{"signal":"10"}""", "Signal { Names = [web], SignalNumber = 10 }")]
    public async Task Action_WhenPosted_AsksTheSupervisor(string path, string body, string expected)
    {
        AnswerOutcomes(new ControlItem.Outcome("web", OutcomeCode.Started));

        JsonElement answer = await PostAsync(path, body, HttpStatusCode.OK);

        Assert.Equal("web", answer.GetProperty("outcomes")[0].GetProperty("name").GetString());
        Assert.Equal(expected, Show(_gateway.Supervisor.Asked.Last()));
    }

    [Theory]
    [InlineData("programs/web/start", "{")]
    [InlineData("programs/web/start", "[]")]
    [InlineData("programs/web/start", """{"wait":"yes"}""")]
    [InlineData("programs/web/start", """{"wiat":true}""")]
    [InlineData("programs/web/signal", "")]
    [InlineData("programs/web/signal", """{"signal":"NONSENSE"}""")]
    public async Task Body_ThatIsWrong_IsAProblemOf400AndAsksNothing(string path, string body)
    {
        await PostAsync(path, body, HttpStatusCode.BadRequest);

        Assert.Empty(_gateway.Supervisor.Asked);
    }

    [Fact]
    public async Task Body_ThatIsTooLarge_IsRefused() =>
        await PostAsync("programs/web/start", new string(' ', 70_000), HttpStatusCode.RequestEntityTooLarge);

    [Fact]
    public async Task Outcome_ThatIsNoSuccess_IsAProblemThatTellsAll()
    {
        AnswerOutcomes(new ControlItem.Outcome("a", OutcomeCode.Started), new ControlItem.Outcome("b", OutcomeCode.Failed, "exited too quickly"));

        JsonElement problem = await PostAsync("programs/a/start", "", HttpStatusCode.Conflict);

        Assert.Equal("cannot start b: exited too quickly", problem.GetProperty("detail").GetString());
        Assert.Equal(2, problem.GetProperty("outcomes").GetArrayLength());
    }

    [Fact]
    public async Task Outcome_OfAnUnknownProgram_Is404()
    {
        AnswerOutcomes(new ControlItem.Outcome("x", OutcomeCode.UnknownProgram));

        await PostAsync("programs/x/start", "", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Supervisor_ThatIsGone_Is503()
    {
        Answer(new ControlAnswer.Lost("no socket"));

        await GetAsync("programs", HttpStatusCode.ServiceUnavailable);
        await PostAsync("programs/x/start", "", HttpStatusCode.ServiceUnavailable);
    }

    [Fact]
    public async Task Configuration_ThatIsWrong_Is422WithItsProblems()
    {
        Answer(new ControlAnswer.Refused(new ControlError(ErrorCode.InvalidConfig, "cannot update: 1 problem", null, ["f:1:1: x: unknown key"])));

        JsonElement problem = await PostAsync("update", "", HttpStatusCode.UnprocessableEntity);

        Assert.Equal("f:1:1: x: unknown key", problem.GetProperty("problems")[0].GetString());
    }

    [Fact]
    public async Task Environment_WhenAsked_HasNamesAndNoValues()
    {
        Answer(FakeSupervisor.Done(new ControlResult.EnvironmentOf("web", [new EnvironmentVariable("A", "visible", false), new EnvironmentVariable("B", null, true)])));

        JsonElement answer = await GetAsync("programs/web/environment");

        Assert.Equal("""{"name":"web","variables":[{"name":"A","secret":false},{"name":"B","secret":true}]}""", answer.GetRawText());
    }

    [Theory]
    [InlineData("start")]
    [InlineData("stop")]
    public async Task Change_ByGet_IsNotOffered(string action)
    {
        using HttpResponseMessage response = await _gateway.Client.GetAsync($"/api/v1/programs/web/{action}");

        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Empty(_gateway.Supervisor.Asked);
    }

    [Fact]
    public async Task System_WhenAsked_IsComplete()
    {
        Answer(FakeSupervisor.Done(new ControlResult.Version(new ServerVersion("1.2.3", 1, 1, "running", "/c.toml", 1_000, "supervisor"))));

        JsonElement system = await GetAsync("system");

        Assert.Equal(3, system.GetProperty("load").GetArrayLength());
        Assert.True(system.GetProperty("memory").GetProperty("total_bytes").GetInt64() > 0);
        Assert.True(system.GetProperty("uptime_seconds").GetDouble() > 0);
    }

    [Fact]
    public void ErrorCodes_AllOfThem_HaveAStatus() => Assert.All(
        typeof(ErrorCode).GetFields().Where(field => field.GetRawConstantValue() is not ErrorCode.Internal),
        field => Assert.NotEqual(500, RestCall.StatusOf((string)field.GetRawConstantValue()!)));

    [Theory]
    [InlineData("", null, 200, "0123456789")]
    [InlineData("?offset=3", null, 200, "3456789")]
    [InlineData("?offset=3&length=2", null, 200, "34")]
    [InlineData("?offset=-4", null, 200, "6789")]
    [InlineData("?tail=4", null, 200, "6789")]
    [InlineData("?offset=20", null, 200, "")]
    [InlineData("?offset=x", null, 400, null)]
    [InlineData("?offset=-3&length=2", null, 400, null)]
    [InlineData("", "bytes=2-4", 206, "234")]
    [InlineData("", "bytes=8-", 206, "89")]
    [InlineData("", "bytes=-3", 206, "789")]
    [InlineData("", "bytes=20-", 416, null)]
    [InlineData("", "lines=1-2", 200, "0123456789")]
    public async Task Log_InPartOrWhole_IsWhatWasAskedFor(string query, string? range, int status, string? expected)
    {
        // In pieces of at most three bytes, so that an answer takes several.
        byte[] log = "0123456789"u8.ToArray();
        _gateway.Supervisor.OnAsk = (request, _, _) =>
        {
            var (_, _, offset, length) = Assert.IsType<ControlRequest.ReadLog>(request);
            int start = (int)Math.Min(log.Length, offset < 0 ? Math.Max(0, log.Length + offset) : offset);
            int count = (int)Math.Min(3, Math.Min(log.Length - start, length == 0 ? long.MaxValue : length));
            return Task.FromResult(FakeSupervisor.Done(new ControlResult.LogPart(log.AsMemory(start, count), start, log.Length, "/x")));
        };
        using HttpRequestMessage message = new(HttpMethod.Get, $"/api/v1/programs/web/logs/stdout{query}");
        if (range is not null)
            message.Headers.TryAddWithoutValidation("Range", range);

        using HttpResponseMessage response = await _gateway.Client.SendAsync(message);

        Assert.Equal(status, (int)response.StatusCode);
        if (expected is not null)
            Assert.Equal(expected, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Log_WhenFollowed_SendsEachPieceAsItComes()
    {
        TaskCompletionSource more = new();
        _gateway.Supervisor.OnAsk = async (request, onItem, cancellation) =>
        {
            if (request is ControlRequest.ReadLog)
                return FakeSupervisor.Done(new ControlResult.LogPart(default, 0, 0, "/x"));

            await onItem!(new ControlItem.LogChunk("first"u8.ToArray()));
            await more.Task.WaitAsync(cancellation);
            await onItem(new ControlItem.LogChunk("second"u8.ToArray()));
            await Task.Delay(Timeout.Infinite, cancellation);
            throw new InvalidOperationException();
        };
        using RawConnection client = _gateway.Connect();

        client.Send("GET /api/v1/programs/web/logs/stdout?follow=true HTTP/1.1\r\nHost: localhost\r\n\r\n");
        await client.ReadUntilAsync("first");
        more.SetResult();
        await client.ReadUntilAsync("second");
    }

    private static string Show(ControlRequest request) => request switch
    {
        ControlRequest.Start(var names, var wait) => $"Start {{ Names = [{string.Join(",", names)}], Wait = {wait} }}",
        ControlRequest.Stop(var names, var wait) => $"Stop {{ Names = [{string.Join(",", names)}], Wait = {wait} }}",
        ControlRequest.Restart(var names, var rolling, var wait) => $"Restart {{ Names = [{string.Join(",", names)}], Rolling = {rolling}, Wait = {wait} }}",
        ControlRequest.Signal(var names, var number) => $"Signal {{ Names = [{string.Join(",", names)}], SignalNumber = {number} }}",
        _ => request.ToString(),
    };

    private void Answer(ControlAnswer answer) => _gateway.Supervisor.OnAsk = (_, _, _) => Task.FromResult(answer);

    private void AnswerOutcomes(params ControlItem.Outcome[] outcomes) => _gateway.Supervisor.OnAsk = async (request, onItem, _) =>
    {
        if (request is ControlRequest.Status)
            return FakeSupervisor.Done(new ControlResult.Status(_gateway.Supervisor.Programs, []));

        foreach (ControlItem.Outcome outcome in outcomes)
            await onItem!(outcome);
        return FakeSupervisor.Done(null);
    };

    private Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK) => SendAsync(new HttpRequestMessage(HttpMethod.Get, "/api/v1/" + path), expected);

    private Task<JsonElement> PostAsync(string path, string body, HttpStatusCode expected) => SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "/api/v1/" + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") }, expected);

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, HttpStatusCode expected)
    {
        using (request)
        {
            using HttpResponseMessage response = await _gateway.Client.SendAsync(request);
            string text = await response.Content.ReadAsStringAsync();
            Assert.True(expected == response.StatusCode, $"{response.StatusCode}: {text}");
            Assert.Equal(expected == HttpStatusCode.OK ? "application/json" : "application/problem+json", response.Content.Headers.ContentType!.MediaType);
            return JsonDocument.Parse(text).RootElement;
        }
    }
}
