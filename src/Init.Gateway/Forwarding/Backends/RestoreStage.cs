using System.Globalization;
using System.Text.Json;

namespace Init.Gateway.Forwarding.Backends;

/// <summary>How far the backup's role is on its way to the open gate, for whoever waits before it: numbers and words of ours, and nothing of what the role says itself.</summary>
/// <param name="Stage">As docs/reference/backup.md has it.</param>
/// <param name="Done">Files, or objects of git.</param>
/// <param name="Total">0: not known.</param>
/// <param name="SecondsLeft">Null: not known.</param>
internal sealed record RestoreStage(string Stage, long Done, long Total, long Bytes, long BytesTotal, long BytesPerSecond, long? SecondsLeft)
{
    /// <summary>0 to 1; null: not known.</summary>
    public double? Fraction =>
        BytesTotal > 0 ? Math.Clamp((double)Bytes / BytesTotal, 0, 1)
        : Total > 0 ? Math.Clamp((double)Done / Total, 0, 1)
        : null;

    public Phrase Words
    {
        get
        {
            Phrase what = Stage switch
            {
                "unreachable" => new("the place where the backup is kept cannot be reached; it is tried again", "备份所在的位置暂时无法访问，正在重试"),
                "waiting-for-lease" => new("another instance is still at work with this backup; this one waits until it has ended", "另一个实例仍在使用此备份，正在等待它结束"),
                "fetching" => new("fetching the backup", "正在下载备份"),
                "restoring" => new("restoring the backup", "正在恢复备份"),
                "failing" => new("the backup could not be restored; it is tried again", "备份恢复失败，正在重试"),
                _ => new("looking for the backup", "正在查找备份"),
            };
            List<Phrase> parts = [];
            if (Total > 0)
                parts.Add(BytesTotal > 0 ? new($"{Number(Done)} of {Number(Total)} files", $"{Number(Done)} / {Number(Total)} 个文件") : new($"{Number(Done)} of {Number(Total)} objects", $"{Number(Done)} / {Number(Total)} 个对象"));
            if (BytesTotal > 0)
                parts.Add(new($"{Megabytes(Bytes)} of {Megabytes(BytesTotal)} MB", $"{Megabytes(Bytes)} / {Megabytes(BytesTotal)} MB"));
            else if (Bytes > 0)
                parts.Add(new($"{Megabytes(Bytes)} MB", $"{Megabytes(Bytes)} MB"));
            if (BytesPerSecond > 0)
                parts.Add(new($"{Megabytes(BytesPerSecond)} MB/s", $"{Megabytes(BytesPerSecond)} MB/s"));
            if (SecondsLeft is { } seconds)
                parts.Add(seconds < 120 ? new($"about {seconds} s left", $"大约还需 {seconds} 秒") : new($"about {(seconds + 59) / 60} min left", $"大约还需 {(seconds + 59) / 60} 分钟"));
            return parts.Count == 0
                ? what
                : new($"{what.English}: {string.Join(", ", parts.Select(part => part.English))}", $"{what.Chinese}：{string.Join("，", parts.Select(part => part.Chinese))}");
        }
    }

    /// <param name="status">Of the role.</param>
    /// <returns>Null when the gate is open, or it is none.</returns>
    public static RestoreStage? Of(JsonElement status)
    {
        if (status.ValueKind != JsonValueKind.Object || !status.TryGetProperty("stage", out JsonElement stage) || stage.ValueKind != JsonValueKind.String
            || (status.TryGetProperty("ready", out JsonElement ready) && ready.ValueKind == JsonValueKind.True))
            return null;

        JsonElement progress = status.TryGetProperty("progress", out JsonElement given) && given.ValueKind == JsonValueKind.Object ? given : default;
        return new RestoreStage(
            stage.GetString()!, NumberOf("done") ?? 0, NumberOf("total") ?? 0, NumberOf("bytes") ?? 0, NumberOf("bytes_total") ?? 0, NumberOf("bytes_per_second") ?? 0, NumberOf("seconds_left"));

        long? NumberOf(string name) =>
            progress.ValueKind == JsonValueKind.Object && progress.TryGetProperty(name, out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out long value) && value >= 0
                ? value
                : null;
    }

    /// <summary>The member "progress" of an object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("progress");
        json.WriteString("stage", Stage);
        json.WriteNumber("done", Done);
        json.WriteNumber("total", Total);
        json.WriteNumber("bytes", Bytes);
        json.WriteNumber("bytes_total", BytesTotal);
        json.WriteNumber("bytes_per_second", BytesPerSecond);
        if (SecondsLeft is { } seconds)
            json.WriteNumber("seconds_left", seconds);
        json.WriteEndObject();
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Megabytes(long bytes) => bytes is > 0 and < 10_000_000 ? (bytes / 1e6).ToString("0.#", CultureInfo.InvariantCulture) : Number(bytes / 1_000_000);
}
