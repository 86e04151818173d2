"""What is reversed of paid credits has a credit note: its net with its tax, and no revenue."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builders import at, open_books, use
from creditctl.adapters.payments.interface import PaymentAnswer, PaymentStatus
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import Period, parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.checks import run_checks
from creditctl.services.credit_note_document import credit_note_document, show_credit_note
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.credits import list_grants
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.invoices import show_invoice
from creditctl.services.journal import export_journal
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.money_verbs import Rails
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.purchase_cards import read_purchase
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.receivables_report import report_receivables
from creditctl.services.revenue_report import report_breakage, report_revenue
from creditctl.services.reversals import ReverseRequest, TakenBack, reverse_grant
from creditctl.services.settling import apply_answer
from creditctl.services.surplus import SurplusTransfer, TransferRequest, transfer_surplus
from creditctl.services.tax_report import report_tax
from creditctl.services.usage_batches import list_batches
from creditctl.services.usage_undo import undo_import
from finance import TAXED, bought
from invoiced import BERLIN, INCLUSIVE, MEDIA
from invoices import final
from journal_programs import Balances, beancount_balances, hledger_balances
from orders import a_line, an_order

OCTOBER, NOVEMBER, DECEMBER = MONTHS = [parse_month(f"2026-{month}") for month in (10, 11, 12)]
PROGRAMS: dict[str, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}
OWED = "Liabilities:Credit-notes"


@pytest.fixture
def books(context: Context) -> Context:
    """Two German organizations in October; nobody has bought anything."""
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, TAXED)
    for slug in (BERLIN, MEDIA):
        create_organization(opened, slug, facts=OrgFacts(country="DE"))
    return opened


def reversed_(context: Context, grant_id: str, *, unwind: bool = False) -> TakenBack:
    request = ReverseRequest(grant=grant_id, reason="wrong organization", unwind=unwind)
    return reverse_grant(context, request)


def amounts(taken: TakenBack) -> list[tuple[str, str, str]]:
    return [(str(note.net), str(note.tax), str(note.total)) for note in taken.credit_notes]


def balances(context: Context, month: Period, folder: Path, program: str = "beancount") -> Balances:
    path = folder / f"journal.{program}"
    export_journal(context, month, path)
    return PROGRAMS[program](path)


def closing(context: Context, month: Period) -> dict[str, str]:
    lines = report_receivables(context, month).organizations
    return {line.organization: str(line.closing) for line in lines}


def is_consistent(context: Context) -> bool:
    return run_checks(context) == []


def test_the_unused_part_of_a_purchase_is_credited_with_its_tax(books: Context) -> None:
    """Two of three credits for 10.00: 10.00 less 3.33, and 19 % of that."""
    grant_id = bought(books, BERLIN, package="three")
    use(at(books, "2026-10-12T00:00:00Z"), BERLIN, 1)
    taken = reversed_(at(books, "2026-10-20T00:00:00Z"), grant_id)
    assert amounts(taken) == [("6.67", "1.27", "7.94")]
    card = read_purchase(books, "R-2026-000001")
    assert [note.number for note in card.credit_notes] == ["CN-2026-000001"]
    assert str(card.owed_back) == "7.94"
    assert str(report_tax(books, OCTOBER).totals[0].tax) == "0.63"
    assert str(report_tax(books, OCTOBER).totals[0].net) == "3.33"
    assert closing(books, OCTOBER) == {BERLIN: "-7.94"}
    assert is_consistent(books)


@pytest.mark.parametrize("program", PROGRAMS)
def test_journals_owe_it_back_and_keep_neither_tax_nor_revenue(
    books: Context, program: str, tmp_path: Path
) -> None:
    grant_id = bought(books, BERLIN, package="three")
    use(at(books, "2026-10-12T00:00:00Z"), BERLIN, 1)
    reversed_(at(books, "2026-11-05T00:00:00Z"), grant_id)
    october = balances(books, OCTOBER, tmp_path, program)
    assert october["Liabilities:Tax:DE:VAT", "USD"] == Decimal("-1.90")
    november = balances(books, NOVEMBER, tmp_path, program)
    money = {key: value for key, value in november.items() if key[1] == "USD"}
    assert money == {
        ("Assets:Cash", "USD"): Decimal("11.90"),
        ("Assets:Receivable", "USD"): Decimal("-7.94"),
        ("Equity:Retained", "USD"): Decimal("-3.33"),
        ("Liabilities:Tax:DE:VAT", "USD"): Decimal("-0.63"),
    }
    assert str(report_revenue(books, NOVEMBER).sources[-1].amount) == "0.00"
    assert report_breakage(books, NOVEMBER).credits == Credits(0)


def test_an_unwound_purchase_is_credited_in_full(books: Context) -> None:
    grant_id = bought(books, BERLIN, package="three")
    use(at(books, "2026-10-12T00:00:00Z"), BERLIN, 1)
    taken = reversed_(at(books, "2026-10-20T00:00:00Z"), grant_id, unwind=True)
    assert amounts(taken) == [("10.00", "1.90", "11.90")]
    assert str(report_tax(books, OCTOBER).totals[0].tax) == "0.00"
    assert is_consistent(books)


def test_usage_that_is_undone_later_is_credited_then(books: Context) -> None:
    """What returns to a reversed grant is reversed again, and the rest of the tax goes with it."""
    grant_id = bought(books, BERLIN, package="three")
    use(at(books, "2026-10-12T00:00:00Z"), BERLIN, 1)
    later = at(books, "2026-10-20T00:00:00Z")
    reversed_(later, grant_id)
    batch = list_batches(later, limit=1)[0].id
    undo_import(later, batch, reason="a wrong file")
    notes = read_purchase(later, "R-2026-000001").credit_notes
    assert [str(note.total) for note in notes] == ["7.94", "3.96"]
    assert sum(note.net.minor for note in notes) == 1000
    assert is_consistent(books)


def test_a_rehearsal_writes_none_and_a_repeated_key_has_one(books: Context) -> None:
    grant_id = bought(books, BERLIN, package="hundred")
    request = ReverseRequest(grant=grant_id, reason="twice")
    assert len(reverse_grant(books, request, Rails(dry_run=True)).credit_notes) == 1
    assert read_purchase(books, "R-2026-000001").credit_notes == ()
    keyed = [reverse_grant(books, request, Rails(idempotency_key="k")) for _ in range(2)]
    assert asdict(keyed[0]) == asdict(keyed[1])
    assert len(read_purchase(books, "R-2026-000001").credit_notes) == 1


def test_what_is_owed_back_pays_an_invoice_once(books: Context, tmp_path: Path) -> None:
    grant_id = bought(books, BERLIN, package="three")
    taken = reversed_(books, grant_id)
    use(at(books, "2026-10-12T00:00:00Z"), BERLIN, 500)
    november = at(books, "2026-11-05T00:00:00Z")
    invoice = final(november, "2026-10", BERLIN)
    note = taken.credit_notes[0].number
    with pytest.raises(Conflict, match=r"owes back 11\.90"):
        transfer(november, note, invoice.number, "11.91")
    moved = transfer(november, note, invoice.number)
    assert (str(moved.amount), str(moved.surplus), moved.status) == ("5.95", "5.95", "paid")
    assert str(show_credit_note(november, note).surplus) == "5.95"
    assert closing(november, NOVEMBER) == {BERLIN: "-5.95"}
    found = balances(november, NOVEMBER, tmp_path)
    assert found["Assets:Receivable", "USD"] == Decimal("-5.95")
    assert found["Assets:Cash", "USD"] == Decimal("11.90")
    with pytest.raises(Conflict, match="is due of"):
        transfer(november, note, invoice.number)
    assert is_consistent(november)


def test_a_credit_note_pays_only_its_own_organization(books: Context) -> None:
    taken = reversed_(books, bought(books, BERLIN, package="three"))
    use(at(books, "2026-10-12T00:00:00Z"), MEDIA, 500)
    november = at(books, "2026-11-05T00:00:00Z")
    invoice = final(november, "2026-10", MEDIA)
    with pytest.raises(InvalidInput, match=f"is of {BERLIN}"):
        transfer(november, taken.credit_notes[0].number, invoice.number)
    own = issue_credit_note(november, CreditNoteRequest(invoice=str(invoice.number), reason="x"))
    with pytest.raises(InvalidInput, match="corrects an invoice"):
        transfer(november, own.number, invoice.number)


def test_an_order_form_is_credited_on_the_invoice_that_billed_it(
    books: Context, tmp_path: Path
) -> None:
    """300 of 400 credits at 0.008: 2.40 and 0.46 of tax."""
    november, grant_id = ordered(books, used=100)
    invoice = final(november, "2026-10", BERLIN)
    assert str(invoice.total) == "3.81"
    taken = reversed_(november, grant_id)
    assert amounts(taken) == [("2.40", "0.46", "2.86")]
    shown = show_invoice(november, BERLIN, OCTOBER)
    assert (str(shown.credited), str(shown.due)) == ("2.86", "0.95")
    assert show_credit_note(november, taken.credit_notes[0].id).grant == grant_id
    found = balances(november, NOVEMBER, tmp_path)
    money = {account: value for (account, unit), value in found.items() if unit == "USD"}
    assert money == {
        "Assets:Receivable": Decimal("0.95"),
        "Equity:Retained": Decimal("-0.80"),
        "Liabilities:Tax:DE:VAT": Decimal("-0.15"),
    }
    assert str(report_revenue(november, NOVEMBER).sources[-1].amount) == "0.00"
    assert is_consistent(november)


@pytest.mark.parametrize("catalog", [TAXED, INCLUSIVE])
def test_an_order_form_that_is_billed_later_is_credited_then(
    context: Context, catalog: str, tmp_path: Path
) -> None:
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, catalog)
    create_organization(opened, BERLIN, facts=OrgFacts(country="DE"))
    november, grant_id = ordered(opened, used=0)
    assert reversed_(november, grant_id).credit_notes == ()
    assert balances(november, NOVEMBER, tmp_path)[OWED, "USD"] != 0
    invoice = final(november, "2026-10", BERLIN)
    assert (invoice.status, invoice.due.minor) == ("paid", 0)
    assert [note.total for note in invoice.credit_notes] == [invoice.total]
    # Nothing is left of it anywhere.
    left = balances(november, NOVEMBER, tmp_path)
    assert {account for account, unit in left if unit == "USD"} == set()
    assert str(report_tax(november, NOVEMBER).totals[0].tax) == "0.00"
    assert is_consistent(november)


def test_what_is_billed_by_other_days_is_credited_as_far_as_it_was(
    books: Context, tmp_path: Path
) -> None:
    """All credits in October, the money in three months: 900 at 0.01, of which 450 are used."""
    line = a_line(
        "900", times=3, splits="money", starts_on=date(2026, 10, 15), unit_price=Decimal("0.01")
    )
    an_order(books, line, slug=BERLIN)
    check_limits(at(books, "2026-10-16T00:00:00Z"))
    use(at(books, "2026-10-17T00:00:00Z"), BERLIN, 450)
    taken = reversed_(at(books, "2026-10-20T00:00:00Z"), only_grant(books))
    assert taken.credit_notes == ()
    credited = []
    for month, day in (("2026-10", "11-05"), ("2026-11", "12-05"), ("2026-12", "12-31")):
        then = at(books, f"2026-{day}T00:00:00Z")
        check_limits(then)
        then = at(then, "2027-01-05T00:00:00Z") if month == "2026-12" else then
        credited.append([str(note.net) for note in final(then, month, BERLIN).credit_notes])
    assert credited == [["3.00"], ["1.50"], []]
    end = at(books, "2027-01-05T00:00:00Z")
    found = balances(end, parse_month("2027-01"), tmp_path)
    assert (OWED, "USD") not in found
    assert ("Assets:Unbilled:Order-form", "USD") not in found
    assert is_consistent(end)


def test_credits_granted_by_hand_were_never_billed(books: Context, tmp_path: Path) -> None:
    made = grant_credits(
        books,
        GrantRequest(
            organization=BERLIN,
            amount=Credits.parse("100"),
            source="purchase",
            unit_cost=Decimal("0.01"),
            reason="billed elsewhere",
        ),
    )
    assert reversed_(books, made.id).credit_notes == ()
    found = balances(books, OCTOBER, tmp_path)
    assert {account for account, unit in found if unit == "USD"} == set()
    assert is_consistent(books)


def test_never_more_than_is_left_of_the_invoice(books: Context) -> None:
    november, grant_id = ordered(books, used=0)
    invoice = str(final(november, "2026-10", BERLIN).number)
    money = Money.parse("3.00", "USD")
    issue_credit_note(november, CreditNoteRequest(invoice=invoice, reason="x", amount=money))
    assert amounts(reversed_(november, grant_id)) == [("0.68", "0.13", "0.81")]
    assert show_invoice(november, BERLIN, OCTOBER).status == "paid"
    assert is_consistent(november)


def test_credits_that_were_merged_are_credited_to_who_has_them(books: Context) -> None:
    bought(books, BERLIN, package="hundred")
    merge_organizations(books, MergeRequest(source=BERLIN, target=MEDIA, reason="the same company"))
    taken = reversed_(books, only_grant(books, MEDIA))
    assert amounts(taken) == [("1.00", "0.19", "1.19")]
    assert show_credit_note(books, "CN-2026-000001").organization == MEDIA
    assert closing(books, OCTOBER) == {MEDIA: "-1.19"}
    assert is_consistent(books)


def test_credits_that_were_merged_twice_are_credited_when_they_are_billed(books: Context) -> None:
    """The order form's line is billed by the second heir: 3.20 and 0.61 of tax."""
    create_organization(books, "third", facts=OrgFacts(country="DE"))
    november, _ = ordered(books, used=0)
    for source, target in ((BERLIN, MEDIA), (MEDIA, "third")):
        request = MergeRequest(source=source, target=target, reason="the same company")
        merge_organizations(november, request)
    assert reversed_(november, only_grant(november, "third")).credit_notes == ()
    invoice = final(november, "2026-10", "third")
    (note,) = invoice.credit_notes
    assert (str(note.net), str(note.tax), invoice.status) == ("3.20", "0.61", "paid")
    assert note.reason == "wrong organization"
    assert is_consistent(november)


