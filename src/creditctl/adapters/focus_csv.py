"""FOCUS rows as CSV that a spreadsheet can open without running anything."""

import csv
import io
from collections.abc import Iterable, Mapping

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


def csv_text(rows: Iterable[Mapping[str, str]]) -> str:
    """The dataset with its header; what people named is made harmless, numbers stay as they are."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, **{name: inert(row[name]) for name in _FROM_PEOPLE}})
    return text.getvalue()


def inert(text: str) -> str:
    """The text on one line, and no formula to a spreadsheet."""
    shown = text
    if not text.isprintable():
        shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"'{shown}" if shown.startswith(_FORMULA_STARTS) else shown
