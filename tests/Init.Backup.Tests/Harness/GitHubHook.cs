namespace Init.Backup.Tests.Harness;

/// <summary>What GitHub looks for in a push, and its words for what it finds: push protection (GH013) and files that are too large (GH001).</summary>
internal static class GitHubHook
{
    /// <summary>Stands for a personal access token: 36 characters after "ghp_" are one to GitHub.</summary>
    public const string Secret = "ghp_abcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>A pre-receive hook: /bin/sh.</summary>
    public static string Text(long objectBytesMax) => $$"""
        #!/bin/sh
        status=0
        while read -r old new ref; do
            case $new in 0000000000000000000000000000000000000000) continue;; esac
            large=$(git rev-list --objects "$new" --not --all | git cat-file --batch-check='%(objecttype) %(objectsize) %(rest)' | awk '$1 == "blob" && $2 > {{objectBytesMax}} { size = $2 / 1000000; sub(/^[^ ]* [^ ]* /, ""); printf "error: File %s is %.2f MB; this exceeds GitHub'"'"'s file size limit of 100.00 MB\n", $0, size }')
            if [ -n "$large" ]; then
                echo "error: Trace: 0123456789abcdef" >&2
                echo "error: See https://gh.io/lfs for more information." >&2
                echo "$large" >&2
                echo "error: GH001: Large files detected. You may want to try Git Large File Storage - https://git-lfs.github.com." >&2
                status=1
            fi
            found=$(for commit in $(git rev-list "$new" --not --all); do git grep -n -a -E 'ghp_[a-z0-9]{36}' "$commit" --; done)
            if [ -n "$found" ]; then
                echo "error: GH013: Repository rule violations found for $ref." >&2
                echo >&2
                echo "- GITHUB PUSH PROTECTION" >&2
                echo "  —————————————————————————————————————————" >&2
                echo "    Resolve the following violations before pushing again" >&2
                echo >&2
                echo "    - Push cannot contain secrets" >&2
                echo >&2
                echo "     (?) Learn how to resolve a blocked push" >&2
                echo "     https://docs.github.com/code-security/secret-scanning/working-with-secret-scanning-and-push-protection/working-with-push-protection-from-the-command-line" >&2
                echo >&2
                echo "      —— GitHub Personal Access Token ——————————————————————" >&2
                echo "       locations:" >&2
                echo "$found" | awk -F: '{ printf "         - commit: %s\n           path: %s:%s\n", $1, $2, $3 }' >&2
                echo >&2
                echo "       (?) To push, remove secret from commit(s) or follow this URL to allow the secret." >&2
                echo "       https://github.com/owner/repo/security/secret-scanning/unblock-secret/2abcDEF" >&2
                echo >&2
                status=1
            fi
        done
        exit $status

        """;
}
