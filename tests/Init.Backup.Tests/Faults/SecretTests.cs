using System.Text;
using Init.Backup.Service;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;
using Init.Linux;

namespace Init.Backup.Tests.Faults;

/// <summary>The token is where it is needed, in the environment of the git that talks, and nowhere else.</summary>
public sealed class SecretTests
{
    private static readonly string[] Forms = [GitServer.Token, Convert.ToBase64String(Encoding.UTF8.GetBytes($"{GitServer.User}:{GitServer.Token}"))];

    /// <summary>Of git that has to do with the remote, and what they start.</summary>
    private static readonly string[] Talking = ["push", "fetch", "ls-remote", "remote-http", "pack-objects", "index-pack", "send-pack", "fetch-pack", "rev-list", "unpack-objects", "maintenance", "sh"];

    [Fact]
    public async Task Token_AfterAFullRun_IsNowhere()
    {
        using TestFolder folder = new();
        string servers = Directory.CreateTempSubdirectory("init-git-server-").FullName;
        await using GitServer server = await GitServer.StartAsync(servers);
        server.CreateRepository("owner/repo.git");
        string url = server.UrlOf("owner/repo.git");
        using CancellationTokenSource end = new();
        List<string> leaks = [];
        HashSet<string> talked = [];
        int samples = 0;
        Task sampling = Task.Run(() =>
        {
            while (!end.IsCancellationRequested)
            {
                samples++;
                foreach (int pid in ProcFs.ListPids().Where(IsBelowUs))
                    Look(pid, folder, leaks, talked);
            }
        });

        string said;
        string status;
        using (RoleProcess role = RoleProcess.Start(folder, url))
        {
            Assert.True(role.WaitForReady(), role.Said);
            for (int i = 0; i < 5; i++)
            {
                folder.Write("a", new string('x', 50_000 + i));
                Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            }

            server.Misbehave(new GitFault { Times = 2, Status = 403, Body = "Bad credentials " + GitServer.Token }); // What comes back must not be said either.
            folder.Write("a", "refused");
            _ = role.BackUpNow();
            server.Misbehave();
            Assert.IsType<BackupAnswer.Done>(role.BackUpNow());
            using BackupClient client = BackupClient.Connect(role.SocketPath)!;
            status = ((BackupAnswer.Done)client.Ask("status")).Result!.Value.GetRawText();
            role.EndInOrder();
            said = role.Said;
        }

        using TestFolder fresh = new();
        using (RoleProcess role = RoleProcess.Start(fresh, url))
        {
            Assert.True(role.WaitForReady(), role.Said);
            role.EndInOrder();
            said += role.Said;
        }

        end.Cancel();
        await sampling;
        Assert.Empty(leaks);
        Assert.Contains("store.git/HEAD", TestFolder.FilesWith(folder.Root, "refs/heads/main")); // The search finds what is there.
        Assert.True(samples > 5 && talked.Count > 0, $"{samples} samples saw the token nowhere, also not where it has to be");
        foreach (string form in Forms)
        {
            Assert.DoesNotContain(form, said);
            Assert.DoesNotContain(form, status);
            foreach (string root in new[] { folder.Root, fresh.Root })
                Assert.Equal("", TestFolder.FilesWith(root, form));
        }
    }

    /// <summary>Others may be testing on this machine with the same token.</summary>
    private static bool IsBelowUs(int pid)
    {
        int at = pid;
        do
            at = ProcFs.Read(at)?.ParentPid ?? 0;
        while (at > 1 && at != Environment.ProcessId);
        return at == Environment.ProcessId;
    }

    private static void Look(int pid, TestFolder folder, List<string> leaks, HashSet<string> talked)
    {
        string arguments = Read(pid, "cmdline"), environment = Read(pid, "environ");
        if (Forms.Any(form => arguments.Contains(form, StringComparison.Ordinal)))
            leaks.Add($"arguments of {pid}: {arguments}");
        if (!Forms.Any(form => environment.Contains(form, StringComparison.Ordinal)))
            return;
        // Between fork and exec a child is not yet what it is going to be.
        if (Talking.Any(word => arguments.Contains(word, StringComparison.Ordinal)))
            talked.Add(arguments);
        else if (arguments.Length > 0 && Read(pid, "cmdline") == arguments)
            leaks.Add($"environment of {pid}: {arguments} ({folder.Root})");
    }

    private static string Read(int pid, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/{file}").Replace('\0', ' ');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
