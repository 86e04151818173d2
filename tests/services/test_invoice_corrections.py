"""Payments, voided invoices and credit notes: money that arrives, and what is taken back."""

from collections.abc import Callable
from datetime import date

import pytest

from builders import an_organization, at, give
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credit_notes import CreditNote, CreditNoteRequest, issue_credit_note
from creditctl.services.invoice_aging import AgedReceivables, aged_receivables
from creditctl.services.invoice_payments import InvoiceStanding, PayRequest, pay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoices import list_invoices, show_invoice
from creditctl.services.money_verbs import NO_RAILS, Rails
from creditctl.services.org_facts import OrgFacts
from creditctl.services.org_status import close_organization
from creditctl.services.orgs import update_organization_facts
from invoices import drafted, final, sold_in_germany, used

FIRST = "INV-2026-000001"
OCTOBER = parse_month("2026-10")


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: acme owes 100.00 and 19 % of tax for 10,000 credits of October."""
    october = at(context, "2026-10-01T00:00:00Z")
    sold_in_germany(october)
    an_organization(october)
    update_organization_facts(october, "acme", OrgFacts(country="DE"))
    used(context, ("2026-10-10T00:00:00Z", 10_000))
    november = at(context, "2026-11-10T00:00:00Z")
    assert str(final(november).total) == "119.00"
    return november


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def pay(
    context: Context, amount: str | None, reference: str, rails: Rails = NO_RAILS
) -> InvoiceStanding:
    return pay_invoice(
        context,
        PayRequest(
            invoice=FIRST,
            reference=reference,
            reason="statement",
            amount=None if amount is None else usd(amount),
        ),
        rails,
    )


def credit(context: Context, amount: str | None = None, **options: int) -> CreditNote:
    wanted = None if amount is None else usd(amount)
    return issue_credit_note(
        context, CreditNoteRequest(invoice=FIRST, reason="outage", amount=wanted, **options)
    )


def void(context: Context, rails: Rails = NO_RAILS) -> InvoiceStanding:
    return void_invoice(context, VoidRequest(invoice=FIRST, reason="wrong"), rails)


def figures(standing: InvoiceStanding | CreditNote) -> tuple[str, str, str]:
    return standing.status, str(standing.due), str(standing.surplus)


def test_an_invoice_is_paid_in_parts(books: Context) -> None:
    assert figures(pay(books, "19.00", "one")) == ("finalized", "100.00", "0.00")
    assert figures(pay(books, None, "two")) == ("paid", "0.00", "0.00")
    shown = show_invoice(books, FIRST)
    assert [(one.reference, str(one.amount)) for one in shown.payments] == [
        ("one", "19.00"),
        ("two", "100.00"),
    ]
    assert shown.paid_at == books.now


def test_more_than_was_due_is_surplus(books: Context) -> None:
    assert figures(pay(books, "120.00", "one")) == ("paid", "0.00", "1.00")
    assert figures(pay(books, "5.00", "twice")) == ("paid", "0.00", "6.00")
    with pytest.raises(Conflict, match="nothing is due"):
        pay(books, None, "three")


def test_a_line_of_the_statement_counts_once(books: Context) -> None:
    first = pay(books, "19.00", "one")
    assert pay(books, "19.00", "one") == first
    assert pay(books, None, "one") == first
    with pytest.raises(Conflict, match="was recorded with"):
        pay(books, "20.00", "one")
    euros = Money.parse("1", "EUR")
    with pytest.raises(InvalidInput, match="is in USD"):
        pay_invoice(books, PayRequest(invoice=FIRST, reference="x", reason="y", amount=euros))


def test_nothing_is_no_payment_of_what_is_due(books: Context) -> None:
    with pytest.raises(InvalidInput, match=r"above zero, not 0\.00"):
        pay(books, "0.00", "a")
    assert str(show_invoice(books, FIRST).due) == "119.00"


def test_money_has_not_arrived_on_a_day_to_come(books: Context) -> None:
    def arrives(day: date) -> InvoiceStanding:
        request = PayRequest(invoice=FIRST, reference="a", reason="statement", arrived_on=day)
        return pay_invoice(books, request)

    with pytest.raises(InvalidInput, match="2026-11-11 is yet to come"):
        arrives(date(2026, 11, 11))
    assert figures(arrives(date(2026, 11, 10))) == ("paid", "0.00", "0.00")


def test_the_same_key_pays_once_and_a_dry_run_never(books: Context) -> None:
    assert pay(books, "19.00", "dry", Rails(dry_run=True)).dry_run
    key = Rails(idempotency_key="k")
    assert pay(books, "19.00", "one", key) == pay(books, "19.00", "one", key)
    assert str(show_invoice(books, FIRST).paid) == "19.00"


def test_a_closed_organization_still_pays(books: Context) -> None:
    close_organization(books, "acme", reason="gone")
    assert pay(books, None, "one").status == "paid"


def test_a_draft_is_neither_paid_nor_credited_nor_voided(books: Context) -> None:
    used(books, ("2026-11-01T00:00:00Z", 5))
    draft = drafted(at(books, "2026-12-01T00:00:00Z"), "2026-11").id
    attempts: list[Callable[[], object]] = [
        lambda: pay_invoice(books, PayRequest(invoice=draft, reference="a", reason="b")),
        lambda: issue_credit_note(books, CreditNoteRequest(invoice=draft, reason="b")),
        lambda: void_invoice(books, VoidRequest(invoice=draft, reason="b")),
    ]
    for attempt in attempts:
        with pytest.raises(Conflict, match="is a draft"):
            attempt()


def test_credit_notes_take_the_tax_with_them_and_sum_to_the_invoice(books: Context) -> None:
    parts = [credit(books, "0.01"), credit(books, "50.00"), credit(books, "0.05"), credit(books)]
    assert [one.number for one in parts] == [f"CN-2026-00000{number}" for number in (1, 2, 3, 4)]
    assert [(str(one.net), str(one.tax), str(one.total)) for one in parts] == [
        ("0.01", "0.00", "0.01"),
        ("42.02", "7.98", "50.00"),  # 50.01 x 19/119 = 7.9848
        ("0.04", "0.01", "0.05"),  # 50.06 x 19/119 = 7.9928
        ("57.93", "11.01", "68.94"),
    ]
    assert figures(parts[-1]) == ("paid", "0.00", "0.00")
    with pytest.raises(Conflict, match=r"0\.00 USD is left"):
        credit(books, "0.01")


def test_a_credit_note_on_what_was_paid_is_surplus(books: Context) -> None:
    pay(books, None, "one")
    assert figures(credit(books, "11.90")) == ("paid", "0.00", "11.90")
    assert figures(credit(books, "0.10")) == ("paid", "0.00", "12.00")


def test_a_line_is_taken_back_once_with_its_tax(books: Context) -> None:
    note = credit(books, line=1)
    assert (str(note.net), str(note.tax), str(note.total)) == ("100.00", "19.00", "119.00")
    assert [str(tax.taxable) for tax in note.taxes] == ["100.00"]
    with pytest.raises(Conflict, match="took line 1 back"):
        credit(books, line=1)


def test_a_credit_note_never_exceeds_its_invoice(books: Context) -> None:
    with pytest.raises(Conflict, match=r"119\.00 USD is left"):
        credit(books, "119.01")
    with pytest.raises(InvalidInput, match="above zero"):
        credit(books, "0.00")
    with pytest.raises(NotFound, match="no line 2"):
        credit(books, line=2)
    with pytest.raises(InvalidInput, match="of a sum or of a line"):
        credit(books, "1.00", line=1)


def test_a_void_invoice_keeps_its_number_and_its_month_is_billed_anew(books: Context) -> None:
    assert str(read_balance(books, "acme").open_overage) == "0"
    assert figures(void(books)) == ("void", "0.00", "0.00")
    assert str(read_balance(books, "acme").open_overage) == "10000"
    assert void(books).status == "void"
    assert run_checks(books) == []
    again = final(books)
    assert (again.number, str(again.total)) == ("INV-2026-000002", "119.00")
    assert str(read_balance(books, "acme").open_overage) == "0"
    assert [row.number for row in list_invoices(books)] == [FIRST, "INV-2026-000002"]
    assert show_invoice(books, "acme", OCTOBER).number == "INV-2026-000002"
    assert show_invoice(books, FIRST).void_reason == "wrong"


def test_what_was_bought_since_repays_the_overage_of_a_void_invoice(books: Context) -> None:
    give(books, "acme", "4000", source="purchase")
    void(books)
    balance = read_balance(books, "acme")
    assert (str(balance.available), str(balance.open_overage)) == ("0", "6000")
    assert str(drafted(books).subtotal) == "60.00"


def test_a_void_invoice_of_late_usage_leaves_it_to_the_next_draft(books: Context) -> None:
    used(books, ("2026-10-12T00:00:00Z", 100))
    december = at(books, "2026-12-10T00:00:00Z")
    november = final(december, "2026-11")
    assert str(november.subtotal) == "1.00"
    with pytest.raises(Conflict, match="came late"):
        void(december)
    void_invoice(december, VoidRequest(invoice=november.id, reason="wrong"))
    again = final(december, "2026-11")
    assert (again.number, str(again.subtotal)) == ("INV-2026-000003", "1.00")


def test_what_was_paid_or_credited_is_not_voided(books: Context) -> None:
    pay(books, "1.00", "one")
    with pytest.raises(Conflict, match="money arrived"):
        void(books)
    used(books, ("2026-11-05T00:00:00Z", 100))
    december = at(books, "2026-12-10T00:00:00Z")
    second = final(december, "2026-11").number or ""
    issue_credit_note(
        december, CreditNoteRequest(invoice=second, reason="outage", amount=usd("0.10"))
    )
    with pytest.raises(Conflict, match="has credit notes"):
        void_invoice(december, VoidRequest(invoice=second, reason="wrong"))


def test_a_void_invoice_is_neither_paid_nor_credited(books: Context) -> None:
    assert void(books, Rails(dry_run=True)).dry_run
    void(books)
    with pytest.raises(Conflict, match="is void"):
        pay(books, "1.00", "one")
    with pytest.raises(Conflict, match="is void"):
        credit(books, "1.00")


@pytest.mark.parametrize(
    ("day", "bucket"),
    [
        ("2026-11-24", "current"),
        ("2026-11-25", "days_1_30"),
        ("2026-12-24", "days_1_30"),
        ("2026-12-25", "days_31_60"),
        ("2027-01-24", "days_61_90"),
        ("2027-02-22", "days_61_90"),
        ("2027-02-23", "over_90"),
    ],
)
def test_receivables_age_from_the_day_they_are_due(books: Context, day: str, bucket: str) -> None:
    assert show_invoice(books, FIRST).due_on == date(2026, 11, 24)
    pay(books, "19.00", "one")
    (row,) = aged_receivables(at(books, f"{day}T12:00:00Z"))
    assert (row.organization, row.currency, row.invoices, str(row.total)) == (
        "acme",
        "USD",
        1,
        "100.00",
    )
    assert str(getattr(row, bucket)) == "100.00"
    others = [name for name in AgedReceivables.__slots__ if name.startswith(("days", "over", "cu"))]
    assert sum(getattr(row, name).minor for name in others if name != "currency") == 10_000


def test_what_is_paid_or_void_is_no_receivable(books: Context) -> None:
    an_organization(at(books, "2026-10-01T00:00:00Z"), "beta")
    update_organization_facts(books, "beta", OrgFacts(country="CH"))
    used(books, ("2026-10-12T00:00:00Z", 100), slug="beta")
    beta = final(books, slug="beta")
    assert [row.organization for row in aged_receivables(books)] == ["acme", "beta"]
    pay(books, None, "one")
    void_invoice(books, VoidRequest(invoice=beta.id, reason="wrong"))
    assert aged_receivables(books) == []
