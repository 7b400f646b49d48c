using System.Globalization;
using System.Security.Cryptography;
using Init.Backup.Names;
using Init.Backup.Store;

namespace Init.Backup.Tests;

/// <summary>A repository as the original's script makes it, with its own commands: git init, git add -A, git commit; pointers by hand, chmod -R 777.</summary>
internal sealed class OriginalRepository
{
    public OriginalRepository(TestFolder folder)
    {
        Folder = folder;
        WorkTree = Directory.CreateDirectory(Path.Combine(folder.Root, ".astrbot-backup")).FullName;
        folder.Settings = folder.Settings with { Targets = [.. Targets.Select(target => BytePath.Of(target))], OriginalDirectory = WorkTree };
        Directory.Delete(folder.Target);
        Git("init", "-q", "-b", "main");
        Git("config", "user.name", "astrbot-backup");
        Git("config", "user.email", "astrbot-backup@local");
    }

    public static IReadOnlyList<string> Targets { get; } = ["home/user/AstrBot/data", "home/user/config", "home/user/nginx/admin_config.json", "app/.config/QQ", "home/user/gemini-data"];

    public TestFolder Folder { get; }

    public string WorkTree { get; }

    public void Write(string path, string content) => Write(path, System.Text.Encoding.UTF8.GetBytes(content));

    public void Write(string path, byte[] content)
    {
        string full = Path.Combine(WorkTree, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, content);
    }

    /// <summary>As its pointerize does: the pointer beside the file, the path in .gitignore, the file deleted.</summary>
    public void Pointerize(string path, byte[] content, long? assetId, string url)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(content));
        string id = assetId?.ToString(CultureInfo.InvariantCulture) ?? "null";
        Write(path + ".pointer", $$"""{"type":"release-asset","repo":"owner/repo","release_tag":"blobs","asset_name":"{{hash}}-{{Path.GetFileName(path)}}","asset_id":{{id}},"download_url":"{{url}}","original_path":"{{path}}","size":{{content.Length}},"sha256":"{{hash}}","generated_at":"2025-09-10T11:12:13Z"}""" + "\n");
        File.AppendAllText(Path.Combine(WorkTree, ".gitignore"), path + "\n");
    }

    /// <returns>The commit.</returns>
    public string Commit()
    {
        TestFolder.Run("chmod", "-R", "777", WorkTree);
        Git("add", "-A");
        Git("commit", "-q", "-m", "auto: 2025-09-10 19:12:13");
        return Git("rev-parse", "HEAD").Trim();
    }

    /// <summary>As a fetch from the remote leaves it.</summary>
    public void FetchInto(TestFolder folder)
    {
        using BackupStore store = BackupStore.Open(folder.Settings.StorePath, "main");
        folder.Git("fetch", "-q", WorkTree, "main:main");
    }

    public string Git(params string[] arguments) => TestFolder.RunIn(WorkTree, "git", arguments);
}
