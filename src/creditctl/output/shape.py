"""The shape of a result dataclass: its fields, their types, and where the currency goes."""

import types
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TypeGuard, Union, get_args, get_origin, get_type_hints

from creditctl.errors import InvalidInput
from creditctl.rules.units import Credits, Money

CURRENCY = "currency"
_AMOUNTS = (Credits, Money)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a result: its kind is its type without `None`."""

    name: str
    kind: object
    optional: bool

    @property
    def is_money(self) -> bool:
        """Whether it shows as an amount with its currency beside it."""
        return self.kind is Money

    @property
    def nested(self) -> type | None:
        """The type of the one further result that it holds."""
        return self.kind if is_result_type(self.kind) and self.kind not in _AMOUNTS else None


def is_result_type(annotation: object) -> TypeGuard[type]:
    """Whether `annotation` is a dataclass that is read field by field."""
    return isinstance(annotation, type) and is_dataclass(annotation)


@cache
def fields_of(row_type: type) -> tuple[Field, ...]:
    """The fields of a result dataclass, in order."""
    if not is_dataclass(row_type):
        raise TypeError(f"results are dataclasses, not {row_type.__name__}")
    hints = get_type_hints(row_type)
    return tuple(Field(field.name, *without_none(hints[field.name])) for field in fields(row_type))


def without_none(annotation: object) -> tuple[object, bool]:
    """`X | None` as (X, True); anything else as (itself, False)."""
    if get_origin(annotation) not in {Union, types.UnionType}:
        return annotation, False
    members = [member for member in get_args(annotation) if member is not types.NoneType]
    if len(members) != 1:
        raise TypeError(f"a result field has one type or None, not {annotation}")
    return members[0], True


def chosen_fields(row_type: type, names: Sequence[str] | None) -> tuple[Field, ...]:
    """The fields that `--fields` names, in that order; all of them when it was not given."""
    if names is None:
        return fields_of(row_type)
    known = {field.name: field for field in fields_of(row_type)}
    for name in names:
        if name not in known:
            raise InvalidInput(f"--fields: no field {name!r}", hint=f"fields: {', '.join(known)}")
    return tuple(known[name] for name in names)


def member_type(row_type: type, name: str) -> type:
    """What the tuple in that field of a result holds."""
    (kind,) = [field.kind for field in fields_of(row_type) if field.name == name]
    member: type = get_args(kind)[0]
    return member


def currency_follows(chosen: Sequence[Field]) -> Field | None:
    """The money field that the `currency` key comes after; None when no key has to be added."""
    if any(field.name == CURRENCY for field in chosen):
        return None
    return next((field for field in chosen if field.is_money), None)


def currency_of(row: object) -> str | None:
    """The one currency of all amounts in `row`."""
    row_type: type = type(row)
    amounts = [getattr(row, name) for name in _names_of_money(row_type)]
    currencies = {amount.currency for amount in amounts if amount is not None}
    if len(currencies) > 1:
        raise TypeError(f"{row_type.__name__} mixes currencies: {sorted(currencies)}")
    return currencies.pop() if currencies else None


@cache
def _names_of_money(row_type: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields_of(row_type) if field.is_money)
