"""CSV and TSV that spreadsheets can open without running anything.

The columns are the scalar fields of the result; a nested result's are dotted (`plan.code`), lists
are left out. A single result is one row.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import get_origin

from creditctl.output.render import Answer, Display
from creditctl.output.safe_text import visible
from creditctl.output.shape import CURRENCY, Field, chosen_fields, currency_follows, currency_of
from creditctl.output.values import machine_value
from creditctl.rules.units import Money

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_COLLECTIONS = (tuple, list, dict)


def write(answer: Answer, display: Display) -> None:
    """Write comma-separated values with a header."""
    _write(answer, display, ",")


def write_tabs(answer: Answer, display: Display) -> None:
    """Write tab-separated values with a header."""
    _write(answer, display, "\t")


def _write(answer: Answer, display: Display, delimiter: str) -> None:
    rows = csv.writer(display.stream, delimiter=delimiter, lineterminator="\n")
    if answer.row_type is type(None):
        rows.writerow(column.name for column in answer.columns)
        return
    chosen = chosen_fields(answer.row_type, answer.names)
    rows.writerow(_headings(chosen))
    for row in answer.rows:
        rows.writerow(_cells(row, chosen))


def _headings(chosen: Sequence[Field]) -> Iterator[str]:
    for field in chosen:
        if field.nested:
            nested = chosen_fields(field.nested, None)
            yield from (f"{field.name}.{heading}" for heading in _headings(nested))
        elif _is_scalar(field):
            yield field.name
            if field is currency_follows(chosen):
                yield CURRENCY


def _cells(row: object, chosen: Sequence[Field]) -> Iterator[str]:
    for field in chosen:
        value = None if row is None else getattr(row, field.name)
        if field.nested:
            yield from _cells(value, chosen_fields(field.nested, None))
        elif _is_scalar(field):
            yield _text(value)
            if field is currency_follows(chosen):
                yield "" if row is None else currency_of(row) or ""


def _is_scalar(field: Field) -> bool:
    return (get_origin(field.kind) or field.kind) not in _COLLECTIONS


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Money):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(machine_value(value))
    return _inert(text) if isinstance(value, str) else text


def _inert(text: str) -> str:
    return visible(f"'{text}" if text.startswith(_FORMULA_STARTS) else text)
