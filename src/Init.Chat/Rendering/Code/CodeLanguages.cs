using System.Collections.Frozen;

namespace Init.Chat.Rendering.Code;

/// <summary>The languages that are coloured, by the names that people write behind the fence.</summary>
internal static class CodeLanguages
{
    private static readonly StringRule Double = new("\"", "\"", true, false), Single = new("'", "'", true, false), Tick = new("`", "`", true, true);
    private static readonly (string, string) CComment = ("/*", "*/");

    private static readonly CodeLanguage CLike = new()
    {
        LineComments = ["//"],
        BlockComments = [CComment],
        Strings = [Double, Single],
        Constants = Words("true false null"),
        HasCapitalTypes = true,
    };

    private static readonly CodeLanguage C = CLike with
    {
        Keywords = Words(
            "if else for while do switch case default break continue return goto sizeof typedef struct union enum static extern const volatile register inline auto restrict signed unsigned " +
            "#include #define #ifdef #ifndef #if #else #elif #endif #pragma #undef #error " +
            "class public private protected virtual override final namespace using template typename new delete this throw try catch operator friend explicit mutable constexpr noexcept static_cast dynamic_cast reinterpret_cast const_cast decltype co_await co_return co_yield concept requires"),
        Types = Words("void int char short long float double bool size_t ssize_t int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t wchar_t FILE string vector map set"),
        Constants = Words("true false NULL nullptr"),
        WordCharacters = "#",
    };

    private static readonly CodeLanguage CSharp = CLike with
    {
        Keywords = Words(
            "abstract as async await base break case catch checked class const continue default delegate do else enum event explicit extern finally fixed for foreach from get global goto if implicit in init " +
            "interface internal is let lock nameof namespace new operator out override params partial private protected public readonly record ref required return sealed select set sizeof stackalloc static " +
            "struct switch this throw try typeof unchecked unsafe using value var virtual volatile when where while with yield and or not"),
        Types = Words("bool byte char decimal double dynamic float int long nint nuint object sbyte short string uint ulong ushort void"),
        Strings = [new("$\"\"\"", "\"\"\"", false, true), new("\"\"\"", "\"\"\"", false, true), new("$@\"", "\"", false, true), new("@\"", "\"", false, true), new("$\"", "\"", true, false), Double, Single],
    };

    private static readonly CodeLanguage Java = CLike with
    {
        Keywords = Words(
            "abstract assert break case catch class const continue default do else enum extends final finally for goto if implements import instanceof interface native new package permits private protected " +
            "public record return sealed static strictfp super switch synchronized this throw throws transient try var void volatile while yield " +
            "fun val when object companion data is in as by lateinit suspend override open internal inline typealias def trait lazy implicit given match extension mixin required late async await"),
        Types = Words("boolean byte char double float int long short"),
        Strings = [new("\"\"\"", "\"\"\"", true, true), Double, Single],
        Sigils = "@",
    };

    private static readonly CodeLanguage JavaScript = CLike with
    {
        Keywords = Words(
            "as async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in instanceof let new of return set static super switch " +
            "this throw try typeof var void while with yield abstract declare enum implements interface keyof namespace private protected public readonly satisfies type is infer override"),
        Types = Words("any bigint boolean never number object string symbol unknown"),
        Constants = Words("true false null undefined NaN Infinity"),
        Strings = [Double, Single, Tick],
        WordCharacters = "$",
        Sigils = "@",
    };

    private static readonly CodeLanguage Go = CLike with
    {
        Keywords = Words("break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var"),
        Types = Words("any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr"),
        Constants = Words("true false nil iota"),
        Strings = [Double, Single, new("`", "`", false, true)],
    };

    private static readonly CodeLanguage Rust = CLike with
    {
        Keywords = Words(
            "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait type unsafe use where while"),
        Types = Words("bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize"),
        Constants = Words("true false"),
        Strings = [new("r#\"", "\"#", false, true), new("\"", "\"", true, true)], // An apostrophe is a lifetime more often than a character.
    };

