"""Names given with `--fields`, checked before a command does anything."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from inspect import unwrap
from types import CodeType, FunctionType
from typing import Any

from creditctl.errors import InvalidInput
from creditctl.output.view import View

_COMMANDS = "creditctl.cli."


def refuse_unknown_fields(
    command: Callable[..., Any], names: Sequence[str], format_name: str
) -> None:
    """Raise InvalidInput for a name that no answer of the command has.

    A change must not be made first and its answer refused then. A command without a view, which
    writes a document of its own, has no fields to choose.
    """
    known = known_fields(command, format_name)
    for name in names:
        if known and name not in known:
            raise InvalidInput(f"--fields: no field {name!r}", hint=f"fields: {', '.join(known)}")


def known_fields(command: Callable[..., Any], format_name: str) -> tuple[str, ...]:
    """The fields of everything that the command may answer with, each once, in order."""
    found: dict[str, None] = {}
    for view in views_of(command):
        found |= dict.fromkeys(fields_in(view, format_name))
    return tuple(found)


def fields_in(view: View, format_name: str) -> tuple[str, ...]:
    """The fields of one answer in that format, in order; none where its schema is not known."""
    from creditctl.output.render import shown_type  # only where --fields is given
    from creditctl.output.shape import fields_of

    registry = import_module("creditctl.cli.schema")
    row_type = registry.result_type(view.schema)
    if row_type is None:
        return ()
    is_list = registry.SCHEMAS[view.schema].endswith("[]")
    shown = shown_type(view, row_type, format_name, is_list=is_list)
    return tuple(field.name for field in fields_of(shown))


def views_of(command: Callable[..., Any]) -> tuple[View, ...]:
    """The views that a command's function names, itself or by functions of the command line.

    Read from its code, so that no command has to declare what it shows twice.
    """
    return tuple({view.schema: view for view in _named_by(command, set())}.values())


def _named_by(function: Callable[..., Any], seen: set[object]) -> Iterator[View]:
    inner = unwrap(function)
    if not isinstance(inner, FunctionType) or inner in seen:
        return
    seen.add(inner)
    for name in _names_in(inner.__code__):
        value = inner.__globals__.get(name)
        if isinstance(value, View):
            yield value
        elif isinstance(value, FunctionType) and value.__module__.startswith(_COMMANDS):
            yield from _named_by(value, seen)


def _names_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
