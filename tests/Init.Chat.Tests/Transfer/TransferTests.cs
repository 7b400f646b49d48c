using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Init.Chat.Store;
using Init.Chat.Transfer;

namespace Init.Chat.Tests.Transfer;

/// <summary>A tree as the original writes it, and zips as Python reads them.</summary>
public sealed class TransferTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("init-chat-move-").FullName;
    private IChatStore _store = null!;

    private static CancellationToken None => CancellationToken.None;

    private string Data => Path.Combine(_folder, "data");

    public async Task InitializeAsync() => _store = await ChatStores.OpenAsync(Path.Combine(_folder, "chat.db"), None);

    public async Task DisposeAsync()
    {
        await _store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Import_OfTheOriginalsTree_TakesAllKindsBranchesAndChoices()
    {
        WriteTree();
        OriginalImportResult result = await ImportAsync();

        Assert.Empty(result.Problems);
        Assert.Equal((5, 6, 0), (result.Users, result.Imported, result.Kept));
        Assert.Equal(["a_b", "ann"], (await _store.UsersAsync(ItemKind.Context, None)).ToArray());
        StoredContext context = await _store.ContextAsync("ann", "default", None);
        Assert.Equal([new("user", "你好 😀") { Name = "Ann" }, new("assistant", "hi") { Reasoning = "greet" }], context.Messages.ToArray());
        Assert.Equal(["default", "work"], (await _store.BranchesAsync(ItemKind.Context, "ann", None)).Select(branch => branch.Name));
        Assert.Equal("work", await _store.CurrentBranchAsync(ItemKind.Context, "ann", None));
        Assert.Equal("default", await _store.CurrentBranchAsync(ItemKind.Prompt, "ann", None));
        Assert.Equal("You are {name}\n\"kind\"", await _store.DocumentAsync(new ItemKey(ItemKind.Prompt, "ann", "default"), None));
        Assert.Equal("""{"temperature":0.7,"name":"漢"}""", await _store.DocumentAsync(new ItemKey(ItemKind.Config, "ann", "default"), None));
        Assert.Equal("p2", await _store.CurrentBranchAsync(ItemKind.Prompt, "bob", None));
    }

    [Fact]
    public async Task Import_WhenRepeated_ChangesNothingThatWasChangedSince()
    {
        WriteTree();
        await ImportAsync();
        StoredContext context = await _store.ContextAsync("ann", "default", None);
        await _store.PutContextAsync("ann", "default", [new("user", "new")], context.Revision, None);
        await _store.PutDocumentAsync(new ItemKey(ItemKind.Prompt, "ann", "default"), "changed", None);
        await _store.SelectBranchAsync(ItemKey.Context("ann", "default"), None);

        OriginalImportResult again = await ImportAsync();
        Assert.Equal((0, 6), (again.Imported, again.Kept));
        Assert.Equal("new", (await _store.ContextAsync("ann", "default", None)).Messages.Single().Content);
        Assert.Equal("changed", await _store.DocumentAsync(new ItemKey(ItemKind.Prompt, "ann", "default"), None));
        Assert.Equal("default", await _store.CurrentBranchAsync(ItemKind.Context, "ann", None));

        OriginalImportResult forced = await ImportAsync(overwrites: true);
        Assert.Equal((6, 0), (forced.Imported, forced.Kept));
        Assert.Equal("hi", (await _store.ContextAsync("ann", "default", None)).Messages[1].Content);
        Assert.Equal("work", await _store.CurrentBranchAsync(ItemKind.Context, "ann", None));
    }

    [Fact]
    public async Task Import_OfWhatIsDamaged_NamesEachPathAndTakesTheRest()
    {
        WriteTree();
        Write("Context_UserData/ann/ParallelData/torn.json", """[{"role":"user","content":"x"},{"role":"us""");
        Write("Context_UserData/ann/ParallelData/wrong.json", """[{"role":"user","content":"x"},{"role":"robot","content":"x"}]""");
        Write("Context_UserData/ann/ParallelData/empty.json", "");
        Write("Context_UserData/ann/ParallelData/notes.txt", "x");
        Write("Context_UserData/ann/old.bak", "x");
        Write("Context_UserData/stray", "x");
        Write("Context_UserData/zoe/metadata.json", "{");
        Write("Prompt_UserData/ann/ParallelData/list.json", "[]");
        Write("UserConfig_UserData/ann/ParallelData/text.json", "\"x\"");
        Directory.CreateDirectory(Path.Combine(Data, "UserConfig_UserData/ann/ParallelData/folder.json"));

        OriginalImportResult result = await ImportAsync();
        string[] expected =
        [
            "Context_UserData/ann/ParallelData/torn.json: [1]", "Context_UserData/ann/ParallelData/wrong.json: [1].role: must be one of",
            "Context_UserData/ann/ParallelData/empty.json: ", "Context_UserData/ann/ParallelData/notes.txt: is no branch", "Context_UserData/ann/old.bak: is nothing",
            "Context_UserData/stray: is no directory", "Context_UserData/zoe/metadata.json: is no JSON", "Prompt_UserData/ann/ParallelData/list.json: a prompt must be",
            "UserConfig_UserData/ann/ParallelData/text.json: a configuration must be", "UserConfig_UserData/ann/ParallelData/folder.json: it cannot be read",
        ];
        foreach (string start in expected)
            Assert.Single(result.Problems, problem => problem.StartsWith(Path.Combine(Data, start), StringComparison.Ordinal));
        Assert.Equal((expected.Length, 6), (result.ProblemCount, result.Imported));
        Assert.Equal(["default", "work"], (await _store.BranchesAsync(ItemKind.Context, "ann", None)).Select(branch => branch.Name));
    }

    [Fact]
    public async Task Import_OfAnotherDirectory_IsRefused()
    {
        Directory.CreateDirectory(Data);
        Assert.Contains("USER_DATA_DIR", (await Assert.ThrowsAsync<DirectoryNotFoundException>(() => ImportAsync())).Message);
    }

    [Fact]
    public async Task Export_OfAUser_IsTheOriginalsZipAndAllBranches()
    {
        WriteTree();
        await ImportAsync();
        await _store.PutBranchSettingsAsync("ann", "work", new BranchSettings("be brief", "reasoner"), None);
        await _store.PutContextAsync("ann", "../a:b", [new("user", "x")], 0, None);

        using ZipArchive zip = await ExportAsync("ann");
        Assert.Equal(
            ["user_context.json", "user_config.json", "user_prompt.json", "branches/context/%2E.%2Fa%3Ab.json", "branches/context/default.json", "branches/context/work.json",
                "branches/prompt/default.json", "branches/config/default.json", "metadata.json"],
            zip.Entries.Select(entry => entry.FullName));
        Assert.All(zip.Entries, entry => Assert.Equal(entry.Length, entry.CompressedLength));
        Assert.Equal("[\n    {\n        \"role\": \"user\",\n        \"content\": \"at work\"\n    }\n]", TextOf(zip, "user_context.json"));
        Assert.Equal("{\n    \"temperature\": 0.7,\n    \"name\": \"漢\"\n}", TextOf(zip, "user_config.json"));
        Assert.Equal("\"You are {name}\\n\\\"kind\\\"\"", TextOf(zip, "user_prompt.json"));
        Assert.Contains("你好 😀", TextOf(zip, "branches/context/default.json"));
        using JsonDocument metadata = JsonDocument.Parse(TextOf(zip, "metadata.json"));
        Assert.Equal("work", metadata.RootElement.GetProperty("current").GetProperty("context").GetString());
        JsonElement work = metadata.RootElement.GetProperty("branches").EnumerateArray().Single(branch => branch.GetProperty("name").GetString() == "work");
        Assert.Equal(("be brief", "reasoner"), (work.GetProperty("prompt").GetString(), work.GetProperty("model_type").GetString()));
    }

    [Fact]
    public async Task Export_OfNobody_HasEmptyFilesOfTheRightTypes()
    {
        using ZipArchive zip = await ExportAsync("nobody");
        Assert.Equal(("[]", "{}", "\"\""), (TextOf(zip, "user_context.json"), TextOf(zip, "user_config.json"), TextOf(zip, "user_prompt.json")));
        Assert.Empty(await _store.UsersAsync(ItemKind.Context, None));
    }

    [Fact]
    public async Task Export_ReadByPython_IsWhole()
    {
        WriteTree();
        await ImportAsync();
        string path = Path.Combine(_folder, "ann.zip");
        await using (FileStream file = File.Create(path))
            await UserExport.WriteAsync(_store, "ann", file, None);
        const string script = """
            import json, sys, zipfile
            z = zipfile.ZipFile(sys.argv[1])
            assert z.testzip() is None
            for name in z.namelist():
                text = z.read(name).decode()
                assert text == json.dumps(json.loads(text), indent=4, ensure_ascii=False), name
                assert z.getinfo(name).compress_type == zipfile.ZIP_STORED, name
            """;
        using Process python = Process.Start(new ProcessStartInfo("python3", ["-c", script, path]) { RedirectStandardError = true, UseShellExecute = false })!;
        string errors = await python.StandardError.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, errors);
    }

    [Fact]
    public void ZipNames_OfAnyNames_AreDistinctAndNoPaths()
    {
        string[] names = ["..", ".", "a/b", "a%2Fb", "a\\b", "a ", "a.", "a%20", ".a", "%2Ea", "ä", "a\u0308", new('漢', 512), new('漢', 511), "\uD800", "\uD801", "\uFFFD", "😀", "\n", "x\0y"];
        string[] files = [.. names.Select(ZipNames.Of)];
        Assert.Equal(files.Length, files.Distinct().Count());
        foreach (string file in files)
        {
            Assert.DoesNotContain('/', file);
            Assert.False(file is "." or "..", file);
            Assert.InRange(Encoding.UTF8.GetByteCount(file), 1, 220);
        }
    }

    private static string TextOf(ZipArchive zip, string name)
    {
        using StreamReader reader = new(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private Task<OriginalImportResult> ImportAsync(bool overwrites = false) => OriginalImport.RunAsync(_store, new OriginalImportOptions(Data, overwrites), None);

    private async Task<ZipArchive> ExportAsync(string user)
    {
        MemoryStream zip = new();
        await UserExport.WriteAsync(_store, user, zip, None);
        return new ZipArchive(zip, ZipArchiveMode.Read);
    }

    private void WriteTree()
    {
        Write("Context_UserData/ann/ParallelData/default.json", """[{"role":"user","content":"你好 😀","name":"Ann"},{"role":"assistant","content":"hi","reasoning_content":"greet"}]""");
        Write("Context_UserData/ann/ParallelData/work.json", """[{"role":"user","content":"at work"}]""");
        Write("Context_UserData/ann/metadata.json", """{"default_item":"work"}""");
        Write("Context_UserData/a_b/ParallelData/default.json", "[]");
        Write("Prompt_UserData/ann/ParallelData/default.json", "\"You are {name}\\n\\\"kind\\\"\"");
        Write("Prompt_UserData/bob/ParallelData/p2.json", "\"\"");
        Write("Prompt_UserData/bob/metadata.json", """{"default_item":"p2"}""");
        Write("UserConfig_UserData/ann/ParallelData/default.json", """{"temperature": 0.7, "name": "漢"}""");
    }

    private void Write(string path, string content)
    {
        string full = Path.Combine(Data, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
