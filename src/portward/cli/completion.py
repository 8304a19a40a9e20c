"""`portward completion SHELL`: what makes a shell complete portward's words, from their description.

The text is whole in itself: completing starts no Python.
"""

import argparse
from collections.abc import Mapping

from portward.cli.commands import COMMANDS, Command
from portward.cli.environment import Environment
from portward.cli.outcome import Outcome


def run(options: argparse.Namespace, _environment: Environment) -> Outcome:
    """Print the completion of one shell."""
    write = {"bash": bash, "zsh": zsh, "fish": fish}[options.shell]
    text = write()
    return Outcome(text.rstrip("\n"), {"shell": options.shell, "text": text})


def flags(command: Command) -> tuple[str, ...]:
    """Every option of a command."""
    own = [name for each in command.arguments for name in each.names if name.startswith("-")]
    return (*own, "--json", "--help")


def words_after(above: str) -> dict[str, str]:
    """Say which words may follow, with their summaries: verbs after nothing, kinds after such a verb."""
    found: dict[str, str] = {}
    for command in COMMANDS:
        parts = command.name.split()
        if above == "":
            found.setdefault(parts[0], command.summary)
        elif len(parts) == 2 and parts[0] == above:
            found[parts[1]] = command.summary
    return found


def families() -> tuple[str, ...]:
    """The verbs that have kinds below them (`import routeros`)."""
    return tuple(dict.fromkeys(each.name.split()[0] for each in COMMANDS if " " in each.name))


def bash() -> str:
    """Write the completion of bash."""
    lines = [f"        {_key(command)}) flags='{' '.join(flags(command))}' ;;" for command in COMMANDS]
    kinds = [f"        {above}) words='{' '.join(words_after(above))}' ;;" for above in families()]
    return _BASH.format(verbs=" ".join(words_after("")), flags="\n".join(lines), kinds="\n".join(kinds))


def _key(command: Command) -> str:
    return f"'{command.name}'" if " " in command.name else command.name


_BASH = """\
# bash completion of portward
_portward() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} words='' flags=''
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=($(compgen -W '{verbs} --help --version' -- "$word"))
        return
    fi
    case $verb in
{kinds}
    esac
    if [[ $words ]] && (( COMP_CWORD == 2 )); then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
        return
    fi
    [[ $words ]] && verb="$verb ${{COMP_WORDS[2]}}"
    case $verb in
{flags}
    esac
    if [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "$flags" -- "$word"))
    else
        COMPREPLY=($(compgen -f -- "$word"))
    fi
}}
complete -o filenames -F _portward portward
"""


def zsh() -> str:
    """Write the completion of zsh."""
    verbs = _zsh_pairs(words_after(""))
    kinds = "\n".join(f"        {above}) kinds=({_zsh_pairs(words_after(above))}) ;;" for above in families())
    arguments = "\n".join(
        f"        {_key(command)}) _arguments '" + "' '".join(_zsh_specs(command)) + "' ;;"
        for command in COMMANDS
    )
    return _ZSH.format(verbs=verbs, kinds=kinds, arguments=arguments)


def _zsh_pairs(words: Mapping[str, str]) -> str:
    pairs = ((word, summary.replace(":", r"\:").replace("'", r"'\''")) for word, summary in words.items())
    return " ".join(f"'{word}:{summary}'" for word, summary in pairs)


def _zsh_specs(command: Command) -> list[str]:
    """Write what _arguments takes: an option with its help in brackets, and files for the rest."""
    specs = []
    for each in command.arguments:
        remark = (each.help % {}).replace("'", "").replace("[", "(").replace("]", ")").replace(":", "\\:")
        takes = (
            ""
            if "action" in each.settings and each.settings["action"] != "append"
            else f":{_metavar(each.settings)}:_files"
        )
        specs += [f"{name}[{remark}]{takes}" for name in each.names if name.startswith("-")]
    return [*specs, "--json[print one JSON object instead of text]", "--help", "*:word:_files"]


def _metavar(settings: Mapping[str, object]) -> str:
    return str(settings.get("metavar", "VALUE")).lower()


_ZSH = """\
#compdef portward
_portward() {{
    local -a verbs kinds
    local verb
    verbs=({verbs})
    if (( CURRENT == 2 )); then
        _describe 'command' verbs
        return
    fi
    verb=$words[2]
    case $verb in
{kinds}
    esac
    if (( $#kinds )); then
        if (( CURRENT == 3 )); then
            _describe 'kind' kinds
            return
        fi
        verb="$verb $words[3]"
        shift words
        (( CURRENT-- ))
    fi
    shift words
    (( CURRENT-- ))
    case $verb in
{arguments}
    esac
}}
if [[ $funcstack[1] == _portward ]]; then
    _portward "$@"
else
    compdef _portward portward
fi
"""


def fish() -> str:
    """Write the completion of fish."""
    lines = ["# fish completion of portward"]
    for word, summary in words_after("").items():
        lines.append(f"complete -c portward -n __fish_use_subcommand -f -a {word} -d {_fish_quote(summary)}")
    for above in families():
        for word, summary in words_after(above).items():
            seen = f"'__fish_seen_subcommand_from {above}'"
            lines.append(f"complete -c portward -n {seen} -f -a {word} -d {_fish_quote(summary)}")
    for command in COMMANDS:
        lines += _fish_options(command)
    return "\n".join(lines) + "\n"


def _fish_options(command: Command) -> list[str]:
    seen = f"'__fish_seen_subcommand_from {command.name.split()[-1]}'"
    lines = []
    for each in command.arguments:
        names = [
            f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
            for name in each.names
            if name[0] == "-"
        ]
        if names:
            takes = "" if each.settings.get("action", "append") != "append" else " -r"
            lines.append(
                f"complete -c portward -n {seen} {' '.join(names)}{takes} -d {_fish_quote(each.help % {})}"
            )
    return [*lines, f"complete -c portward -n {seen} -l json -d 'print one JSON object instead of text'"]


def _fish_quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
