"""What is told of invoices, each once: final, paid, overdue."""

import pytest

from alerts import a_destination
from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.rules.units import Money
from creditctl.services.audit import list_audit_entries
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.money_verbs import Rails
from creditctl.services.overdue_invoices import tell_overdue
from creditctl.store.engine import unit_of_work
from invoices import OCTOBER, drafted, final, used

NUMBER = "INV-2026-000001"


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: acme used 1,000 credits in October, 10.00 USD, due on 24 November."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october)
    used(context, ("2026-10-10T00:00:00Z", 1000))
    return at(context, "2026-11-10T00:00:00Z")


def told(context: Context) -> list[str]:
    with unit_of_work(context.database) as unit:
        rows = unit.fetch_rows("SELECT event, summary FROM notification ORDER BY id")
    return [f"{event}: {summary}" for event, summary in rows]


def paid(context: Context, amount: str, reference: str, *, dry_run: bool = False) -> None:
    money = Money.parse(amount, "USD")
    request = PayRequest(invoice=NUMBER, reference=reference, reason="bank", amount=money)
    pay_invoice(context, request, Rails(dry_run=dry_run))


def test_a_final_invoice_is_told_with_its_figures(books: Context) -> None:
    a_destination(books, told=("info",))
    drafted(books)
    finalize_invoices(books, FinalizeRequest(month=OCTOBER), dry_run=True)
    assert told(books) == []
    final(books)
    (line,) = told(books)
    assert line.startswith("invoice.finalized: acme: invoice finalized; INV-2026-000001 for")
    assert line.endswith("for 2026-10, 10.00 USD, due by 2026-11-24")


def test_the_payment_that_settles_it_is_told_once(books: Context) -> None:
    final(books)
    a_destination(books, told=("invoice.paid",))
    paid(books, "4", "b1")
    paid(books, "6", "b2", dry_run=True)
    assert told(books) == []
    paid(books, "6", "b2")
    paid(books, "1", "b3")
    assert told(books) == [
        "invoice.paid: acme: invoice paid; INV-2026-000001 for 2026-10, 10.00 USD"
    ]


def test_a_credit_note_that_settles_it_is_told_too(books: Context) -> None:
    final(books)
    a_destination(books, told=("invoice.paid",))
    issue_credit_note(books, CreditNoteRequest(invoice=NUMBER, reason="all of it"))
    assert len(told(books)) == 1


def test_an_overdue_invoice_is_told_once_on_the_day_after(books: Context) -> None:
    a_destination(books, told=("notify",))
    final(books)
    assert tell_overdue(at(books, "2026-11-24T23:59:59Z")) == 0
    late = at(books, "2026-11-25T00:00:00Z")
    assert tell_overdue(late) == 1
    assert tell_overdue(late) == 0
    assert tell_overdue(at(books, "2026-12-25T00:00:00Z")) == 0
    assert [line.partition(":")[0] for line in told(books)] == ["invoice.overdue"]
    entry = list_audit_entries(late, limit=1)[0]
    assert (entry.action, entry.after["due_minor"]) == ("invoice.overdue", 1000)


def test_what_is_paid_or_void_is_never_overdue(books: Context) -> None:
    final(books)
    paid(books, "10", "b1")
    an_organization(at(books, "2026-10-01T00:00:00Z"), "beta")
    used(books, ("2026-10-10T00:00:00Z", 5), slug="beta")
    second = final(books, slug="beta")
    void_invoice(books, VoidRequest(invoice=str(second.number), reason="wrong"))
    assert tell_overdue(at(books, "2027-01-01T00:00:00Z")) == 0


def test_who_listens_later_is_not_told_of_old_ones(books: Context) -> None:
    final(books)
    late = at(books, "2026-11-25T00:00:00Z")
    assert tell_overdue(late) == 1
    a_destination(late, told=("notify",))
    assert (tell_overdue(late), told(late)) == (0, [])
