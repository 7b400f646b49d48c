using System.Security.Cryptography;
using Init.Backup.GitHub;
using Init.Backup.Large;
using Init.Backup.Names;
using Init.Backup.Remote;
using Init.Backup.Restore;
using Init.Backup.Store;
using Init.Backup.Tests.Harness;
using Init.Backup.Tests.Kill;

namespace Init.Backup.Tests;

/// <summary>Started by <see cref="KillTests"/>, which kills it; and a fake GitHub for work by hand.</summary>
internal static class Program
{
    public const int FilesEachRound = 30;

    public static int Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["back-up-until-killed", var root, var first]:
                BackUp(TestFolder.SettingsOf(root), int.Parse(first));
                return 1;
            case ["restore", var root, var commit]:
                // Heard once it has begun: before that, how long a start takes is the machine's affair.
                bool hasBegun = false;
                void SayOnce(RestoreProgress progress)
                {
                    if (!hasBegun)
                        Console.WriteLine("ready");
                    hasBegun = true;
                }

                using (BackupStore store = BackupStore.Open(TestFolder.SettingsOf(root).StorePath, "main"))
                    return RestoreRun.Execute(TestFolder.SettingsOf(root), store, new RestoreRequest(commit, null, []), DateTimeOffset.UtcNow, SayOnce).IsComplete ? 0 : 1;
            case ["role", var root, var remote, var lease]:
                return RoleProcess.Run(root, remote, lease);
            case ["ask", var remote, var api, var root]:
                Ask(remote, api, root);
                return 0;
            case ["fake-github", var directory]:
                return ServeGitHub(directory);
            default:
                return 2;
        }
    }

    /// <summary>Every second round has enough for packs of our own.</summary>
    public static string Content(int round, int file) => $"{round}\n{new string('x', (file * 4001 * (round % 2 == 0 ? 1 : 3)) + round)}";

    /// <summary>Whether git, the API and the assets of a remote can be reached, a line each.</summary>
    private static void Ask(string remote, string api, string root)
    {
        BackupSettings settings = TestFolder.SettingsOf(root);
        GitHubSettings gitHub = new(FakeGitHub.Repository, GitServer.Token) { Api = new Uri(api), RetryDelay = TimeSpan.FromMilliseconds(10) };
        void Say(string what, Action act)
        {
            try
            {
                act();
                Console.WriteLine($"{what}: fine");
            }
            catch (RemoteException exception)
            {
                Console.WriteLine($"{what}: {exception.Problem}: {exception.Message}");
            }
        }

        using BackupStore store = BackupStore.Open(settings.StorePath, "main");
        Say("git", () => new GitRemote(store, new RemoteAddress(remote, GitServer.User, GitServer.Token), "tests", new RemoteLimits(), settings.IndexPath).Look(default));
        Say("api", () =>
        {
            if (GitHubDoctor.Examine(gitHub, TimeProvider.System, default).Problem is { } problem)
                throw problem;
        });
        Say("assets", () =>
        {
            using ReleaseFiles files = new(gitHub);
            byte[] content = new byte[100_000];
            string path = Path.Combine(root, "large");
            File.WriteAllBytes(path, content);
            int fd = Linux.Files.Open(path, Linux.OpenFlags.ReadWrite).Fd;
            Pointer pointer = files.Put(new LargeSource(BytePath.Of("t/large"), fd, content.Length, Convert.ToHexStringLower(SHA256.HashData(content))), default);
            files.Get(pointer, fd, null, default);
            Linux.Files.Close(fd);
        });
    }

    /// <summary>For work by hand, and for containers: says how to use it, and serves until standard input ends.</summary>
    private static int ServeGitHub(string directory)
    {
        FakeGitHub github = FakeGitHub.StartAsync(Path.GetFullPath(directory)).GetAwaiter().GetResult();
        Console.WriteLine($"remote={github.RemoteUrl}");
        Console.WriteLine($"github_api={github.Api}");
        Console.WriteLine($"user={GitServer.User}");
        Console.WriteLine($"token={GitServer.Token}");
        while (Console.ReadLine() is not null)
        {
            // Nothing is asked of us but to go on.
        }

        github.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return 0;
    }

    /// <summary>Every file of a round says its number. A state with two numbers in it never was.</summary>
    private static void BackUp(BackupSettings settings, int first)
    {
        using BackupStore store = BackupStore.Open(settings.StorePath, "main");
        for (int round = first; ; round++)
        {
            for (int file = 0; file < FilesEachRound; file++)
                File.WriteAllText(Path.Combine(settings.Base, "t", $"{file}"), Content(round, file));
            File.WriteAllText(Path.Combine(settings.Base, "t", $"only-{round}"), "");
            File.Delete(Path.Combine(settings.Base, "t", $"only-{round - 1}"));
            BackupRun.Execute(settings, store, DateTimeOffset.UtcNow);
            Console.WriteLine(round);
        }
    }
}
