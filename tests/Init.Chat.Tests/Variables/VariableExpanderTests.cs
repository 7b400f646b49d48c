using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Init.Chat.Variables;

namespace Init.Chat.Tests.Variables;

/// <summary>Each outcome was seen of the original.</summary>
public sealed class VariableExpanderTests
{
    private static readonly ImmutableDictionary<string, Variable> Variables = ImmutableDictionary<string, Variable>.Empty.AddRange(
    [
        new("user_name", "Bob"),
        new("none", VariableValue.None),
        new("no", VariableValue.Of(false)),
        new("yes", VariableValue.Of(true)),
        new("zero", VariableValue.Of(0)),
        new("blank", " "),
        new("text", "{user_name} \\{ :::"),
        new("echo", new Variable.Function(arguments => VariableValue.Of(string.Join('|', arguments)))),
        new("picky", new Variable.Function(arguments => arguments.Length == 1 ? VariableValue.Of(arguments[0]) : throw new VariableException("takes one argument"))),
    ]);

    private static readonly VariableExpander Expander = new(Variables);

    [Theory]
    [InlineData("Hi {user_name}!", "Hi Bob!")]
    [InlineData("{{user_name}}", "{Bob}")]
    [InlineData("{}", "{}")]
    [InlineData("{ }", "")]
    [InlineData("{ user_name }", "Bob")]
    [InlineData("{\nuser_name\n}", "Bob")]
    [InlineData("{User_Name}", "")]
    [InlineData("a{unknown}b", "ab")]
    [InlineData("{none}", "")]
    [InlineData("{no}{yes}", "FalseTrue")]
    [InlineData("{zero}", "0")]
    [InlineData("{user_name extra}", "Bob")]
    [InlineData("} { a {user_name", "} { a {user_name")]
    [InlineData("{a}}{user_name}", "}Bob")]
    public void Variable_IsReplaced(string text, string expected) => Assert.Equal(expected, Expander.Expand(text).Text);

    [Theory]
    [InlineData("{echo 'a b' c}", "a b|c")]
    [InlineData(@"{echo a\ b}", "a b")]
    [InlineData("{echo a,b c}", "a,b|c")]
    [InlineData("{echo it's ok}", "it's|ok")]
    [InlineData("{echo \"a \\\"b\\\" \\n\" ''}", "a \"b\" \\n|")]
    [InlineData(@"{echo 'a\b'}", @"a\b")]
    [InlineData("{echo x\"y z\"w}", "xy zw")]
    [InlineData("{echo a\\}", "a\\")]
    [InlineData("{echo}", "")]
    [InlineData("{picky one}", "one")]
    [InlineData("{picky}", "[PromptPV Error | picky]: takes one argument")]
    public void Arguments_AreSplitAsAShellDoes(string text, string expected) => Assert.Equal(expected, Expander.Expand(text).Text);

    [Theory]
    [InlineData(@"\{user_name}", "{user_name}")]
    [InlineData(@"\\{user_name}", @"\Bob")]
    [InlineData(@"\\\{user_name}", @"\{user_name}")]
    [InlineData(@"\\\\{user_name}", @"\\Bob")]
    [InlineData(@"\a \{} \", @"\a \{} \")]
    public void Backslashes_KeepBraces(string text, string expected) => Assert.Equal(expected, Expander.Expand(text).Text);

    [Theory]
    [InlineData("a\n:::\nN {user_name}\n:::\nb", "a\n\nN Bob\nb")]
    [InlineData("a\n:::\nN {unknown}\n:::\nb", "ab")]
    [InlineData("  :::X {user_name}:::  Y", "  X BobY")]
    [InlineData(":::{none}x:::", "x")]
    [InlineData(@":::\{unknown}:::", "{unknown}")]
    [InlineData("::::::", "")]
    [InlineData(":::a", ":::a")]
    [InlineData(":::a::: :::{unknown}::: b", "ab")]
    public void Block_GoesWhenOneOfItsVariablesIsNotKnown(string text, string expected) => Assert.Equal(expected, Expander.Expand(text).Text);

    [Theory]
    [InlineData("{user_name}->```\n hello {user_name} \n```!", "hello Bob!")]
    [InlineData("{user_name} ->  ```x```", "x")]
    [InlineData("a{none}->```x```b", "ab")]
    [InlineData("{unknown}->```x```", "")]
    [InlineData("{no}->```x```{zero}->```x```{blank}->```x```", "")]
    [InlineData("{yes}->```x```", "x")]
    [InlineData("{echo a}->```x```", "x")]
    [InlineData("{echo}->```x```", "")]
    [InlineData("{user_name}->```x", "Bob->```x")]
    [InlineData(@"\{user_name}->```x```", "{user_name}->```x```")]
    [InlineData("{yes}->```:::{unknown}:::y```", "y")]
    public void Condition_ShowsItsTextWhenTheVariableIsTrue(string text, string expected) => Assert.Equal(expected, Expander.Expand(text).Text);

    [Fact]
    public void Value_IsNotLookedAtAgain() => Assert.Equal("{user_name} \\{ ::: :", Expander.Expand("{text} :").Text);

    [Fact]
    public void Text_ThatBecomesTooLong_IsCutAndSaysSo()
    {
        VariableExpander expander = new(Variables, charactersMax: 7);

        Assert.Equal(new Expansion("BobBobB", true), expander.Expand("{user_name}{user_name}{user_name}"));
        Assert.Equal(new Expansion("BobBob!", false), expander.Expand("{user_name}{user_name}!"));
        Assert.Equal(new Expansion("aaaaaa", true), expander.Expand("aaaaaa😀"));
    }

    [Fact]
    public void Expansion_OfWhateverText_NeverThrowsAndIsBounded()
    {
        VariableExpander expander = new(Variables, charactersMax: 100);
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(Texts, text =>
        {
            Expansion expansion = expander.Expand(text);
            return expansion.Text.Length <= 100 && (expansion.IsCut || expansion.Text == Expander.Expand(text).Text);
        }));
    }

    [Fact]
    public void EscapedText_Expanded_IsTheTextAgain() => Check.One(
        FsCheck.Config.QuickThrowOnFailure.WithMaxTest(3000),
        Prop.ForAll(Texts, text => text.Contains(":::", StringComparison.Ordinal) || Expander.Expand(VariableExpander.Escape(text)).Text == text));

    [Fact]
    public void Expansion_OfManyBraces_TakesTimeByTheirNumberOnly()
    {
        // By the square of it, this would take minutes.
        foreach (string piece in new[] { "}", "{", "{}", "{a", "\\{a}", ":::", ":::{a}", "{yes}->```", "{echo '" })
            Assert.True(Expander.Expand(string.Concat(Enumerable.Repeat(piece, 100_000))).Text.Length >= 0);
    }

    private static Arbitrary<string> Texts { get; } = Gen.Elements("{", "}", "\\", ":::", "```", "->", " ", "\n", "'", "\"", "user_name", "echo", "unknown", "picky", "none", "x", "é", "😀")
        .ListOf().Select(string.Concat).ToArbitrary();
}