def test_what_is_owed_back_is_settled_where_it_stands_after_a_merge(books: Context) -> None:
    """The credit note is of who was merged since, the invoice of who goes on: 5.00 and 0.95."""
    note = reversed_(books, bought(books, BERLIN, package="three")).credit_notes[0].number
    merge_organizations(books, MergeRequest(source=BERLIN, target=MEDIA, reason="the same company"))
    use(at(books, "2026-10-12T00:00:00Z"), MEDIA, 500)
    november = at(books, "2026-11-05T00:00:00Z")
    moved = transfer(november, note, final(november, "2026-10", MEDIA).number)
    assert (str(moved.surplus), moved.status) == ("5.95", "paid")
    assert closing(november, NOVEMBER) == {BERLIN: "-5.95", MEDIA: "0.00"}
    assert is_consistent(november)


@pytest.mark.parametrize("transferred", [False, True])
def test_a_charge_back_meets_the_credit_note_of_who_was_merged(
    books: Context, transferred: bool
) -> None:
    """What its credit note does not owe back any more is owed by who goes on."""
    payment = charged(books, BERLIN)
    note = reversed_(books, only_grant(books)).credit_notes[0].number
    merge_organizations(books, MergeRequest(source=BERLIN, target=MEDIA, reason="the same company"))
    november = at(books, "2026-11-05T00:00:00Z")
    if transferred:
        use(at(books, "2026-10-12T00:00:00Z"), MEDIA, 500)
        transfer(november, note, final(november, "2026-10", MEDIA).number)
    apply_answer(november, payment, PaymentAnswer(PaymentStatus.CHARGED_BACK))
    owed = {
        name: amount for name, amount in closing(november, NOVEMBER).items() if amount != "0.00"
    }
    assert owed == ({MEDIA: "5.95"} if transferred else {})
    assert is_consistent(november)


