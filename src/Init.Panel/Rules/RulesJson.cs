using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;

namespace Init.Panel.Rules;

/// <summary>How the interface to the rules writes and reads JSON: as the rest of the REST interface does, and what is written in Chinese is read as that.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RouteDocument))]
[JsonSerializable(typeof(RuleBody))]
[JsonSerializable(typeof(ChangeReply))]
[JsonSerializable(typeof(ImportReply))]
[JsonSerializable(typeof(RulesProblem))]
[JsonSerializable(typeof(ValidationReply))]
[JsonSerializable(typeof(OrderBody))]
[JsonSerializable(typeof(MoveBody))]
[JsonSerializable(typeof(DefaultBackendBody))]
[JsonSerializable(typeof(UndoBody))]
[JsonSerializable(typeof(EffectiveReply))]
[JsonSerializable(typeof(DryRunBody))]
[JsonSerializable(typeof(DryRunReply))]
[JsonSerializable(typeof(HistoryReply))]
[JsonSerializable(typeof(HistoryEntryBody))]
[JsonSerializable(typeof(StatisticsReply))]
[JsonSerializable(typeof(OriginalReply))]
internal sealed partial class RulesJson : JsonSerializerContext
{
    /// <summary>Unlike the file, escapes what could be taken for HTML; beyond ASCII it is as it is.</summary>
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.Create(UnicodeRanges.All);

    public static RulesJson Readable => OfReaders.Context;

    /// <summary>Made when it is asked for: the generated part of this class may be initialized later than this part.</summary>
    private static class OfReaders
    {
        public static readonly RulesJson Context = new(new JsonSerializerOptions(Default.Options) { Encoder = Encoder });
    }
}
