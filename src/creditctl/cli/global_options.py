"""The options that every command takes, before and after its name; no command declares them."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import typer
from typer._click.exceptions import UsageError
from typer._click.globals import get_current_context
from typer.core import TyperCommand, TyperGroup, TyperOption

from creditctl.cli.answer_fields import refuse_unknown_fields
from creditctl.cli.session import session_of

_VALUES = {
    "db": (["--db"], "URL", "Database: a path or a URL (env: CREDITCTL_DB)."),
    "output": (
        ["-o", "--output"],
        "FORMAT",
        "table, json, ndjson, csv, tsv, markdown, none.",
    ),
    "fields": (["--fields"], "A,B", "Only these fields or columns."),
    "now": (["--as-of"], "TIME", "Act as if it were then (env: CREDITCTL_NOW)."),
    "actor": (["--actor"], "NAME", "Who acts, for the audit log."),
}
_SWITCHES = {
    "yes": (["--yes"], "Answer yes to every question."),
    "quiet": (["--quiet"], "No messages, only data and errors."),
    "no_color": (["--no-color"], "No colour (env: NO_COLOR)."),
}
_EPILOG = "Global options such as -o json, --fields and --as-of work here too: 'creditctl --help'."
_EXAMPLES = re.compile(r"(?<=\n\n)(?=Examples?:)")


def global_options(*, hidden: bool = False) -> list[TyperOption]:
    """New option objects, which write what they are given into the session."""
    common: dict[str, Any] = {
        "expose_value": False,
        "callback": _remember,
        "is_eager": True,  # so that the format is known when a later argument is wrong
        "hidden": hidden,
    }
    values = [
        TyperOption(param_decls=[name, *flags], metavar=metavar, help=text, **common)
        for name, (flags, metavar, text) in _VALUES.items()
    ]
    switches = [
        TyperOption(param_decls=[name, *flags], is_flag=True, default=False, help=text, **common)
        for name, (flags, text) in _SWITCHES.items()
    ]
    return values + switches


def with_global_options(command: TyperCommand | TyperGroup, name: str) -> None:
    """Teach `command`, and every command below it, the global options."""
    _adopt(command, name, global_options(hidden=True))


def _adopt(command: TyperCommand | TyperGroup, name: str, options: list[TyperOption]) -> None:
    command.name = name
    command.params.extend(options)
    if isinstance(command, TyperGroup):
        for child_name, child in command.commands.items():
            _adopt(cast("TyperCommand | TyperGroup", child), child_name, options)
        return
    if command.callback is not None:
        command.callback = _with_known_fields(command.callback)
    command.epilog = _EPILOG
    # \b keeps the lines of the examples as they are written
    command.help = _EXAMPLES.sub("\b\n", command.help or "")


def _with_known_fields(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command, which does nothing where `--fields` names what it cannot answer with."""

    @wraps(command)
    def checked(**values: Any) -> Any:
        ctx = cast("typer.Context", get_current_context())
        for param in ctx.command.params:
            _refuse_swallowed_option(ctx, param, values.get(param.name or ""))
        session = session_of(ctx)
        if session.fields is not None:
            refuse_unknown_fields(command, session.fields, session.format_name)
        return command(**values)

    return checked


def _refuse_swallowed_option(ctx: typer.Context, param: Any, value: object) -> None:
    """Of `--reason --dry-run`, nothing is done: the reason is missing, and was to be tried only."""
    given = value if isinstance(value, list | tuple) else [value]
    names = {name for other in ctx.command.params for name in (*other.opts, *other.secondary_opts)}
    if isinstance(param, TyperOption) and any(str(one) in names for one in given):
        raise UsageError(f"Option {max(param.opts, key=len)!r} requires an argument.", ctx)


def _remember(ctx: typer.Context, param: typer.CallbackParam, value: object) -> None:
    _refuse_swallowed_option(ctx, param, value)
    if value not in (None, False) and param.name is not None:
        session_of(ctx).remember(param.name, value)
