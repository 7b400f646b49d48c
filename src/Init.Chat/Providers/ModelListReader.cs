using System.Collections.Immutable;
using System.Text.Json;

namespace Init.Chat.Providers;

/// <summary>
/// Reads the original's list of models (its API_INFO_FILE_PATH): an array of groups <c>{"Name", "ApiKeyEnv", "URL", "models": [{"Name", "Id", "Type", "URL", "ApiKeyEnv"}]}</c>; what a model says comes
/// before what its group says. ApiKeyEnv may name several variables here, as an array: keys that take turns. Everything that is wrong is said at once.
/// </summary>
public static class ModelListReader
{
    private const int BytesMax = 1 << 20, ModelsMax = 1000, CharactersMax = 300;

    public static ModelList Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > BytesMax)
            return new ModelList.Refused([$"is larger than {BytesMax >> 20} MiB"]);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            Reading reading = new();
            reading.Groups(document.RootElement);
            return reading.Result();
        }
        catch (JsonException exception)
        {
            return new ModelList.Refused([$"is no JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"]);
        }
    }

    private sealed class Reading
    {
        private readonly ImmutableArray<ModelInfo>.Builder _models = ImmutableArray.CreateBuilder<ModelInfo>();
        private readonly ImmutableArray<string>.Builder _problems = ImmutableArray.CreateBuilder<string>();

        public ModelList Result()
        {
            if (_models.Count > ModelsMax)
                _problems.Add($"has more than {ModelsMax} models");
            return _problems.Count > 0 ? new ModelList.Refused(_problems.ToImmutable()) : new ModelList.Read(_models.ToImmutable());
        }

        public void Groups(JsonElement root)
        {
            if (root.ValueKind != JsonValueKind.Array)
            {
                _problems.Add("must be an array of groups: [{\"Name\": ..., \"URL\": ..., \"ApiKeyEnv\": ..., \"models\": [...]}]");
                return;
            }

            int number = 0;
            foreach (JsonElement group in root.EnumerateArray())
                Group(group, $"[{number++}]");
        }

        private void Group(JsonElement group, string place)
        {
            if (!IsObject(group, place))
                return;
            string? name = Text(group, "Name", place, isNeeded: true);
            string? url = Url(group, place);
            ImmutableArray<string>? keys = Keys(group, place);
            if (!group.TryGetProperty("models", out JsonElement models) || models.ValueKind != JsonValueKind.Array)
            {
                _problems.Add($"{place}.models: must be an array");
                return;
            }

            int number = 0;
            foreach (JsonElement model in models.EnumerateArray())
                Model(model, $"{place}.models[{number++}]", name, url, keys);
        }

        private void Model(JsonElement model, string place, string? provider, string? groupUrl, ImmutableArray<string>? groupKeys)
        {
            if (!IsObject(model, place))
                return;
            string? id = Text(model, "Id", place, isNeeded: true);
            string? type = Text(model, "Type", place, isNeeded: true);
            string? name = Text(model, "Name", place, isNeeded: false) ?? id;
            bool hasUrl = model.TryGetProperty("URL", out _) || groupUrl is not null;
            if (!hasUrl)
                _problems.Add($"{place}.URL: is in neither the model nor its group");
            string? url = Url(model, place) ?? groupUrl;
            ImmutableArray<string> keys = Keys(model, place) ?? groupKeys ?? [];
            if (provider is not null && id is not null && type is not null && name is not null && url is not null)
                _models.Add(new ModelInfo(provider, name, id, type, url, keys));
        }

        private bool IsObject(JsonElement element, string place)
        {
            if (element.ValueKind == JsonValueKind.Object)
                return true;
            _problems.Add($"{place}: must be an object");
            return false;
        }

        private string? Text(JsonElement element, string key, string place, bool isNeeded)
        {
            if (!element.TryGetProperty(key, out JsonElement value))
            {
                if (isNeeded)
                    _problems.Add($"{place}.{key}: is missing");
                return null;
            }

            if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= CharactersMax } text)
                return text;
            _problems.Add($"{place}.{key}: must be a text of 1 to {CharactersMax} characters");
            return null;
        }

        /// <summary>The value is not shown: a key may be in it.</summary>
        private string? Url(JsonElement element, string place)
        {
            if (!element.TryGetProperty("URL", out _) || Text(element, "URL", place, isNeeded: true) is not { } text)
                return null;
            if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url is { Scheme: "http" or "https", UserInfo: "", Query: "", Fragment: "", Host.Length: > 0 })
                return text.TrimEnd('/');
            _problems.Add($"{place}.URL: must be an address as \"https://api.deepseek.com/v1\", without user, query and fragment");
            return null;
        }

        private ImmutableArray<string>? Keys(JsonElement element, string place)
        {
            if (!element.TryGetProperty("ApiKeyEnv", out JsonElement value) || value.ValueKind == JsonValueKind.Null)
                return null;
            JsonElement[] names = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
            if (Array.TrueForAll(names, IsVariable))
                return [.. names.Select(name => name.GetString()!).Distinct()];
            _problems.Add($"{place}.ApiKeyEnv: must name an environment variable, or several in an array; the key itself does not belong here");
            return null;
        }

        private static bool IsVariable(JsonElement value) =>
            value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= CharactersMax } name && !char.IsAsciiDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character == '_');
    }
}
