"""What invoices come to, to the last cent: by hand, and for any amounts there may be."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditctl.errors import InvalidInput
from creditctl.rules.document_numbers import (
    CREDIT_NOTES,
    INVOICES,
    RECEIPTS,
    document_number,
)
from creditctl.rules.invoice_amounts import (
    Amounts,
    Balance,
    TaxAmount,
    balance_of,
    credit_note,
    gross_of_line,
    gross_of_net,
    taxed_invoice,
)
from creditctl.rules.invoice_lines import Fee, PricedUsage, Usage, invoice_lines, total_of
from creditctl.rules.receivables import bucket_of
from creditctl.rules.tax.assessment import Assessment, Sale
from creditctl.rules.tax.places import Place
from creditctl.rules.units import Credits, Money
from tax_sales import RATES, SELLERS, at_home, buyer, taxes_text

DAY = date(2026, 10, 31)


def assessed(
    base: str, currency: str = "EUR", *, seller: str = "DE", to: str = "DE consumer"
) -> Assessment | None:
    sale = Sale(SELLERS[seller], buyer(to), DAY, currency)
    return taxed_invoice(Money.parse(base, currency), sale, RATES)


def figures(found: Assessment | None) -> tuple[str, str, str]:
    assert found is not None
    return str(found.document.net), taxes_text(found), str(found.document.gross)


@pytest.mark.parametrize(
    ("seller", "to", "base", "expected"),
    [
        ("DE", "DE consumer", "EUR 164.16", ("164.16", "VAT 31.19", "195.35")),  # 31.1904
        ("DE", "DE consumer", "EUR 0.02", ("0.02", "VAT 0.00", "0.02")),  # 0.0038
        ("DE", "DE consumer", "EUR 0.03", ("0.03", "VAT 0.01", "0.04")),  # 0.0057
        ("JP", "JP consumer", "JPY 15", ("15", "Consumption tax 2", "17")),  # 1.5
        ("DE", "DE consumer", "KWD 1.003", ("1.003", "VAT 0.191", "1.194")),  # 0.19057
        ("DE", "FR business", "EUR 100.00", ("100.00", "-", "100.00")),
        ("DE", "US-NY consumer", "USD 0.01", ("0.01", "-", "0.01")),
    ],
)
def test_tax_is_rounded_once_on_the_sum_of_the_lines(
    seller: str, to: str, base: str, expected: tuple[str, str, str]
) -> None:
    currency, amount = base.split()
    found = assessed(amount, currency, seller=seller, to=to)
    assert figures(found) == expected


def test_three_lines_of_a_third_of_a_cent_of_tax_are_taxed_together() -> None:
    # 3 x 0.07 at 19 %: line by line 3 x 0.01 = 0.03, on the sum 0.0399 = 0.04
    fees = [Fee(name, Money(7, "EUR")) for name in "abc"]
    lines = invoice_lines(fees, [], "EUR")
    assert figures(assessed(str(total_of(lines, "EUR")))) == ("0.21", "VAT 0.04", "0.25")


def test_credits_are_applied_before_tax() -> None:
    # 100 used at 0.333, 70 of them paid by credits: 33.30 - 23.31 = 9.99, and 19 % of that
    usage = PricedUsage(
        Decimal("0.333"),
        (Usage("Rows", 100, Credits.parse("100")),),
        (("purchase", Credits.parse("70")),),
        Credits.parse("30"),
    )
    lines = invoice_lines([], [usage], "EUR")
    assert [str(line.amount) for line in lines] == ["33.30", "-23.31"]
    assert figures(assessed(str(total_of(lines, "EUR")))) == ("9.99", "VAT 1.90", "11.89")


def test_reverse_charge_says_so() -> None:
    found = assessed("100.00", to="FR business")
    assert found is not None
    assert found.notice is not None
    assert found.notice.startswith("Reverse charge")


def test_nothing_is_not_taxed_and_less_than_nothing_is_no_invoice() -> None:
    assert assessed("0.00", to="? consumer") is None
    with pytest.raises(InvalidInput, match="less than nothing"):
        assessed("-0.01")


def test_without_a_seller_no_tax_is_charged_and_it_says_so() -> None:
    sale = Sale(at_home(Place("ZZ")), buyer("DE consumer"), DAY, "EUR")
    found = taxed_invoice(Money(100, "EUR"), sale, ())
    assert figures(found) == ("1.00", "-", "1.00")
    assert found is not None
    assert found.notice == "No tax charged: the seller is not registered for tax in DE."


def test_what_is_due_and_what_is_too_much() -> None:
    assert balance_of(100, 0, 0) == Balance(100, 0)
    assert balance_of(100, 30, 20) == Balance(50, 0)
    assert balance_of(100, 90, 20) == Balance(0, 10)
    assert balance_of(0, 0, 0) == Balance(0, 0)


def test_the_last_credit_note_absorbs_the_remainder() -> None:
    # 1.00 and 0.19 of tax in three parts: 0.40 x 19/119 = 0.064, 0.80: 0.128, all: 0.19
    invoice = Amounts(100, (TaxAmount(100, 19),))
    notes = [
        credit_note(invoice, 0, 40),
        credit_note(invoice, 40, 40),
        credit_note(invoice, 80, 39),
    ]
    assert [(note.net, note.tax) for note in notes] == [(34, 6), (33, 7), (33, 6)]


@pytest.mark.parametrize(("credited", "amount"), [(0, 0), (0, -1), (0, 120), (119, 1)])
def test_a_credit_note_is_above_zero_and_within_the_rest(credited: int, amount: int) -> None:
    with pytest.raises(InvalidInput, match="at most what is left"):
        credit_note(Amounts(100, (TaxAmount(100, 19),)), credited, amount)


def test_a_line_is_taken_back_with_its_tax_and_within_the_invoice() -> None:
    invoice = Amounts(100, (TaxAmount(100, 19),))
    assert gross_of_line(invoice, 50, includes_tax=False) == 60  # 59.5
    assert gross_of_line(invoice, 50, includes_tax=True) == 50
    assert gross_of_line(invoice, 7215, includes_tax=False) == 119


TAXES = st.lists(st.integers(0, 3000), max_size=4)


@given(net=st.integers(0, 10_000), taxes=TAXES, cuts=st.lists(st.integers(1, 4000), max_size=12))
def test_credit_notes_sum_to_their_invoice_and_none_is_below_nothing(
    net: int, taxes: list[int], cuts: list[int]
) -> None:
    invoice = Amounts(net, tuple(TaxAmount(net, tax) for tax in taxes))
    credited, notes = 0, []
    for cut in [*cuts, invoice.total]:
        amount = min(cut, invoice.total - credited)
        if amount <= 0:
            break
        notes.append(credit_note(invoice, credited, amount))
        assert notes[-1].total == amount == notes[-1].net + notes[-1].tax
        credited += amount
    assert all(note.net >= 0 and min((t.tax for t in note.taxes), default=0) >= 0 for note in notes)
    assert all(t.taxable >= 0 for note in notes for t in note.taxes)
    if credited == invoice.total and notes:
        assert sum(note.net for note in notes) == invoice.net
        for place, tax in enumerate(taxes):
            assert sum(note.taxes[place].tax for note in notes) == tax
            assert sum(note.taxes[place].taxable for note in notes) == net


@given(net=st.integers(1, 10_000), taxes=TAXES, cuts=st.lists(st.integers(1, 4000), max_size=12))
def test_a_credit_note_of_a_net_takes_back_exactly_that(
    net: int, taxes: list[int], cuts: list[int]
) -> None:
    document = Amounts(net, tuple(TaxAmount(net, tax) for tax in taxes))
    credited = taken = 0
    for cut in [*cuts, net]:
        if taken == net:
            break
        note = credit_note(document, credited, gross_of_net(document, credited, cut))
        assert note.net == min(cut, net - taken)
        credited, taken = credited + note.total, taken + note.net
    assert credited == document.total


@given(
    base=st.integers(1, 10**9),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    inclusive=st.booleans(),
)
def test_net_and_tax_are_the_total(base: int, currency: str, inclusive: bool) -> None:
    sale = Sale(SELLERS["DE"], buyer("DE consumer"), DAY, currency, inclusive)
    found = taxed_invoice(Money(base, currency), sale, RATES)
    assert found is not None
    document = found.document
    assert document.net + document.tax == document.gross
    assert (document.gross if inclusive else document.net).minor == base


def test_numbers_name_series_and_year_and_grow_when_they_must() -> None:
    assert document_number(INVOICES, 2026, 1) == "INV-2026-000001"
    assert document_number(CREDIT_NOTES, 2027, 999_999) == "CN-2027-999999"
    assert document_number(RECEIPTS, 2027, 1_000_000) == "R-2027-1000000"


@pytest.mark.parametrize(
    ("today", "bucket"),
    [
        (date(2026, 11, 1), "current"),
        (date(2026, 11, 15), "current"),
        (date(2026, 11, 16), "days_1_30"),
        (date(2026, 12, 15), "days_1_30"),
        (date(2026, 12, 16), "days_31_60"),
        (date(2027, 1, 15), "days_61_90"),
        (date(2027, 2, 13), "days_61_90"),
        (date(2027, 2, 14), "over_90"),
    ],
)
def test_a_receivable_is_overdue_from_the_day_after_it_was_due(today: date, bucket: str) -> None:
    assert bucket_of(date(2026, 11, 15), today) == bucket
