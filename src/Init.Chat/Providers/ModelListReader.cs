using System.Collections.Immutable;
using System.Text.Json;

namespace Init.Chat.Providers;

/// <summary>
/// Reads the original's list of models (its API_INFO_FILE_PATH): an array of groups <c>{"Name", "ApiKeyEnv", "URL", "models": [{"Name", "Id", "Type", "URL", "ApiKeyEnv"}]}</c>; what a model says comes
/// before what its group says. ApiKeyEnv may name several variables here, as an array: keys that take turns. Ours are also, of a model or of its group, "Weight", "Price" ({"Input", "CachedInput", "Output"}
/// for a million tokens), "StreamOptions" (true, false) and "AllowPlainHttp". Everything that is wrong is said at once.
/// </summary>
public static class ModelListReader
{
    private const int BytesMax = 1 << 20, ModelsMax = 1000, CharactersMax = 300, PriceMax = 1_000_000;

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
            Common common = CommonOf(group, place, default);
            if (!group.TryGetProperty("models", out JsonElement models) || models.ValueKind != JsonValueKind.Array)
            {
                _problems.Add($"{place}.models: must be an array");
                return;
            }

            int number = 0;
            foreach (JsonElement model in models.EnumerateArray())
                Model(model, $"{place}.models[{number++}]", name, common);
        }

        private void Model(JsonElement model, string place, string? provider, Common ofGroup)
        {
            if (!IsObject(model, place))
                return;
            string? id = Text(model, "Id", place, isNeeded: true);
            string? type = Text(model, "Type", place, isNeeded: true);
            string? name = Text(model, "Name", place, isNeeded: false) ?? id;
            if (!model.TryGetProperty("URL", out _) && ofGroup.Url is null)
                _problems.Add($"{place}.URL: is in neither the model nor its group");
            Common common = CommonOf(model, place, ofGroup);
            if (provider is null || id is null || type is null || name is null || common.Url is null)
                return;
            _models.Add(new ModelInfo(provider, name, id, type, common.Url, common.Keys ?? []) { Weight = common.Weight ?? 1, Price = common.Price, TakesStreamOptions = common.StreamOptions });
        }

        /// <summary>What a model and its group may both say.</summary>
        private Common CommonOf(JsonElement element, string place, Common otherwise)
        {
            bool allowsPlainHttp = Flag(element, "AllowPlainHttp", place) ?? otherwise.AllowsPlainHttp;
            return new Common(
                Url(element, place, allowsPlainHttp) ?? otherwise.Url,
                Keys(element, place) ?? otherwise.Keys,
                Weight(element, place) ?? otherwise.Weight,
                Price(element, place) ?? otherwise.Price,
                Flag(element, "StreamOptions", place) ?? otherwise.StreamOptions,
                allowsPlainHttp);
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

        private string? Url(JsonElement element, string place, bool allowsPlainHttp)
        {
            if (!element.TryGetProperty("URL", out _) || Text(element, "URL", place, isNeeded: true) is not { } text)
                return null;
            if (ModelAddress.Problem(text, allowsPlainHttp) is not { } problem)
                return text.TrimEnd('/');
            _problems.Add($"{place}.URL: {problem}");
            return null;
        }

        private bool? Flag(JsonElement element, string key, string place)
        {
            if (!element.TryGetProperty(key, out JsonElement value))
                return null;
            if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
                return value.GetBoolean();
            _problems.Add($"{place}.{key}: must be true or false");
            return null;
        }

        private int? Weight(JsonElement element, string place)
        {
            if (!element.TryGetProperty("Weight", out JsonElement value))
                return null;
            if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int weight) && weight is >= 1 and <= ModelInfo.WeightMax)
                return weight;
            _problems.Add($"{place}.Weight: must be a whole number from 1 to {ModelInfo.WeightMax}");
            return null;
        }

        private ModelPrice? Price(JsonElement element, string place)
        {
            if (!element.TryGetProperty("Price", out JsonElement value))
                return null;
            if (value.ValueKind == JsonValueKind.Object && Amount(value, "Input") is { } input && Amount(value, "Output") is { } output)
            {
                if (!value.TryGetProperty("CachedInput", out _))
                    return new ModelPrice(input, input, output);
                if (Amount(value, "CachedInput") is { } cached)
                    return new ModelPrice(input, cached, output);
            }

            _problems.Add($"{place}.Price: must be as {{\"Input\": 0.27, \"CachedInput\": 0.07, \"Output\": 1.10}}, for a million tokens, each from 0 to {PriceMax}");
            return null;
        }

        private static decimal? Amount(JsonElement price, string key) =>
            price.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal amount) && amount is >= 0 and <= PriceMax ? amount : null;

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

        private readonly record struct Common(string? Url, ImmutableArray<string>? Keys, int? Weight, ModelPrice? Price, bool? StreamOptions, bool AllowsPlainHttp);
    }
}