def test_the_paper_is_between_the_parties_of_the_receipt(books: Context) -> None:
    taken = reversed_(books, bought(books, BERLIN, package="hundred"))
    paper = credit_note_document(books, taken.credit_notes[0].id)
    assert (paper.corrects, paper.seller.name) == ("R-2026-000001", "Example GmbH")
    assert [str(tax.tax) for tax in paper.taxes] == ["0.19"]
    (row,) = paper.rows
    assert row.description == f"Credits taken back, {taken.grant}: wrong organization"


def ordered(context: Context, *, used: int) -> tuple[Context, str]:
    """400 credits at 0.008, of which some are used; November, and the grant's id."""
    an_order(context, a_line("400", starts_on=date(2026, 10, 15)), slug=BERLIN)
    check_limits(at(context, "2026-10-16T00:00:00Z"))
    if used:
        use(at(context, "2026-10-20T00:00:00Z"), BERLIN, used)
    return at(context, "2026-11-05T00:00:00Z"), only_grant(context)


def charged(context: Context, slug: str) -> str:
    """Three credits that a provider was paid for; the payment's id."""
    order = buy(context, BuyRequest(organization=slug, package="three", reason="test"))
    (payment,) = order.payments
    answer = PaymentAnswer(PaymentStatus.SUCCEEDED, received_minor=order.total.minor)
    apply_answer(context, payment.id, answer)
    return payment.id


def only_grant(context: Context, slug: str = BERLIN) -> str:
    (found,) = list_grants(at(context, "2026-11-05T00:00:00Z"), slug, everything=True)
    return found.id


def transfer(
    context: Context, note: str, invoice: str | None, amount: str | None = None
) -> SurplusTransfer:
    money = None if amount is None else Money.parse(amount, "USD")
    request = TransferRequest(source=note, target=str(invoice), reason="settled", amount=money)
    return transfer_surplus(context, request)
