namespace Init.Applets.Chat;

/// <summary>Options and words behind a command.</summary>
internal sealed record ChatArguments(string? Config, string? Socket, IReadOnlySet<string> Flags, IReadOnlyDictionary<string, string> Values, IReadOnlyList<string> Words)
{
    public bool IsJson => Flags.Contains("--json");

    public string? Value(string option) => Values.GetValueOrDefault(option);

    /// <param name="arguments">Behind the command.</param>
    /// <param name="flags">Options without a value, besides --json.</param>
    /// <param name="options">Options with a value, besides those of all.</param>
    /// <param name="words">How many words that are no options there must be.</param>
    /// <param name="problem">What is wrong; null: nothing.</param>
    public static ChatArguments? Parse(string[] arguments, string[] flags, string[] options, int words, out string? problem)
    {
        HashSet<string> found = [];
        Dictionary<string, string> values = [];
        List<string> rest = [];
        problem = null;
        for (int i = 0; i < arguments.Length && problem is null; i++)
        {
            string argument = arguments[i] == "-c" ? "--config" : arguments[i];
            if (argument is "--config" or "--socket" || options.Contains(argument))
            {
                if (i + 1 == arguments.Length)
                    problem = $"{argument} needs a value";
                else
                    values[argument] = arguments[++i];
            }
            else if (argument == "--json" || flags.Contains(argument))
            {
                found.Add(argument);
            }
            else if (argument.StartsWith('-') || rest.Count == words)
            {
                problem = $"it does not know \"{argument}\"";
            }
            else
            {
                rest.Add(argument);
            }
        }

        if (problem is null && rest.Count < words)
            problem = "a word is missing";
        return problem is null ? new ChatArguments(values.GetValueOrDefault("--config"), values.GetValueOrDefault("--socket"), found, values, rest) : null;
    }
}
