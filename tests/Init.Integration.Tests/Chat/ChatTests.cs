using System.Text.Json;
using Init.Integration.Tests.Harness;
using Init.Linux;

namespace Init.Integration.Tests.Chat;

/// <summary>The role "chat" of the shipped binary, below a supervisor, with the built-in model.</summary>
public sealed class ChatTests
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(30) };

    [RootFact]
    public async Task Role_WhenItIsRestartedOrKilled_KeepsEverything()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = InitUnderTest.Start($"[program.talk]\nbuiltin = \"chat\"\n[chat]\nlisten = \"127.0.0.1:{port}\"\n");
        init.WaitForReady("talk");
        Uri server = new($"http://127.0.0.1:{port}");
        Assert.Equal("hello {world}", await SayAsync(server, @"hello \{world}"));
        Assert.Contains("event: end", await PostAsync(server, "/chat/completion/u", ("message", "as events"), ("stream", "true")), StringComparison.Ordinal);
        Assert.Equal("Prompt set successfully", await PostAsync(server, "/userdata/prompt/set/u", ("prompt", "be kind")));
        string context = await Client.GetStringAsync(new Uri(server, "/userdata/context/get/u"));
        Assert.Equal(4, JsonDocument.Parse(context).RootElement.GetArrayLength());

        init.StopProgram("talk");
        init.StartProgram("talk");
        init.WaitForReady("talk");
        Assert.Equal(context, await Client.GetStringAsync(new Uri(server, "/userdata/context/get/u")));

        int pid = init.StatusOf("talk").Pid!.Value;
        init.SignalInside(pid, Signals.SIGKILL);
        init.WaitForState("talk", "RUNNING", status => status.Ready && status.Pid != pid);
        Assert.Equal(context, await Client.GetStringAsync(new Uri(server, "/userdata/context/get/u")));
        Assert.Equal("be kind", await Client.GetStringAsync(new Uri(server, "/userdata/prompt/get/u")));
        Assert.Equal("again", await SayAsync(server, "again"));
    }

    [RootFact]
    public async Task PublicPort_WhenTheChatIsPublished_NeedsAKey()
    {
        int[] ports = FreePorts.Take(2);
        using InitUnderTest init = InitUnderTest.Start(
            $"[program.talk]\nbuiltin = \"chat\"\n[chat]\nlisten = \"127.0.0.1:{ports[0]}\"\npublish = \"/chat\"\n[program.web]\nbuiltin = \"gateway\"\n[gateway.proxy]\nlisten = [\"127.0.0.1:{ports[1]}\"]\n[gateway.panel]\nenabled = false\n");
        init.WaitForReady("talk");
        Uri server = new($"http://127.0.0.1:{ports[1]}");
        HttpResponseMessage? answer = null;
        init.WaitUntil(() => (answer = TryGet(new Uri(server, "/chat/healthz"))) is { IsSuccessStatusCode: true }, "the gateway to forward to the chat");
        answer?.Dispose();
        using HttpResponseMessage refused = await Client.GetAsync(new Uri(server, "/chat/userdata/context/get/u"));
        Assert.Equal(401, (int)refused.StatusCode);
    }

    [RootFact]
    public void Role_WhenTheListOfModelsIsWrong_SaysAllThatIsWrongAndDoesNotServe()
    {
        int port = FreePorts.Take(1)[0];
        using InitUnderTest init = InitUnderTest.Start(
            $"[program.talk]\nbuiltin = \"chat\"\nbackoff = {{ attempts = 1 }}\n[chat]\nlisten = \"127.0.0.1:{port}\"\nmodels = \"models.json\"\n",
            new InitOptions { Files = new Dictionary<string, string> { ["models.json"] = """[{"Name":"x","URL":"nope","models":[{"Type":"chat"}]}]""" } });
        string line = init.WaitForLine("cannot use the list of models");
        Assert.Contains("[0].URL", line, StringComparison.Ordinal);
        Assert.Contains("[0].models[0].Id", line, StringComparison.Ordinal);
    }

    private static HttpResponseMessage? TryGet(Uri url)
    {
        try
        {
            return Client.GetAsync(url).GetAwaiter().GetResult();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task<string> SayAsync(Uri server, string message) =>
        JsonDocument.Parse(await PostAsync(server, "/chat/completion/u", ("message", message))).RootElement.GetProperty("content").GetString()!;

    private static async Task<string> PostAsync(Uri server, string path, params (string Name, string Value)[] fields)
    {
        using FormUrlEncodedContent form = new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        using HttpResponseMessage answer = await Client.PostAsync(new Uri(server, path), form);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return body;
    }
}
