"""Invoices computed by hand: every case of `invoices/cases.toml`, and what explains it."""

from typing import Any

import pytest

from creditctl.context import Context
from creditctl.services.invoice_explanation import explain_invoice
from creditctl.services.invoices import Invoice
from invoice_cases import CASES, run_case
from invoices import finalized

_ON_BOTH = (
    "quota of 50,000 with usage beyond",
    "late usage is on the next invoice",
    "an instalment of an order form",
    "a grant that is taken back after its invoice was final",
    "an invoice below the minimum is carried over",
)


def _lines(invoice: Invoice) -> list[str]:
    return [
        " ".join([line.kind, *([str(line.credits)] if line.credits else []), str(line.amount)])
        for line in invoice.lines
    ]


def _on(context: Context, name: str) -> dict[str, Any]:
    if context.database.startswith("postgresql") and name not in _ON_BOTH:
        pytest.skip("on SQLite alone")
    return CASES[name]


@pytest.mark.parametrize("name", CASES)
def test_the_invoice_is_what_was_computed_by_hand(context: Context, name: str) -> None:
    case = _on(context, name)
    now, invoice = run_case(context, case)
    if "total" not in case:
        assert invoice is None
        return
    assert invoice is not None
    assert _lines(invoice) == case["lines"]
    assert f"{invoice.total} {invoice.total.currency}" == case["total"]
    assert str(invoice.tax) == case.get("tax", str(invoice.tax - invoice.tax))
    if "texts" in case:
        assert [line.description for line in invoice.lines] == case["texts"]
    if "taxes" in case:
        assert [f"{tax.name} {tax.tax}" for tax in invoice.taxes] == case["taxes"]
    assert case.get("treatment") in (None, invoice.treatment)
    if "overage" in case:
        assert [f"{one.reason} {one.credits}" for one in invoice.overage] == case["overage"]
    _is_explained(now, invoice)
    finalized(now, invoice.month)
    _is_explained(now, invoice)


def _is_explained(context: Context, invoice: Invoice) -> None:
    """Parts sum to their line, in money and in credits, and every line has some."""
    told = explain_invoice(context, invoice.id)
    assert told.closes
    for number, line in enumerate(invoice.lines, start=1):
        parts = [part for part in told.parts if part.line == number]
        assert parts
        assert sum(part.amount.minor for part in parts) == line.amount.minor
        if line.credits is not None:
            credits = [part.credits for part in parts if part.credits is not None]
            assert sum(one.micro for one in credits) == line.credits.micro


def test_there_are_at_least_25_of_them() -> None:
    assert len(CASES) >= 25
