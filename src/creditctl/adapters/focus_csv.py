"""FOCUS rows as CSV that a spreadsheet can open without running anything."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from creditctl.rules.focus import COLUMNS

_FORMULA_STARTS = ("=", "+", "-", "@")
_FROM_PEOPLE = (
    "BillingAccountName",
    "ChargeDescription",
    "InvoiceIssuerName",
    "ProviderName",
    "PublisherName",
    "ServiceName",
)
_PLACES_FROM_PEOPLE = tuple(COLUMNS.index(name) for name in _FROM_PEOPLE)
_ROWS_AT_ONCE = 4_096
_NAMES_KNOWN = 16_384


def csv_parts(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The dataset with its header, some thousand rows at a time; cells in the columns' order.

    What people named is made harmless, numbers stay as they are.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    # A month repeats few names in many rows.
    harmless = lru_cache(maxsize=_NAMES_KNOWN)(inert)
    left = iter(rows)
    while part := [list(cells) for cells in islice(left, _ROWS_AT_ONCE)]:
        for cells in part:
            for place in _PLACES_FROM_PEOPLE:
                cells[place] = harmless(cells[place])
        writer.writerows(part)
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def inert(text: str) -> str:
    """The text on one line, and no formula to a spreadsheet."""
    shown = text
    if not text.isprintable():
        shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
