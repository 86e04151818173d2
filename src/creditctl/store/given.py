"""Rows of integers and words handed to a statement as one parameter, also where one only reads.

A statement for many organizations begins `WITH <given(...)>` and joins the name like a table. For
many rows that are only written there is `each_row`.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache

from creditctl.rules.event_ids import ID_BYTES

_SOURCE = {
    "sqlite": "json_each(:{name}) AS j",
    "postgresql": "jsonb_array_elements(CAST(:{name} AS JSONB)) AS j (value)",
}
_VALUE = {
    "sqlite": "json_extract(j.value, '$[{place}]')",
    "postgresql": "CAST(j.value ->> {place} AS BIGINT)",
}
_ONLY = {"sqlite": "j.value", "postgresql": "CAST(j.value #>> '{{}}' AS BIGINT)"}
"""The value of rows of one: to take it out of a row apart is three times the work."""

_COMPACT = json.JSONEncoder(check_circular=False, separators=(",", ":"), default=bytes.hex)
_WORDS = _VALUE | {"postgresql": "j.value ->> {place}"}
_ONLY_WORD = _ONLY | {"postgresql": "j.value #>> '{{}}'"}


@cache
def given(dialect: str, name: str, *columns: str, words: tuple[str, ...] = ()) -> str:
    """A common table expression of the rows in the parameter of the same name.

    Columns are integers, but those in `words`.
    """
    value, word = (_ONLY, _ONLY_WORD) if len(columns) == 1 else (_VALUE, _WORDS)
    values = ", ".join(
        f"{(word if column in words else value)[dialect].format(place=place)} AS {column}"
        for place, column in enumerate(columns)
    )
    source = _SOURCE[dialect].format(name=name)
    return f"{name} AS MATERIALIZED (SELECT {values} FROM {source})"  # noqa: S608 - our names


def number_in(parameter: str, place: str) -> str:
    """The event id at that place of many in a parameter: bytes, which JSON cannot hold."""
    return f"substr(:{parameter}, CAST({ID_BYTES} * {place} + 1 AS INTEGER), {ID_BYTES})"


def as_array(numbers: Iterable[int]) -> str:
    """Integers as PostgreSQL reads an array: the driver would look at each of them in turn."""
    return f"{{{','.join(map(str, numbers))}}}"


def as_given(rows: Iterable[Sequence[int | str | bytes | None]]) -> str:
    """Rows as that parameter's value; bytes in hexadecimal."""
    given_rows = list(rows)
    if given_rows and len(given_rows[0]) == 1:
        return _COMPACT.encode([value for (value,) in given_rows])
    return _COMPACT.encode(given_rows)
