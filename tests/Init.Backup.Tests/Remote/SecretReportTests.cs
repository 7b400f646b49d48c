using Init.Backup.Remote;

namespace Init.Backup.Tests.Remote;

/// <summary>GitHub's words when push protection refuses a push, as git shows them.</summary>
public sealed class SecretReportTests
{
    private const string OfToday = """
        remote: error: GH013: Repository rule violations found for refs/heads/main.
        remote:
        remote: - GITHUB PUSH PROTECTION
        remote:   —————————————————————————————————————————
        remote:     Resolve the following violations before pushing again
        remote:
        remote:     - Push cannot contain secrets
        remote:
        remote:
        remote:      (?) Learn how to resolve a blocked push
        remote:      https://docs.github.com/code-security/secret-scanning/working-with-secret-scanning-and-push-protection/working-with-push-protection-from-the-command-line#resolving-a-blocked-push
        remote:
        remote:
        remote:       —— GitHub Personal Access Token ——————————————————————
        remote:        locations:
        remote:          - commit: 8728dbe67e6b1b6a1a9b6a2e6d8c3e4f5a6b7c8d
        remote:            path: home/user/AstrBot/data/cmd_config.json:14
        remote:          - commit: 8728dbe67e6b1b6a1a9b6a2e6d8c3e4f5a6b7c8d
        remote:            path: home/user/a: b/x.json:2
        remote:
        remote:        (?) To push, remove secret from commit(s) or follow this URL to allow the secret.
        remote:        https://github.com/owner/repo/security/secret-scanning/unblock-secret/2abcDEFghi
        remote:
        remote:
        remote:       —— OpenAI API Key ————————————————————————————————————
        remote:        locations:
        remote:          - commit: 0000dbe67e6b1b6a1a9b6a2e6d8c3e4f5a6b7c8d
        remote:            path: home/user/bot.db.chunks/0000/1f:33
        remote:
        remote:        (?) To push, remove secret from commit(s) or follow this URL to allow the secret.
        remote:        https://github.com/owner/repo/security/secret-scanning/unblock-secret/2second
        remote:
        To https://github.com/owner/repo.git
        error: failed to push some refs to 'https://github.com/owner/repo.git'
        """;

    [Fact]
    public void Report_OfPushProtection_NamesFilesLinesKindsAndEveryWayOut()
    {
        string report = SecretReport.Of(OfToday.Split('\n'))!;

        Assert.Contains("home/user/AstrBot/data/cmd_config.json line 14 (GitHub Personal Access Token, in commit 8728dbe67e6b)", report);
        Assert.Contains("home/user/a: b/x.json line 2", report);
        Assert.Contains("home/user/bot.db line 33 (OpenAI API Key, in commit 0000dbe67e6b)", report); // The file, not its chunk.
        Assert.Contains("exclude = [\"home/user/AstrBot/data/cmd_config.json\", \"home/user/a: b/x.json\", \"home/user/bot.db\"]", report);
        Assert.Contains("\"Advanced Security\"", report);
        Assert.Contains("https://github.com/owner/repo/security/secret-scanning/unblock-secret/2abcDEFghi and https://github.com/owner/repo/security/secret-scanning/unblock-secret/2second", report);
    }

    /// <summary>Before 2024, and where the lines are set in by tabs.</summary>
    [Fact]
    public void Report_OfTheOldKind_IsUnderstood()
    {
        string report = SecretReport.Of(
        [
            "remote: error: GH009: Secrets detected! This push failed.",
            "remote: \tGITHUB PUSH PROTECTION",
            "remote: \t  Resolve the following secrets before pushing again.",
            "remote: \t  —— Amazon AWS Access Key ID ————————————————",
            "remote: \t   locations:",
            "remote: \t     - commit: 8728dbe67e6b1b6a1a9b6a2e6d8c3e4f5a6b7c8d",
            "remote: \t       path: a \\ \"b\":1",
        ])!;

        Assert.Contains("a \\ \"b\" line 1 (Amazon AWS Access Key ID", report);
        Assert.Contains(@"exclude = [""a \\ \""b\""""]", report); // As TOML has it.
    }

    [Fact]
    public void Report_OfOtherRules_IsNone() => Assert.Null(SecretReport.Of(["remote: error: GH013: Repository rule violations found for refs/heads/main.", "remote: - Commits must have verified signatures."]));
}
