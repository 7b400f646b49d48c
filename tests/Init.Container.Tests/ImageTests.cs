using System.Text.Json.Nodes;
using Init.Container.Tests.Harness;

namespace Init.Container.Tests;

/// <summary>What is in the image, and what is not.</summary>
public sealed class ImageTests
{
    [ContainerFact]
    public async Task Image_SaysHowItIsRun()
    {
        JsonNode image = JsonNode.Parse((await Shell.PodmanAsync("image", "inspect", Images.Plain)).Output)![0]!;
        JsonNode config = image["Config"]!;

        Assert.Equal("1000:1000", (string?)config["User"]);
        Assert.Equal(["/init"], config["Entrypoint"]!.AsArray().Select(word => (string?)word));
        Assert.Equal(["run"], config["Cmd"]!.AsArray().Select(word => (string?)word));
        Assert.Equal(["7860/tcp"], config["ExposedPorts"]!.AsObject().Select(port => port.Key));
        Assert.Equal("SIGTERM", (string?)config["StopSignal"]);
        Assert.Contains("/init", image["HealthCheck"]?.ToJsonString() ?? image["Healthcheck"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("test", (string?)config["Labels"]!["org.opencontainers.image.version"]);
        Assert.DoesNotContain("ghp_", image.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(config["Env"]!.AsArray(), variable => ((string?)variable)!.Contains("PASSWORD", StringComparison.Ordinal) || ((string?)variable)!.Contains("PAT=", StringComparison.Ordinal));
    }

    [ContainerFact]
    public async Task Image_HasNoListsNoCompilersAndNothingOfTheBuild()
    {
        Said said = await RunningContainer.RunAsync(Images.Plain, ["--entrypoint", "sh"], "-c", """
            for program in gcc cc make node npm dotnet python3 curl; do command -v $program; done
            ls /var/lib/apt/lists /var/cache/apt/archives/*.deb /src /out /tmp 2>/dev/null | grep -v :
            find / -xdev -name '*.dbg' -o -xdev -name '.git' -o -xdev -name '.env' 2>/dev/null
            """);

        Assert.Equal("", said.Output.Trim());
        Assert.Equal("", said.Errors.Trim());
    }

    /// <summary>Without applications it is a supervisor for whatever is put into it.</summary>
    [ContainerFact]
    public async Task PlainImage_ShowsApplicationsAsAbsentAndRunsWhatIsAdded()
    {
        string directory = Directory.CreateTempSubdirectory("supervisor-d-").FullName;
        Assert.Equal(0, (await Shell.RunAsync("chmod", "755", directory)).Code); // For the user of the container.
        await File.WriteAllTextAsync(Path.Combine(directory, "mine.toml"), "[program.mine]\ncommand = [\"sh\", \"-c\", \"echo mine runs; exec sleep 100000\"]\nrequires = [\"backup\"]\n");
        await using RunningContainer container = await RunningContainer.StartAsync(new ContainerOptions { Image = Images.Plain, Flags = ["--volume", $"{directory}:/etc/init/supervisor.d:ro"] });

        await container.WaitForReadyAsync("mine", "backup");
        await container.WaitForStateAsync("ABSENT", null, "xvfb", "napcat", "astrbot", "gemini-balance");
        Assert.Equal(0, (await container.ExecAsync("init", "status")).Code);
        Directory.Delete(directory, recursive: true);
    }

    [ContainerFact]
    public async Task Arguments_AfterTheImagesName_AreThoseOfInit()
    {
        Said said = await RunningContainer.RunAsync(Images.Plain, [], "check", "--explain");

        Assert.True(said.Code == 0, said.ToString());
        Assert.Contains("astrbot", said.Output, StringComparison.Ordinal);
        Assert.StartsWith("hello", (await RunningContainer.RunAsync(Images.Plain, [], "--", "echo", "hello")).Output, StringComparison.Ordinal);
    }
}
