"""Fees that include the tax: what is left without it is earned, as the invoice bills it."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.rules.focus import TAX
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services.billed_documents import read_documents
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.finalizing import FinalizeRequest, finalize_invoices
from creditctl.services.focus_export import read_charges
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoices import list_invoices
from creditctl.services.invoicing import generate_invoices
from creditctl.services.journal import export_journal
from creditctl.services.margin_report import report_margin
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization, update_organization_facts
from creditctl.services.recurring_revenue import report_recurring
from creditctl.services.revenue_report import report_revenue
from creditctl.services.subscription_changes import (
    CancelRequest,
    ChangeRequest,
    cancel_subscription,
    change_subscription,
)
from creditctl.services.subscriptions import create_subscription
from creditctl.store.engine import reading
from finance import closed
from invoiced import INCLUSIVE
from journal_programs import Balances, beancount_balances, hledger_balances

MONTHS = [parse_month(f"2026-{month}") for month in (10, 11, 12)]
PROGRAMS: dict[str, Callable[[Path], Balances]] = {
    "hledger": hledger_balances,
    "beancount": beancount_balances,
}
UP, DOWN, YEAR, ABROAD = "up-labs", "down-labs", "year-labs", "fr-labs"
CONSUMER, BUSINESS = OrgFacts(country="DE"), OrgFacts(country="FR", tax_id="FR40303265045")
CATALOG = INCLUSIVE.replace(
    "prices_include_tax = true", "prices_include_tax = true\ntrusts_check_digits = true"
).replace(
    "valid_from = 2021-01-01",
    """valid_from = 2021-01-01
valid_until = 2026-11-01

[[taxes]]
country = "DE"
name = "VAT"
percent = 21
valid_from = 2026-11-01

