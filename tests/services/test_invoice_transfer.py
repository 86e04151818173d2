"""Money beyond what was due pays another invoice, and nothing is gained or lost by that."""

from decimal import Decimal
from pathlib import Path

import pytest

from builders import an_organization, at
from conftest import Cli
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services.invoice_aging import aged_receivables
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoices import show_invoice
from creditctl.services.journal import export_journal
from creditctl.services.money_verbs import Rails
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import update_organization_facts
from creditctl.services.receivables_report import report_receivables
from creditctl.services.surplus import SurplusTransfer, TransferRequest, transfer_surplus
from invoices import final, sold_in_germany, used
from journal_programs import beancount_balances
from schema_check import validated

FIRST, SECOND = "INV-2026-000001", "INV-2026-000002"


@pytest.fixture
def books(context: Context) -> Context:
    """119.00 of October, paid with 150.00; 23.80 of November."""
    october = at(context, "2026-10-01T00:00:00Z")
    sold_in_germany(october)
    an_organization(october)
    update_organization_facts(october, "acme", OrgFacts(country="DE"))
    used(context, ("2026-10-10T00:00:00Z", 10_000), ("2026-11-10T00:00:00Z", 2_000))
    final(at(context, "2026-11-05T00:00:00Z"))
    december = at(context, "2026-12-05T00:00:00Z")
    assert str(final(december, "2026-11").total) == "23.80"
    pay_invoice(
        december, PayRequest(invoice=FIRST, reference="1", reason="x", amount=usd("150.00"))
    )
    return december


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def moved(books: Context, amount: str | None = None, **rails: object) -> SurplusTransfer:
    request = TransferRequest(
        source=FIRST,
        target=SECOND,
        reason="paid twice",
        amount=None if amount is None else usd(amount),
    )
    return transfer_surplus(books, request, Rails(**rails))  # type: ignore[arg-type]


def test_it_pays_what_is_due_and_the_rest_stays(books: Context) -> None:
    found = moved(books)
    assert (str(found.amount), str(found.surplus), str(found.due)) == ("23.80", "7.20", "0.00")
    assert found.status == "paid"
    first, second = (show_invoice(books, name) for name in (FIRST, SECOND))
    assert (str(first.paid), str(first.surplus), first.status) == ("126.20", "7.20", "paid")
    assert [(one.reference, str(one.amount)) for one in first.payments] == [
        ("1", "150.00"),
        (f"to {SECOND}", "-23.80"),
    ]
    assert [(one.reference, str(one.amount)) for one in second.payments] == [
        (f"from {FIRST}", "23.80")
    ]
    assert aged_receivables(books) == []


def test_parts_may_follow_each_other(books: Context) -> None:
    assert str(moved(books, "10.00").due) == "13.80"
    found = moved(books, "13.80")
    assert (str(found.surplus), found.status) == ("7.20", "paid")
    references = [one.reference for one in show_invoice(books, SECOND).payments]
    assert references == [f"from {FIRST}", f"from {FIRST} (2)"]


def test_no_money_moves(books: Context, tmp_path: Path) -> None:
    december = parse_month("2026-12")
    before = report_receivables(books, december).roll_forward
    export_journal(books, december, tmp_path / "before.beancount")
    moved(books)
    assert report_receivables(books, december).roll_forward == before
    export_journal(books, december, tmp_path / "after.beancount")
    balances = beancount_balances(tmp_path / "after.beancount")
    assert balances == beancount_balances(tmp_path / "before.beancount")
    assert balances["Assets:Receivable", "USD"] == Decimal("-7.20")


def test_the_same_key_moves_it_once_and_a_dry_run_never(books: Context) -> None:
    assert moved(books, "5.00", dry_run=True).dry_run
    assert str(show_invoice(books, FIRST).surplus) == "31.00"
    assert moved(books, "5.00", idempotency_key="k") == moved(books, "5.00", idempotency_key="k")
    assert str(show_invoice(books, FIRST).surplus) == "26.00"


@pytest.mark.parametrize(
    ("source", "target", "amount", "error", "words"),
    [
        (FIRST, SECOND, "23.81", Conflict, "23.80 is due"),
        (FIRST, SECOND, "31.01", Conflict, "31.00 more than was due"),
        (SECOND, FIRST, None, Conflict, "0.00 more than was due"),
        (FIRST, FIRST, None, InvalidInput, "cannot pay itself"),
        (FIRST, SECOND, "0.00", InvalidInput, "above zero"),
    ],
)
def test_what_makes_no_sense_is_refused(
    books: Context, source: str, target: str, amount: str | None, error: type, words: str
) -> None:
    request = TransferRequest(
        source=source, target=target, reason="x", amount=None if amount is None else usd(amount)
    )
    with pytest.raises(error, match=words):
        transfer_surplus(books, request)


def test_another_organization_is_not_paid(books: Context) -> None:
    an_organization(at(books, "2026-11-01T00:00:00Z"), "other")
    update_organization_facts(books, "other", OrgFacts(country="DE"))
    used(books, ("2026-11-12T00:00:00Z", 500), slug="other")
    final(books, "2026-11", "other")
    with pytest.raises(InvalidInput, match="is of acme, INV-2026-000003 of other"):
        transfer_surplus(books, TransferRequest(source=FIRST, target="INV-2026-000003", reason="x"))


def test_the_command_says_what_it_did(books: Context, cli: Cli) -> None:
    line = f"-o json invoice transfer {FIRST} {SECOND} --amount 3.80USD --reason test"
    told = cli(line, as_of="2026-12-06T00:00:00Z")
    assert validated(told.json) == "creditctl.surplus_transfer/v1"
    assert (told.data["surplus"], told.data["due"]) == ("27.20", "20.00")
    entry = cli("-o json audit log --limit 1", as_of="2026-12-06T00:00:00Z").data[0]
    assert (entry["action"], entry["reason"]) == ("invoice.surplus_transferred", "test")
