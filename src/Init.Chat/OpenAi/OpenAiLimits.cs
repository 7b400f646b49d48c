namespace Init.Chat.OpenAi;

/// <summary>Every limit of /v1 that no option sets.</summary>
internal static class OpenAiLimits
{
    /// <summary>
    /// A client that goes away has its answer read on for so long, to learn what it took: most providers go on writing and are paid for it, and only the end of an answer says how much. Beyond it the call is given up, and what came is counted
    /// by its length.
    /// </summary>
    public static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(10);

    /// <summary>Answers that are read on for nobody at the same time; those beyond it are given up at once.</summary>
    public const int DrainsMax = 200;
}
