using Init.Applets.Backup;
using Init.Applets.Chat;
using Init.Base;

namespace Init.Applets;

/// <summary><c>init completion SHELL</c>: a script that completes commands, and the names of programs by asking <c>init status --names</c>.</summary>
internal static class CompletionApplet
{
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    public static int Run(Screen screen, string shell, IReadOnlyList<(string Name, string Summary)> verbs)
    {
        string? script = Script(shell, verbs);
        if (script is null)
        {
            screen.Errors.WriteLine($"cannot complete for \"{shell}\": only {string.Join(", ", Shells)} are known");
            return ExitCode.Usage;
        }

        screen.Output.Write(script);
        screen.Flush();
        return ExitCode.Success;
    }

    public static string? Script(string shell, IReadOnlyList<(string Name, string Summary)> verbs)
    {
        string names = string.Join(' ', verbs.Select(verb => verb.Name));
        return shell switch
        {
            "bash" => $$"""
                # init completion bash > /etc/bash_completion.d/init
                _init_complete() {
                    local current=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words=
                    if [ "$COMP_CWORD" -eq 1 ]; then
                        words='{{names}}'
                    else
                        case $command in
                            {{CommandsWithNames}}) words=$("${COMP_WORDS[0]}" status --names 2>/dev/null; echo all) ;;
                            completion) words='{{string.Join(' ', Shells)}}' ;;
                            chat) if [ "$COMP_CWORD" -eq 2 ]; then words='{{ChatCommands}}'; else words=$(compgen -f -- "$current"); fi ;;
                            backup) if [ "$COMP_CWORD" -eq 2 ]; then words='{{BackupCommands}}'; else words=$(compgen -f -- "$current"); fi ;;
                        esac
                    fi
                    # Names such as worker:0 hold a colon, at which bash breaks words.
                    COMPREPLY=($(compgen -W "$words" -- "$current"))
                    if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
                }
                complete -F _init_complete init initctl

                """,
            "zsh" => $$"""
                #compdef init initctl
                # init completion zsh > "${fpath[1]}/_init"
                _init() {
                    local -a commands names
                    commands=(
                {{string.Concat(verbs.Select(verb => $"        '{verb.Name}:{verb.Summary.Replace("'", "'\\''", StringComparison.Ordinal)}'\n"))}}    )
                    if (( CURRENT == 2 )); then
                        _describe command commands
                        return
                    fi
                    case $words[2] in
                        {{CommandsWithNames}}) names=(${(f)"$($words[1] status --names 2>/dev/null)"} all); compadd -- $names ;;
                        completion) compadd -- {{string.Join(' ', Shells)}} ;;
                        chat) if (( CURRENT == 3 )); then compadd -- {{ChatCommands}}; else _files; fi ;;
                        backup) if (( CURRENT == 3 )); then compadd -- {{BackupCommands}}; else _files; fi ;;
                        *) _files ;;
                    esac
                }
                if [ "$funcstack[1]" = _init ]; then _init "$@"; else compdef _init init initctl; fi

                """,
            "fish" => $$"""
                # init completion fish > ~/.config/fish/completions/init.fish
                for program in init initctl
                    complete -c $program -f
                {{string.Concat(verbs.Select(verb =>
                    $"    complete -c $program -n __fish_use_subcommand -a {verb.Name} -d '{verb.Summary.Replace("'", "\\'", StringComparison.Ordinal)}'\n"))}}    complete -c $program -n '__fish_seen_subcommand_from {{CommandsWithNames.Replace('|', ' ')}}' -a "($program status --names 2>/dev/null; echo all)"
                    complete -c $program -n '__fish_seen_subcommand_from completion' -a '{{string.Join(' ', Shells)}}'
                    complete -c $program -n '__fish_seen_subcommand_from chat' -a '{{ChatCommands}}'
                    complete -c $program -n '__fish_seen_subcommand_from backup' -a '{{BackupCommands}}'
                end

                """,
            _ => null,
        };
    }

    private static string ChatCommands => string.Join(' ', ChatApplet.CommandNames);

    private static string BackupCommands => string.Join(' ', BackupApplet.CommandNames);

    private const string CommandsWithNames = "status|start|stop|restart|signal|pid|tail|clear|reload|env|explain|events|send|remove";
}
