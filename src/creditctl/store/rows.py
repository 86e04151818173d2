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
    return {name: _encode(value) for name, value in parameters.items()}


def encoded_row(values: Iterable[Any]) -> tuple[Any, ...]:
    """The same of values without names, in their order."""
    return tuple([_encode(value) for value in values])


@lru_cache(maxsize=256)
def decoder(into: Any) -> Callable[[Any], Any]:
    """A function that makes an `into` of one row, column by column."""
    hints = get_type_hints(into)
    decoders = [_decoder_of(hints[field.name]) for field in fields(into)]
    decoded = [(place, one) for place, one in enumerate(decoders) if one is not None]

    def decode(row: Any) -> Any:
        if len(row) != len(decoders):
            raise ValueError(f"{len(row)} columns for the {len(decoders)} fields of {into}")
        values = list(row)
        # Most columns are what they are in the database.
        for place, decode_one in decoded:
            value = values[place]
            if value is not None:
                values[place] = decode_one(value)
        return into(*values)

    return decode


def _encode(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
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
