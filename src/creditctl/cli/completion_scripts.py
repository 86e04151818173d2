"""Completion scripts made from the command tree: static, so that TAB never starts Python."""

from collections.abc import Iterable, Iterator, Sequence
from string import Template

from creditctl.cli.completion_tree import Flag, Place, all_places, global_flags

_BASH = Template("""\
# bash completion for creditctl, made by 'creditctl completion bash'
_creditctl() {
    local current="$${COMP_WORDS[COMP_CWORD]}" previous="$${COMP_WORDS[COMP_CWORD-1]}"
    local word place="" words="" options=""
    COMPREPLY=()
    for word in "$${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$$place/$$word" in
$steps
        esac
    done
    case "$$place:$$previous" in
$values
    esac
    case "$$place" in
$places
    esac
    [[ "$$current" == -* ]] && words="$$options $common"
    COMPREPLY=($$(compgen -W "$$words" -- "$$current"))
}
complete -o default -F _creditctl creditctl
""")

_ZSH = Template("""\
#compdef creditctl
# zsh completion for creditctl, made by 'creditctl completion zsh'
_creditctl() {
    local word place=""
    local -a followers options
    for word in $${words[2,CURRENT-1]}; do
        case "$$place/$$word" in
$steps
        esac
    done
    case "$$place:$${words[CURRENT-1]}" in
$values
    esac
    case "$$place" in
$places
    esac
    options+=($common)
    if [[ "$$PREFIX" == -* ]]; then
        _describe option options
    elif (( $$#followers )); then
        _describe command followers
    else
        _files
    fi
}
_creditctl "$$@"
""")

_FISH = Template("""\
# fish completion for creditctl, made by 'creditctl completion fish'
function __creditctl_at
    set -l place ""
    set -l words (commandline -opc)
    for word in $$words[2..-1]
        switch "$$place/$$word"
$steps
        end
    end
    test "$$place" = "$$argv[1]"
end
$lines
""")


def bash_script() -> str:
    """The script for bash."""
    places, common = all_places(), global_flags()
    followers = (
        f'        "{place.path}") words="{_words(name for name, _ in place.commands)}"'
        f' options="{_words(_names(place.flags))}" ;;'
        for place in places
    )
    return _BASH.substitute(
        steps=_steps(places, '            {patterns}) place="{path}" ;;'),
        values=_values(places, common, 'COMPREPLY=($(compgen -W "{words}" -- "$current"))', ":"),
        places="\n".join(followers),
        common=_words(_names(common)),
    )


def zsh_script() -> str:
    """The script for zsh."""
    places, common = all_places(), global_flags()
    followers = (
        f'        "{place.path}") followers=({_described(place.commands)})'
        f" options=({_described(_pairs(place.flags))}) ;;"
        for place in places
    )
    return _ZSH.substitute(
        steps=_steps(places, '            {patterns}) place="{path}" ;;'),
        values=_values(places, common, "compadd -- {words}", "_files"),
        places="\n".join(followers),
        common=_described(_pairs(common)),
    )


def fish_script() -> str:
    """The script for fish."""
    places = all_places()
    lines = [_fish_flag("", flag) for flag in global_flags()]
    for place in places:
        condition = f" -n '__creditctl_at \"{place.path}\"'"
        lines += [
            f"complete -c creditctl{condition} -f -a {name} -d {_quoted(text)}"
            for name, text in place.commands
        ]
        lines += [_fish_flag(condition, flag) for flag in place.flags]
    return _FISH.substitute(
        steps=_steps(
            places, "            case {patterns}\n                set place {path}", between=" "
        ),
        lines="\n".join(lines),
    )


SCRIPTS = {
    "bash": ("creditctl.bash", bash_script),
    "zsh": ("_creditctl", zsh_script),
    "fish": ("creditctl.fish", fish_script),
}
"""Shell -> the file name it looks for, and who makes the script."""


def _steps(places: Sequence[Place], line: str, between: str = "|") -> str:
    """How one more word leads from place to place; an alias leads to the same place."""
    return "\n".join(
        line.format(
            patterns=between.join((place.path, *(f"/{alias}" for alias in place.aliases))),
            path=place.path,
        )
        for place in places
        if place.path
    )


def _values(places: Sequence[Place], common: Sequence[Flag], choose: str, files: str) -> str:
    """What completes the value of an option: its choices, else file names."""
    scoped = [("*", flag) for flag in common]
    scoped += [(place.path, flag) for place in places for flag in place.flags]
    return "\n".join(
        f"        {'|'.join(f'{path}:{name}' for name in flag.names)})"
        f" {choose.format(words=_words(flag.choices)) if flag.choices else files}; return ;;"
        for path, flag in scoped
        if flag.takes_value
    )


def _fish_flag(condition: str, flag: Flag) -> str:
    names = " ".join(
        f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names
    )
    value = f" -x -a '{_words(flag.choices)}'" if flag.choices else " -r" * flag.takes_value
    return f"complete -c creditctl{condition} {names}{value} -d {_quoted(flag.help)}"


def _names(flags: Iterable[Flag]) -> Iterator[str]:
    return (name for flag in flags for name in flag.names)


def _pairs(flags: Iterable[Flag]) -> Iterator[tuple[str, str]]:
    return ((name, flag.help) for flag in flags for name in flag.names)


def _described(pairs: Iterable[tuple[str, str]]) -> str:
    return " ".join(_quoted(f"{name}:{text}" if text else name) for name, text in pairs)


def _words(words: Iterable[str]) -> str:
    return " ".join(words)


def _quoted(text: str) -> str:
    """In single quotes, safe in all three shells: a quote inside becomes a typographic one."""
    return f"'{' '.join(text.split()).replace(chr(92), '').replace(chr(39), chr(0x2019))}'"
