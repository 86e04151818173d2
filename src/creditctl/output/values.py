"""How each type of value looks: `machine_value` for programs, `cell` for people.

A type that is not listed here, and any float, raises TypeError: amounts have types of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from typing import TypeAlias

from creditctl.output.safe_text import visible
from creditctl.output.shape import CURRENCY, chosen_fields, currency_follows, currency_of
from creditctl.rules.instants import instant_text
from creditctl.rules.units import Credits, Money

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

ABSENT = "–"  # noqa: RUF001 - an en dash says "nothing here" better than a hyphen

STATUS_COLOURS = {
    "green": "active ok paid finalized applied delivered live signed open",
    "yellow": "draft notified pending stale duplicate expiring late trial postpaid planned",
    "red": "blocked suspended rejected failed overdue insufficient conflict missing",
    "bright_black": "closed revoked expired void voided cancelled ended ignored undone over used_up"
    " withdrawn",
}
_COLOUR_OF = {word: colour for colour, words in STATUS_COLOURS.items() for word in words.split()}
_AS_IT_IS = {str, int, bool, type(None)}
"""Most values: looking their type up is faster than asking who writes it."""

_NUMBERS = (Credits, Money, Decimal, int)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a person reads it."""

    text: str
    colour: str = ""
    is_number: bool = False


def cell(value: object, name: str = "") -> Cell:
    """`value` for a table; a status word gets its colour."""
    text = plain_text(value)
    is_status = isinstance(value, Enum) or name.rpartition(".")[2] in {"status", "state"}
    is_number = isinstance(value, _NUMBERS) and not isinstance(value, bool | Enum)
    return Cell(text, _COLOUR_OF.get(text, "") if is_status else "", is_number)


def machine_object(row: object, names: Sequence[str] | None = None) -> dict[str, Json]:
    """A result as a JSON object: amounts are strings, one `currency` stands beside them."""
    chosen = chosen_fields(type(row), names)
    place_of_currency = currency_follows(chosen)
    currency = currency_of(row)
    document: dict[str, Json] = {}
    for field in chosen:
        value = getattr(row, field.name)
        if type(value) in _AS_IT_IS:
            document[field.name] = value
        else:
            document[field.name] = str(value) if isinstance(value, Money) else machine_value(value)
        if field is place_of_currency:
            document[CURRENCY] = currency
    if currency not in {None, document.get(CURRENCY, currency)}:
        raise TypeError(f"{type(row).__name__}: amounts are not in its own currency")
    return document


@singledispatch
def machine_value(value: object) -> Json:
    """`value` as JSON has it: exact, never a float."""
    if is_dataclass(value) and not isinstance(value, type):
        return machine_object(value)
    raise TypeError(f"no machine form for {type(value).__name__}")


@machine_value.register
def _(value: None) -> None:
    return value


@machine_value.register(int)
@machine_value.register(bool)
def _(value: int) -> int:
    return int(value) if isinstance(value, Enum) else value


@machine_value.register
def _(value: str) -> str:
    return str.__str__(value)  # the plain text of a StrEnum member too


@machine_value.register
def _(value: Enum) -> Json:
    return machine_value(value.value)


@machine_value.register(Credits)
def _(value: Credits) -> str:
    return str(value)


@machine_value.register
def _(value: Money) -> dict[str, Json]:
    return {"amount": str(value), CURRENCY: value.currency}


@machine_value.register
def _(value: Decimal) -> str:
    return format(value, "f")


@machine_value.register
def _(value: datetime) -> str:
    return instant_text(value)


@machine_value.register
def _(value: date) -> str:
    return value.isoformat()


@machine_value.register(tuple)
@machine_value.register(list)
def _(value: Sequence[object]) -> list[Json]:
    return [machine_value(member) for member in value]


@machine_value.register(dict)
def _(value: Mapping[str, object]) -> dict[str, Json]:
    return {str(machine_value(name)): machine_value(member) for name, member in value.items()}


@singledispatch
def plain_text(value: object) -> str:
    """`value` as a person reads it, without colour."""
    raise TypeError(f"no table form for {type(value).__name__}; name one of its fields")


@plain_text.register
def _(value: None) -> str:  # noqa: ARG001 - singledispatch picks by the type of it
    return ABSENT


@plain_text.register
def _(value: str) -> str:
    return visible(str.__str__(value)) or ABSENT


@plain_text.register
def _(value: Enum) -> str:
    return plain_text(value.value)


@plain_text.register
def _(value: bool) -> str:
    return "yes" if value else "no"


@plain_text.register(int)
@plain_text.register(Credits)
def _(value: int | Credits) -> str:
    return grouped(str(value))


@plain_text.register
def _(value: Money) -> str:
    return f"{value.currency} {grouped(str(value))}"


@plain_text.register
def _(value: Decimal) -> str:
    return grouped(format(value, "f"))


@plain_text.register
def _(value: datetime) -> str:
    at = value.astimezone(UTC)
    return f"{at:%Y-%m-%d %H:%M:%S}" if at.second else f"{at:%Y-%m-%d %H:%M}"


@plain_text.register
def _(value: date) -> str:
    return value.isoformat()


@plain_text.register(tuple)
@plain_text.register(list)
def _(value: Sequence[object]) -> str:
    return ", ".join(plain_text(member) for member in value) or ABSENT


@plain_text.register(dict)
def _(value: Mapping[str, object]) -> str:
    pairs = (f"{plain_text(name)} {plain_text(member)}" for name, member in value.items())
    return ", ".join(pairs) or ABSENT


def grouped(number: str) -> str:
    """`-50000.5` as `-50,000.5`."""
    sign = "-" if number.startswith("-") else ""
    whole, point, fraction = number.removeprefix("-").partition(".")
    return f"{sign}{int(whole):,}{point}{fraction}"
