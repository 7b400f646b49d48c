using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Init.Backup.GitHub;

/// <param name="UploadUrl">Without the template at its end.</param>
internal sealed record GitHubRelease(long Id, string Tag, bool IsDraft, bool IsImmutable, string UploadUrl)
{
    public static GitHubRelease Read(JsonElement json) => new(
        json.GetProperty("id").GetInt64(),
        GitHubJson.Text(json, "tag_name") ?? "",
        GitHubJson.IsTrue(json, "draft"),
        GitHubJson.IsTrue(json, "immutable"),
        (GitHubJson.Text(json, "upload_url") ?? "").Split('{')[0]);
}

/// <param name="State">"uploaded"; "starter" is what a failed upload leaves behind.</param>
/// <param name="Sha256">From its digest; null when GitHub does not say, as for assets of before the middle of 2025.</param>
internal sealed record GitHubAsset(long Id, string Name, string State, long Size, string? Sha256, DateTimeOffset Created, string DownloadUrl)
{
    private const string Digest = "sha256:";

    public bool IsUploaded => State == "uploaded";

    public static GitHubAsset Read(JsonElement json) => new(
        json.GetProperty("id").GetInt64(),
        GitHubJson.Text(json, "name") ?? "",
        GitHubJson.Text(json, "state") ?? "",
        json.GetProperty("size").GetInt64(),
        GitHubJson.Text(json, "digest") is { } digest && digest.StartsWith(Digest, StringComparison.Ordinal) ? digest[Digest.Length..].ToLowerInvariant() : null,
        DateTimeOffset.TryParse(GitHubJson.Text(json, "created_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset created) ? created : DateTimeOffset.MaxValue,
        GitHubJson.Text(json, "browser_download_url") ?? "");
}

/// <summary>GitHub's JSON, field by field: nothing is found by reflection, which a native binary has not.</summary>
internal static class GitHubJson
{
    public static string? Text(JsonElement json, string key) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static bool IsTrue(JsonElement json, string key) => json.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    /// <summary>An object of texts and booleans.</summary>
    public static byte[] Write(params (string Key, object Value)[] fields)
    {
        StringBuilder text = new("{");
        text.AppendJoin(',', fields.Select(field => $"\"{field.Key}\":{(field.Value is bool flag ? (flag ? "true" : "false") : $"\"{JsonEncodedText.Encode((string)field.Value)}\"")}"));
        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }
}