[plans.bigger]
title = "Bigger"
fee = "80.01"
allowance = 20
""",
)
"""19 % VAT until October, 21 % from November on, in every price."""


@pytest.fixture
def books(context: Context) -> Context:
    """A plan goes up, one down, one is paid by the year, one by a business abroad; all end.

    October's invoices have overage too, and one is void and made anew. It is closed by then, and
    November's is credited in part. Nothing is left by the middle of December.
    """
    opened = at(context, "2026-10-10T00:00:00Z")
    open_books(opened, CATALOG)
    plans = {UP: "monthly", DOWN: "bigger", YEAR: "annual", ABROAD: "monthly"}
    for slug, plan in plans.items():
        create_organization(opened, slug, facts=BUSINESS if slug == ABROAD else CONSUMER)
        create_subscription(opened, slug, plan)
    for slug, plan, day in ((UP, "bigger", 25), (DOWN, "monthly", 28)):
        then = at(context, f"2026-10-{day}T00:00:00Z")
        change_subscription(then, ChangeRequest(organization=slug, plan=plan, reason="needs"))
        use(then, slug, 133)
    _final(at(context, "2026-11-05T00:00:00Z"), "2026-10")
    _made_anew(at(context, "2026-11-05T12:00:00Z"))
    closed(at(context, "2026-11-06T00:00:00Z"), "2026-10")
    for slug in plans:
        end = "now" if slug == YEAR else "period-end"
        cancel_subscription(
            at(context, "2026-11-20T00:00:00Z"),
            CancelRequest(organization=slug, reason="moved on", at=end),
        )
    december = at(context, "2026-12-05T00:00:00Z")
    _final(december, "2026-11")
    (last,) = [one.id for one in list_invoices(december, month=MONTHS[1], organization=UP)]
    issue_credit_note(
        december,
        CreditNoteRequest(invoice=last, reason="outage", amount=Money.parse("12.10", "USD")),
    )
    closed(at(context, "2026-12-06T00:00:00Z"), "2026-11")
    return at(context, "2026-12-31T12:00:00Z")


def _final(context: Context, month: str) -> None:
    generate_invoices(context, parse_month(month))
    finalize_invoices(context, FinalizeRequest(month=month, at_once=True))


def _made_anew(context: Context) -> None:
    (wrong,) = [one.id for one in list_invoices(context, organization=DOWN)]
    void_invoice(context, VoidRequest(invoice=wrong, reason="wrong address"))
    _final(context, "2026-10")


def test_over_their_life_fees_earn_what_invoices_bill_without_the_tax(books: Context) -> None:
    """What is known of the last day counts for each month, whatever has become of it since."""
    earned: dict[str, int] = defaultdict(int)
    billed: dict[str, int] = defaultdict(int)
    for month in MONTHS:
        for line in report_margin(books, month, grouped_by="organization").lines:
            earned[line.line] += line.revenue.minor
    with reading(books.database) as unit:
        for one in read_documents(unit, date(2026, 10, 1), date(2027, 1, 1)):
            billed[one.row.organization] += one.fees + one.overage + one.credited
            billed["fees"] += one.fees
    assert billed[ABROAD] == 2 * 4900
    assert billed[YEAR] == 8403
    assert {slug: earned[slug] for slug in (UP, DOWN, YEAR, ABROAD)} == {
        slug: billed[slug] for slug in (UP, DOWN, YEAR, ABROAD)
    }
    fees = [
        line.amount.minor
        for month in MONTHS
        for line in report_revenue(books, month).sources
        if line.line == "fees"
    ]
    assert sum(fees) == billed["fees"]
    assert fees[2] > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_both_programs_give_our_revenue_and_nothing_stays_unbilled(
    books: Context, program: str, tmp_path: Path
) -> None:
    for month in MONTHS:
        path = tmp_path / f"month.{program}"
        export_journal(books, month, path)
        balances = PROGRAMS[program](path)
        (total,) = [one for one in report_revenue(books, month).sources if one.line == "total"]
        income = [held for (name, _), held in balances.items() if name.startswith("Income:")]
        assert -sum(income) == Decimal(str(total.amount))
    assert ("Assets:Unbilled:Fees", "USD") not in balances


def test_effective_costs_are_the_revenue(books: Context) -> None:
    for month in MONTHS:
        with reading(books.database) as unit:
            _, charges = read_charges(unit, month, books.now)
        effective = [one.effective for one in charges if one.category != TAX]
        (total,) = [one for one in report_revenue(books, month).sources if one.line == "total"]
        assert sum(effective) == Decimal(str(total.amount))


def test_a_fee_earns_the_same_before_its_invoice_is_final_and_after(context: Context) -> None:
    """$49.00 with 19 % are 41.18; of the year's 84.03 there are 22 of 365 days in October."""
    opened = at(context, "2026-10-10T00:00:00Z")
    open_books(opened, CATALOG)
    for slug, plan in ((UP, "monthly"), (YEAR, "annual")):
        create_organization(opened, slug, facts=CONSUMER)
        create_subscription(opened, slug, plan)
    for books in (at(context, "2026-11-01T00:00:00Z"), at(context, "2026-11-05T00:00:00Z")):
        (fees,) = [line for line in report_revenue(books, MONTHS[0]).sources if line.line == "fees"]
        # 22 of the 31 days of the first: 29.22, and 5.06.
        assert str(fees.amount) == "34.28"
        _final(books, "2026-10")


def test_a_fee_counts_as_its_invoice_billed_it_whatever_the_buyer_became(books: Context) -> None:
    """The business abroad was a consumer all along: what is final stays, and no fee follows."""
    before = report_revenue(books, MONTHS[2])
    update_organization_facts(books, YEAR, BUSINESS)
    assert report_revenue(books, MONTHS[2]) == before


def test_recurring_revenue_is_without_the_tax_that_each_subscriber_owes(books: Context) -> None:
    """At the end of October 19 % of two for $80.01 and of $100.00 a year, none of $49.00 abroad."""
    report = report_recurring(books, MONTHS[0])
    assert [(one.plan, one.subscriptions, str(one.amount)) for one in report.plans] == [
        ("annual", 1, "7.00"),
        ("bigger", 2, "134.48"),
        ("monthly", 1, "49.00"),
    ]
    november = report_recurring(books, MONTHS[1])
    # DOWN's cheaper plan since the 10th, at 21 %.
    assert [(one.plan, str(one.amount)) for one in november.plans][1:] == [
        ("bigger", "66.12"),
        ("monthly", "89.50"),
    ]
