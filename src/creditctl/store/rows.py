"""How values cross into and out of the database: by the field's type, exactly.

Credits are integer micro-credits, instants microseconds, days day numbers (DESIGN 2 and 6).
"""

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from creditctl.rules.instants import day_number, day_of, instant_of, micros_of
from creditctl.rules.units import Credits

_DECODERS: dict[type, Callable[[Any], Any]] = {
    # PostgreSQL hands sums of BIGINT out as Decimal: hence int().
    Credits: lambda value: Credits(int(value)),
    datetime: instant_of,
    date: day_of,
    Decimal: Decimal,
    bool: bool,
    int: int,
}
_ENCODERS: dict[type, Callable[[Any], Any]] = {
    Credits: lambda value: value.micro,
    datetime: micros_of,
    date: day_number,
    Decimal: str,
}

_PLAIN = frozenset({int, str, bool, bytes, type(None)})
"""What both drivers take as it is: most values."""


def encoded(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as the drivers take them; a float is refused, for it could be an amount."""
    return {
        name: value if type(value) in _PLAIN else _encode(value)
        for name, value in parameters.items()
    }


def encoded_row(values: Iterable[Any]) -> tuple[Any, ...]:
    """The same of values without names, in their order."""
    return tuple([value if type(value) in _PLAIN else _encode(value) for value in values])


@lru_cache(maxsize=256)
def decoder(into: Any) -> Callable[[Any], Any]:
    """A function that makes an `into` of one row, column by column."""
    hints = get_type_hints(into)
    decoders = [_decoder_of(hints[field.name]) for field in fields(into)]
    # Most columns are taken as they are: only the others are looked at.
    changed = [(place, one) for place, one in enumerate(decoders) if one is not None]
    width = len(decoders)

    def decode(row: Any) -> Any:
        values = list(row)
        if len(values) != width:
            raise ValueError(f"a row of {len(values)} columns is no {into.__name__}")
        for place, decode_one in changed:
            if (value := values[place]) is not None:
                values[place] = decode_one(value)
        return into(*values)

    return decode


def _encode(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        raise TypeError("floats never reach the database")
    encode = _ENCODERS.get(type(value))
    return value if encode is None else encode(value)


def _decoder_of(hint: Any) -> Callable[[Any], Any] | None:
    if get_origin(hint) in (Union, types.UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _DECODERS.get(hint)
