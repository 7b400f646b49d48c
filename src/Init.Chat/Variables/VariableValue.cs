using System.Collections.Immutable;
using System.Globalization;

namespace Init.Chat.Variables;

/// <summary>What a variable stands for at one moment.</summary>
/// <param name="Text">Null: it is known, and has no value now; it is shown as nothing.</param>
/// <param name="IsTrue">Whether a conditional block that names it is shown.</param>
public readonly record struct VariableValue(string? Text, bool IsTrue)
{
    public static VariableValue None => default;

    /// <summary>Blank text is not true.</summary>
    public static VariableValue Of(string? text) => new(text, !string.IsNullOrWhiteSpace(text));

    /// <summary>Shown as "True" and "False".</summary>
    public static VariableValue Of(bool value) => new(value ? "True" : "False", value);

    /// <summary>0 is not true, and is shown.</summary>
    public static VariableValue Of(long value) => new(value.ToString(CultureInfo.InvariantCulture), value != 0);

    /// <inheritdoc cref="Of(long)"/>
    public static VariableValue Of(double value) => new(PythonFloat.Repr(value), value != 0);
}

/// <summary>A variable: a value that is there, or one that is worked out from the arguments each time.</summary>
public abstract record Variable
{
    private Variable()
    {
    }

    public static implicit operator Variable(VariableValue value) => new Plain(value);

    public static implicit operator Variable(string? text) => new Plain(VariableValue.Of(text));

    /// <summary>Arguments are of no effect.</summary>
    public sealed record Plain(VariableValue Value) : Variable;

    /// <param name="Work">Throws <see cref="VariableException"/> when the arguments are wrong.</param>
    public sealed record Function(Func<ImmutableArray<string>, VariableValue> Work) : Variable;
}

/// <summary>The arguments of a variable are wrong. The message goes into the text, in its place.</summary>
public sealed class VariableException(string message) : Exception(message);
