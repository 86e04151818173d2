"""Writers of journals: one module per accounting program, named in `WRITERS`."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Protocol, cast

from creditctl.errors import InvalidInput
from creditctl.rules.journal import Transaction

WRITERS = {
    "hledger": "creditctl.adapters.journal_writers.hledger",
    "beancount": "creditctl.adapters.journal_writers.beancount",
}
"""Format name -> module."""


class JournalWriter(Protocol):
    """What a format's module offers."""

    def journal_text(self, title: str, transactions: Sequence[Transaction]) -> Iterator[str]:
        """The journal in pieces, with every account and commodity declared."""


def journal_writer(format_name: str) -> JournalWriter:
    """The writer of a format; raises InvalidInput for an unknown one."""
    if format_name not in WRITERS:
        known = ", ".join(WRITERS)
        raise InvalidInput(f"no journal is written as {format_name!r}", hint=f"formats: {known}")
    return cast(JournalWriter, import_module(WRITERS[format_name]))