    private static readonly CodeLanguage Swift = CLike with
    {
        Keywords = Words(
            "actor as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough fileprivate final for func guard if import in init inout internal is " +
            "lazy let mutating open operator override private protocol public repeat required rethrows return self static struct subscript super switch throw throws try typealias var weak where while"),
        Constants = Words("true false nil"),
        Strings = [new("\"\"\"", "\"\"\"", true, true), Double],
        Sigils = "@",
    };

    private static readonly CodeLanguage Php = CLike with
    {
        Keywords = Words(
            "abstract and as break case catch class clone const continue declare default do echo else elseif enum extends final finally fn for foreach function global goto if implements include include_once " +
            "instanceof interface isset list match namespace new or private protected public readonly require require_once return static switch throw trait try unset use var while yield"),
        Types = Words("array bool callable float int iterable mixed never object string void"),
        LineComments = ["//", "#"],
        Sigils = "$",
    };

    private static readonly CodeLanguage Python = new()
    {
        Keywords = Words(
            "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield"),
        Types = Words("bool bytes dict float frozenset int list object set str tuple type self cls"),
        Constants = Words("True False None"),
        LineComments = ["#"],
        Strings =
        [
            new("f\"\"\"", "\"\"\"", true, true), new("r\"\"\"", "\"\"\"", true, true), new("\"\"\"", "\"\"\"", true, true), new("'''", "'''", true, true),
            new("f\"", "\"", true, false), new("r\"", "\"", true, false), new("b\"", "\"", true, false), new("f'", "'", true, false), new("r'", "'", true, false), new("b'", "'", true, false), Double, Single,
        ],
        Sigils = "@",
        HasCapitalTypes = true,
    };

    private static readonly CodeLanguage Ruby = new()
    {
        Keywords = Words(
            "alias and begin break case class def defined? do else elsif end ensure extend for if in include module next not or private protected public raise redo require require_relative rescue retry return " +
            "self super then undef unless until when while yield attr_reader attr_writer attr_accessor"),
        Constants = Words("true false nil"),
        LineComments = ["#"],
        BlockComments = [("=begin", "=end")],
        Strings = [Double, Single, Tick],
        Sigils = "@$",
        HasCapitalTypes = true,
    };

    private static readonly CodeLanguage Lua = new()
    {
        Keywords = Words("and break do else elseif end for function goto if in local not or repeat return then until while"),
        Constants = Words("true false nil"),
        LineComments = ["--"],
        BlockComments = [("--[[", "]]")],
        Strings = [new("[[", "]]", false, true), Double, Single],
    };

    private static readonly CodeLanguage Shell = new()
    {
        Keywords = Words(
            "if then else elif fi for while until do done case esac in function return local export readonly set unset shift exit break continue source alias trap eval exec sudo cd echo printf read test " +
            "FROM RUN CMD COPY ADD ENV ARG WORKDIR EXPOSE ENTRYPOINT VOLUME USER LABEL HEALTHCHECK SHELL STOPSIGNAL"),
        LineComments = ["#"],
        CommentsNeedSpace = true,
        Strings = [new("\"", "\"", true, true), new("'", "'", false, true)],
        Sigils = "$",
        WordCharacters = "-",
        HasCalls = false,
    };

    private static readonly CodeLanguage PowerShell = Shell with
    {
        Keywords = Words(
            "begin break catch class continue data do dynamicparam else elseif end exit filter finally for foreach from function if in param process return switch throw trap try until using var while " +
            "-eq -ne -gt -ge -lt -le -like -match -and -or -not"),
        BlockComments = [("<#", "#>")],
    };

    private static readonly CodeLanguage Sql = new()
    {
        Keywords = IgnoringCase(
            "add all alter and any as asc begin between by case check column commit conflict constraint create cross default delete desc distinct do drop else end exists explain foreign from full group having if " +
            "ilike in index inner insert intersect into is join key left like limit not nothing offset on or order outer over partition primary references returning right rollback row select set table then " +
            "transaction trigger truncate union unique update using values view when where window with"),
        Types = IgnoringCase("bigint blob boolean bytea char date datetime decimal double float int integer interval json jsonb numeric real serial smallint text time timestamp timestamptz uuid varchar"),
        Constants = IgnoringCase("true false null current_timestamp"),
        LineComments = ["--"],
        BlockComments = [CComment],
        Strings = [new("'", "'", false, true), new("\"", "\"", false, false), new("`", "`", false, false)],
    };

