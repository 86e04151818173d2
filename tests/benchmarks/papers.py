"""A thousand invoices as PDF files, by the processes that `invoice export` uses."""

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import perf_counter

from creditctl.documents.document import Address, Document, Kind, Party, Row
from creditctl.documents.style import PLAIN
from creditctl.rules.units import Credits, Money
from creditctl.services.new_files import appearing
from creditctl.services.render_tasks import Task
from creditctl.services.rendering import Renderer

from .bench import Bench
from .results import Gate, Result

_INVOICES = 1000
_ROWS = 8
_DAY = date(2026, 11, 1)


def pdf_files(bench: Bench, *, gate: Gate) -> list[Result]:
    """Seconds from the first document to the last file, start of the processes included."""
    seconds = [_seconds() for _ in range(bench.rounds)]
    return [Result("pdf_files", "s", min(seconds), gate=gate, all_ours=seconds)]


def _seconds() -> float:
    tasks = [Task(_invoice(number), "pdf") for number in range(_INVOICES)]
    renderer = Renderer(PLAIN)
    with tempfile.TemporaryDirectory() as folder:
        start = perf_counter()
        for task, made in zip(tasks, renderer.render(tasks), strict=True):
            with appearing(Path(folder) / f"{task.document.number}.pdf") as stream:
                stream.write(made.content)
        renderer.close()
        return perf_counter() - start


def _invoice(number: int) -> Document:
    row = Row(
        description="Quotes API, pro tier (12,345 requests)",
        quantity=Credits.parse("61725.5"),
        unit_price=Decimal("0.0092"),
        amount=Money(56787, "EUR"),
        kind="usage",
    )
    total = Money(56787 * _ROWS, "EUR")
    return Document(
        kind=Kind.INVOICE,
        number=f"INV-2026-{number + 1:06}",
        issued_on=_DAY,
        dated=_DAY,
        due_on=_DAY,
        seller=Party(name="Märkte & Daten GmbH", address=Address(country="DE", city="Köln")),
        buyer=Party(name=f"Buyer {number}", address=Address(country="DE", city="Berlin")),
        currency="EUR",
        rows=(row,) * _ROWS,
        net=total,
        tax=Money(0, "EUR"),
        total=total,
        paid=Money(0, "EUR"),
    )
