using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Init.Backup.Tests.Harness;
using Init.Container.Tests.Harness;

namespace Init.Container.Tests;

/// <summary>The image in the place of the original's, with the repository and the variables that its users have, and over HTTPS, as the real GitHub speaks it.</summary>
public sealed partial class UpgradeTests
{
    private const string Model = "home/user/AstrBot/data/model.bin";

    [ContainerFact]
    public async Task Repository_OfTheOriginal_ComesBackWithRulesLoginAndLargeFiles()
    {
        await using GitHubUnderTest github = await GitHubUnderTest.StartAsync(isSecure: true);
        byte[] model = RandomNumberGenerator.GetBytes(12_000_000);
        FakeAsset asset = github.Fake.AddAsset(github.Fake.AddRelease("blobs"), $"{Convert.ToHexStringLower(SHA256.HashData(model))}-model.bin", model);
        Assert.StartsWith("https://", github.Fake.RemoteUrl, StringComparison.Ordinal);
        await PushAsTheOriginalAsync(github, model, asset);
        github.Fake.Misbehave(new FakeGitHubFault { Where = "assets GET", BytesPerSecond = 2_000_000 });

        await using RunningContainer container = await RunningContainer.StartAsync(github.Options);
        await SeeNumbersOnTheWaitingPageAsync(container);
        await container.WaitForReadyAsync("backup", "napcat", "astrbot", "gemini-balance");

        string log = await container.LogAsync();
        Assert.Contains("NapCat: still signed in", log, StringComparison.Ordinal);
        Assert.Contains("AstrBot: found its configuration", log, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(model)), await container.ShellAsync($"sha256sum /{Model}"), StringComparison.Ordinal);
        Assert.Equal("/elsewhere", (await container.Port.GetAsync("/old"))!.Value.Location);
        Assert.NotEqual(0, (await container.ExecAsync("test", "-e", $"/{Model}.pointer")).Code);

        // And it goes on from there: one more commit on the original's history, with the new data.
        await container.Port.PostAsync("/messages", "after the upgrade");
        Assert.Equal(0, (await container.ExecAsync("init", "backup", "now", "--wait")).Code);
        Assert.Contains("auto: 2025-09-10 19:12:13", await github.LogAsync(), StringComparison.Ordinal);
        Assert.NotNull(await github.ShowAsync("app/.config/QQ/login"));
    }

    /// <summary>As a person sees it: how much of how much, not only that something is going on.</summary>
    private static async Task SeeNumbersOnTheWaitingPageAsync(RunningContainer container)
    {
        string page = "";
        await Shell.WaitForAsync(
            async () => Numbers().IsMatch(page = (await container.Port.GetAsync("/", ("Accept", "text/html"), ("Accept-Language", "en")))?.Body ?? ""),
            async () => $"numbers on the waiting page; it has {page}\n{await container.LogAsync()}");
    }

    /// <summary>With the original's own commands, and the files as its script leaves them.</summary>
    private static async Task PushAsTheOriginalAsync(GitHubUnderTest github, byte[] model, FakeAsset asset)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(model)), id = asset.Id.ToString(CultureInfo.InvariantCulture);
        await github.PushAsync("auto: 2025-09-10 19:12:13", new Dictionary<string, string>
        {
            ["home/user/AstrBot/data/cmd_config.json"] = "{}",
            ["app/.config/QQ/login"] = "10001",
            ["home/user/nginx/admin_config.json"] = """
                {"admin_password":"old-and-plain","default_backend":"http://127.0.0.1:6185","rules":[{"id":"old","action":"redirect","priority":5,"match":{"path_equal":"/old"},"redirect_to":"/elsewhere"}]}
                """,
            [Model + ".pointer"] = $$"""
                {"type":"release-asset","repo":"owner/repo","release_tag":"blobs","asset_name":"{{hash}}-model.bin","asset_id":{{id}},"download_url":"","original_path":"{{Model}}","size":{{model.Length}},"sha256":"{{hash}}","generated_at":"2025-09-10T11:12:13Z"}
                """,
            [".gitignore"] = Model + "\n",
        });
    }

    [GeneratedRegex(@"\d of 12 MB", RegexOptions.NonBacktracking)]
    private static partial Regex Numbers();
}
