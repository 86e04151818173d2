"""The command tree as completion scripts need it: names, helps, options and their choices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import typer
from typer.core import TyperGroup, TyperOption

from creditctl.cli.app import GROUPS, app
from creditctl.cli.global_options import global_options
from creditctl.output.formats import FORMATS


@dataclass(frozen=True, slots=True)
class Flag:
    """An option as it is typed."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A command or group: `/credits/grant`; the empty place is `creditctl` itself."""

    path: str
    aliases: tuple[str, ...]
    help: str
    commands: tuple[tuple[str, str], ...]
    """Name and help of what may follow; for a command, the choices of its arguments."""

    flags: tuple[Flag, ...]
    """Its own options, without the global ones."""


HELP_FLAG = Flag(("--help",), "Show this message and exit.", takes_value=False, choices=())


def global_flags() -> tuple[Flag, ...]:
    """The options that may stand anywhere."""
    return (*(_flag(option) for option in global_options()), HELP_FLAG)


def all_places() -> tuple[Place, ...]:
    """The whole tree, parents first; imports every group."""
    root = typer.main.get_command(app)
    context = typer.Context(root)
    common = {option.name for option in global_options()}
    groups = [(name, getattr(root, "get_command")(context, name)) for name in GROUPS]  # noqa: B009
    commands = tuple((name, GROUPS[name].help) for name in GROUPS)
    top = Place("", (), "", commands, _flags(root.params, common))
    below = [
        place
        for name, command in groups
        for place in _places(f"/{name}", GROUPS[name].aliases, command, common)
    ]
    return (top, *below)


def _places(
    path: str, aliases: tuple[str, ...], command: object, common: set[str | None]
) -> Iterator[Place]:
    params: Sequence[object] = getattr(command, "params", ())
    children = command.commands if isinstance(command, TyperGroup) else {}
    followers = tuple((name, child.get_short_help_str(60)) for name, child in children.items())
    choices = [(word, "") for param in params if _is_argument(param) for word in _choices(param)]
    summary = getattr(command, "help", "") or ""
    yield Place(path, aliases, summary, followers or tuple(choices), _flags(params, common))
    for name, child in children.items():
        yield from _places(f"{path}/{name}", (), child, common)


def _flags(params: Sequence[object], common: set[str | None]) -> tuple[Flag, ...]:
    options = [param for param in params if isinstance(param, TyperOption)]
    return tuple(_flag(option) for option in options if option.name not in common)


def _flag(option: TyperOption) -> Flag:
    return Flag(
        names=(*option.opts, *option.secondary_opts),
        help=option.help or "",
        takes_value=not option.is_flag,
        choices=tuple(FORMATS) if option.name == "output" else _choices(option),
    )


def _is_argument(param: object) -> bool:
    return not isinstance(param, TyperOption)


def _choices(param: object) -> tuple[str, ...]:
    found = getattr(getattr(param, "type", None), "choices", ())
    return tuple(str(getattr(choice, "value", choice)) for choice in found)
