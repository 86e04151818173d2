"""Cells of formats that have only texts and whole numbers: exact, and without a float."""

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa

from creditctl.rules.instants import day_of, instant_of, instant_text
from creditctl.rules.units import Credits

_TEXTS: dict[str, Callable[[Any], str]] = {
    "time": lambda micros: instant_text(instant_of(micros)),
    "day": lambda number: day_of(number).isoformat(),
    "credits": lambda micro: str(Credits(micro)),
}


def column(kind: str) -> Any:
    """Text but for counts."""
    return pa.int64() if kind == "count" else pa.string()


def cells(kind: str, values: Sequence[Any]) -> Sequence[Any]:
    """Times, days and amounts as people write them."""
    text = _TEXTS.get(kind)
    return values if text is None else [None if one is None else text(one) for one in values]
