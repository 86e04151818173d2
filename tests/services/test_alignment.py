"""Credits billed by the subscription's periods: every day on one invoice, every fee once."""

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.invoices import list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.org_facts import NO_FACTS
from creditctl.services.orgs import update_organization_facts
from creditctl.services.subscriptions import create_subscription
from plans import CATALOG


@pytest.fixture
def acme(context: Context) -> Context:
    """acme is on plan big from 15 September, 10:00, and uses 40 credits beyond it each month."""
    start = at(context, "2026-09-15T10:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    create_subscription(start, "acme", "big")
    return start


def align(context: Context, aligned: bool = True) -> None:
    update_organization_facts(context, "acme", NO_FACTS, aligned=aligned)


def invoiced(context: Context, month: str) -> tuple[str, str, list[str]]:
    generate_invoices(at(context, "2027-06-01T00:00:00Z"), parse_month(month))
    invoice = show_invoice(context, "acme", parse_month(month))
    fees = [line.description for line in invoice.lines if line.kind == "fee"]
    return f"{invoice.starts_at:%Y-%m-%d}", f"{invoice.ends_at:%Y-%m-%d}", fees


def test_an_aligned_invoice_is_about_the_period_that_ends_in_the_month(acme: Context) -> None:
    align(acme)
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 920)
    use(at(acme, "2026-10-14T00:00:00Z"), "acme", 20)
    use(at(acme, "2026-10-16T00:00:00Z"), "acme", 5)
    assert invoiced(acme, "2026-10") == (
        "2026-09-15",
        "2026-10-15",
        ["Big, 2026-09-15 until 2026-10-15", "Big, 2026-10-15 until 2026-11-15"],
    )
    invoice = show_invoice(acme, "acme", parse_month("2026-10"))
    # 940 used until the 15th, 900 of them granted: 40 postpaid at 0.01
    assert str(invoice.overage_due) == "0.40"
    assert invoiced(acme, "2026-11") == (
        "2026-10-15",
        "2026-11-15",
        ["Big, 2026-11-15 until 2026-12-15"],
    )


def test_without_alignment_it_is_the_calendar_month(acme: Context) -> None:
    assert invoiced(acme, "2026-10")[:2] == ("2026-10-01", "2026-11-01")


def test_switching_leaves_no_day_out_and_bills_none_twice(acme: Context) -> None:
    spans = [invoiced(acme, "2026-09")]
    spans.append(invoiced(acme, "2026-10"))
    align(acme)
    spans.append(invoiced(acme, "2026-11"))
    spans.append(invoiced(acme, "2026-12"))
    align(acme, aligned=False)
    spans.append(invoiced(acme, "2027-01"))
    spans.append(invoiced(acme, "2027-02"))
    dates = [(starts, ends) for starts, ends, _ in spans]
    assert dates == [
        ("2026-09-01", "2026-10-01"),
        ("2026-10-01", "2026-11-01"),
        ("2026-11-01", "2026-11-15"),
        ("2026-11-15", "2026-12-15"),
        ("2026-12-15", "2027-02-01"),
        ("2027-02-01", "2027-03-01"),
    ]
    fees = [fee for _, _, found in spans for fee in found]
    assert len(fees) == len(set(fees)) == 6  # 15 September to 15 February, each once


def test_generating_again_changes_nothing(acme: Context) -> None:
    align(acme)
    first = [invoiced(acme, month) for month in ("2026-10", "2026-11")]
    align(acme, aligned=False)
    # November's invoice stands beside it: October's keeps its days
    assert invoiced(acme, "2026-10") == first[0]
    assert len(list_invoices(acme)) == 2


@pytest.mark.parametrize("aligned", [False, True])
def test_an_annual_fee_is_billed_once_a_year(context: Context, aligned: bool) -> None:
    start = at(context, "2026-09-15T10:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    align(start, aligned)
    create_subscription(start, "acme", "annual")
    months = [f"2026-{month:02}" for month in range(9, 13)]
    months += [f"2027-{month:02}" for month in range(1, 13)]
    late = at(context, "2028-01-01T00:00:00Z")
    for month in months:
        generate_invoices(late, parse_month(month))
    fees = [
        line.description
        for row in reversed(list_invoices(late))
        for line in show_invoice(late, row.id).lines
    ]
    assert fees == ["Annual, 2026-09-15 until 2027-09-15", "Annual, 2027-09-15 until 2028-09-15"]


def test_an_aligned_organization_without_a_subscription_is_billed_by_the_month(
    context: Context,
) -> None:
    start = at(context, "2026-09-15T10:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    align(start)
    use(at(context, "2026-10-31T23:00:00Z"), "acme", 3)
    assert invoiced(context, "2026-10") == ("2026-10-01", "2026-11-01", [])


def test_a_month_without_an_invoice_keeps_its_days_when_alignment_begins(acme: Context) -> None:
    invoiced(acme, "2026-10")
    align(acme)
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 3)
    # October's invoice begins on 1 October, so September's reaches up to it, not to the 15th
    assert invoiced(acme, "2026-09")[:2] == ("2026-09-01", "2026-10-01")
