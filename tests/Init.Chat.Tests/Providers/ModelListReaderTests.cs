using System.Text;
using Init.Chat.Providers;

namespace Init.Chat.Tests.Providers;

public sealed class ModelListReaderTests
{
    [Fact]
    public void List_OfTheOriginal_IsRead()
    {
        var models = Assert.IsType<ModelList.Read>(Read("""
            [
              {"Name": "Deepseek", "ApiKeyEnv": "DEEPSEEK_API_KEY", "URL": "https://api.deepseek.com/v1/", "Metadata": {"any": 1}, "models": [
                {"Name": "Deepseek Chat", "Id": "deepseek-chat", "Type": "chat", "Metadata": {}},
                {"Name": "Elsewhere", "Id": "chat-2", "Type": "Chat", "URL": "http://127.0.0.1:8000/v1", "ApiKeyEnv": ["KEY_1", "KEY_2", "KEY_1"]}]},
              {"Name": "Local", "URL": "http://[::1]:1234/v1", "models": [{"Id": "llama", "Type": "reasoner"}]}
            ]
            """)).Models;

        Assert.Equal(3, models.Length);
        Assert.Equal(("Deepseek", "Deepseek Chat", "deepseek-chat", "chat", "https://api.deepseek.com/v1"), (models[0].Provider, models[0].Name, models[0].Id, models[0].Type, models[0].Url));
        Assert.Equal(["DEEPSEEK_API_KEY"], models[0].KeyVariables.AsEnumerable());
        Assert.Equal("http://127.0.0.1:8000/v1", models[1].Url);
        Assert.Equal(["KEY_1", "KEY_2"], models[1].KeyVariables.AsEnumerable());
        Assert.Equal("llama", models[2].Name);
        Assert.Empty(models[2].KeyVariables);
    }

    [Fact]
    public void Problems_AreSaidAllAtOnceWithTheirPlaces()
    {
        var problems = Assert.IsType<ModelList.Refused>(Read("""
            [
              7,
              {"Name": "", "models": {}},
              {"Name": "x", "ApiKeyEnv": "sk-secret-1", "models": [{"Id": "a"}, {"Id": 1, "Type": "chat", "URL": "https://user:sk-secret-2@host/v1"}, []]}
            ]
            """)).Problems;

        Assert.Equal(
            [
                "[0]: must be an object",
                "[1].Name: must be a text of 1 to 300 characters",
                "[1].models: must be an array",
                "[2].ApiKeyEnv: must name an environment variable, or several in an array; the key itself does not belong here",
                "[2].models[0].Type: is missing",
                "[2].models[0].URL: is in neither the model nor its group",
                "[2].models[1].Id: must be a text of 1 to 300 characters",
                "[2].models[1].URL: must be an address as \"https://api.deepseek.com/v1\", without user, query and fragment",
                "[2].models[2]: must be an object",
            ],
            problems.AsEnumerable());
        Assert.DoesNotContain(problems, problem => problem.Contains("sk-secret", StringComparison.Ordinal));
    }

    [Fact]
    public void Members_OfOurs_AreReadFromModelAndGroup()
    {
        var models = Assert.IsType<ModelList.Read>(Read("""
            [{"Name": "x", "URL": "http://api.example.com/v1", "AllowPlainHttp": true, "Weight": 2, "Price": {"Input": 1, "Output": 2.5}, "StreamOptions": false, "models": [
              {"Id": "a", "Type": "chat"},
              {"Id": "b", "Type": "chat", "Weight": 7, "Price": {"Input": 1, "CachedInput": 0.1, "Output": 0}, "StreamOptions": true}]}]
            """)).Models;

        Assert.Equal((2, new ModelPrice(1, 1, 2.5m), false), (models[0].Weight, models[0].Price, models[0].TakesStreamOptions));
        Assert.Equal((7, new ModelPrice(1, 0.1m, 0), true), (models[1].Weight, models[1].Price, models[1].TakesStreamOptions));
    }

    [Fact]
    public void Members_OfOurs_AreCheckedWithTheirPlaces()
    {
        var problems = Assert.IsType<ModelList.Refused>(Read("""
            [{"Name": "x", "URL": "http://api.example.com/v1", "Weight": 0, "models": [{"Id": "a", "Type": "chat", "Price": {"Input": -1, "Output": 1}, "StreamOptions": 1}]}]
            """)).Problems;

        Assert.Equal(
            ["[0].URL", "[0].Weight", "[0].models[0].URL", "[0].models[0].Price", "[0].models[0].StreamOptions"],
            problems.Select(problem => problem[..problem.IndexOf(':', StringComparison.Ordinal)]));
    }

    [Theory]
    [InlineData("{}", "must be an array of groups: [{\"Name\": ..., \"URL\": ..., \"ApiKeyEnv\": ..., \"models\": [...]}]")]
    [InlineData("[\n{]", "is no JSON: line 2, byte 2")]
    [InlineData("", "is no JSON: line 1, byte 1")]
    public void Text_ThatIsNoList_IsRefused(string json, string problem) => Assert.Equal([problem], Assert.IsType<ModelList.Refused>(Read(json)).Problems.AsEnumerable());

    [Fact]
    public void List_ThatIsTooLarge_IsRefused()
    {
        Assert.IsType<ModelList.Refused>(Read(new string(' ', (1 << 20) + 1)));
        string models = string.Join(',', Enumerable.Range(0, 1001).Select(i => $$"""{"Id":"{{i}}","Type":"chat"}"""));
        Assert.Equal(["has more than 1000 models"], Assert.IsType<ModelList.Refused>(Read($$"""[{"Name":"x","URL":"http://x","models":[{{models}}]}]""")).Problems.AsEnumerable());
    }

    private static ModelList Read(string json) => ModelListReader.Read(Encoding.UTF8.GetBytes(json));
}