    private static readonly CodeLanguage Json = new()
    {
        Constants = Words("true false null"),
        LineComments = ["//"],
        BlockComments = [CComment],
        Strings = [Double],
        KeyEnd = ':',
        HasCalls = false,
    };

    private static readonly CodeLanguage Yaml = new()
    {
        Constants = Words("true false null yes no on off"),
        LineComments = ["#"],
        CommentsNeedSpace = true,
        Strings = [Double, new("'", "'", false, false)],
        KeyEnd = ':',
        WordCharacters = "-./",
        Sigils = "&*!",
        HasCalls = false,
    };

    private static readonly CodeLanguage Toml = Yaml with
    {
        LineComments = ["#", ";"],
        Strings = [new("\"\"\"", "\"\"\"", true, true), new("'''", "'''", false, true), Double, new("'", "'", false, false)],
        KeyEnd = '=',
        Sigils = "",
    };

    private static readonly CodeLanguage Css = new()
    {
        LineComments = ["//"],
        BlockComments = [CComment],
        Strings = [Double, Single],
        KeyEnd = ':',
        WordCharacters = "-",
        Sigils = "@#.$",
    };

    private static readonly CodeLanguage Haskell = new()
    {
        Keywords = Words("case class data deriving do else forall foreign if import in infix infixl infixr instance let module newtype of qualified then type where begin end fun function match rec val with and open struct sig"),
        Constants = Words("True False true false"),
        LineComments = ["--"],
        BlockComments = [("{-", "-}"), ("(*", "*)")],
        Strings = [Double],
        HasCapitalTypes = true,
        HasCalls = false,
    };

    private static readonly CodeLanguage Make = Shell with { KeyEnd = ':', WordCharacters = "-./", Keywords = Words("include ifeq ifneq ifdef ifndef else endif define endef export .PHONY") };

    private static readonly FrozenDictionary<string, CodeLanguage> ByName = Table(
        ("c h cpp c++ cc cxx hpp objc objective-c cuda glsl hlsl arduino", C),
        ("cs csharp c#", CSharp),
        ("java kotlin kt kts scala groovy gradle dart", Java),
        ("js javascript jsx ts typescript tsx mjs cjs node vue svelte", JavaScript),
        ("go golang", Go),
        ("rust rs zig", Rust),
        ("swift", Swift),
        ("php", Php),
        ("py python python3 gdscript starlark", Python),
        ("rb ruby elixir crystal julia r perl", Ruby),
        ("lua", Lua),
        ("sh bash shell zsh fish console terminal dockerfile docker", Shell),
        ("powershell ps1 pwsh", PowerShell),
        ("sql mysql postgresql postgres sqlite plsql tsql", Sql),
        ("json json5 jsonc jsonl", Json),
        ("yaml yml", Yaml),
        ("toml ini conf cfg properties env dotenv", Toml),
        ("css scss sass less", Css),
        ("haskell hs ocaml ml fsharp f# elm", Haskell),
        ("make makefile", Make),
        ("html xml svg xhtml xaml csproj rss", new CodeLanguage { Shape = CodeShape.Markup }),
        ("diff patch", new CodeLanguage { Shape = CodeShape.Difference }));

    private static readonly CodeLanguage Unknown = new() { Shape = CodeShape.Plain };

    /// <param name="name">As written behind the fence; what is not known is not coloured.</param>
    public static CodeLanguage Find(string? name) => name is not null && ByName.TryGetValue(name, out CodeLanguage? language) ? language : Unknown;

    private static FrozenSet<string> Words(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    private static FrozenSet<string> IgnoringCase(string words) => words.Split(' ', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static FrozenDictionary<string, CodeLanguage> Table(params (string Names, CodeLanguage Language)[] rows) =>
        rows.SelectMany(row => row.Names.Split(' ').Select(name => KeyValuePair.Create(name, row.Language))).ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
}
