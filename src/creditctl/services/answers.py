"""Requests and results as JSON and back, exactly: what idempotency keys and approvals keep."""

import json
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from creditctl.rules.instants import instant_text, parse_day, parse_instant
from creditctl.rules.units import Credits, Money

Result = TypeVar("Result")

_WRITERS: dict[type, Callable[[Any], Any]] = {
    Credits: str,
    Money: lambda value: [str(value), value.currency],
    Decimal: str,
    datetime: instant_text,
    date: date.isoformat,
}
_READERS: dict[Any, Callable[[Any], Any]] = {
    Credits: Credits.parse,
    Money: lambda pair: Money.parse(*pair),
    Decimal: Decimal,
    datetime: parse_instant,
    date: parse_day,
}


def to_json(value: object) -> str:
    """A dataclass of exact types as a JSON text."""
    return json.dumps(_written(value), ensure_ascii=False)


def from_json(kind: type[Result], text: str) -> Result:
    """What `to_json` wrote of a `kind`; a field it did not know yet has its default."""
    found: Result = _read(kind, json.loads(text))
    return found


def _written(value: Any) -> Any:
    if type(value) in _WRITERS:
        return _WRITERS[type(value)](value)
    if is_dataclass(value):
        return {field.name: _written(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [_written(member) for member in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise TypeError(f"no exact form for {type(value).__name__}")


def _read(kind: Any, document: Any) -> Any:
    if document is None:
        return None
    if get_origin(kind) in (Union, types.UnionType):
        (kind,) = [part for part in get_args(kind) if part is not type(None)]
    if kind in _READERS:
        return _READERS[kind](document)
    if get_origin(kind) is tuple:
        return tuple(_read(get_args(kind)[0], member) for member in document)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _read(hints[name], value) for name, value in document.items()})  # type: ignore[operator]
    return kind(document)
