"""Closing a month: what keeps it open, what is accepted, and that nothing moves afterwards."""

from pathlib import Path
from typing import Any

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.credits import list_grants
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.journal import export_journal
from creditctl.services.liability_report import report_liability
from creditctl.services.limits_check import check_limits
from creditctl.services.period_closing import (
    CloseRequest,
    PeriodStatus,
    close_period,
    list_closed,
    period_status,
)
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.receivables_report import report_receivables
from creditctl.services.revenue_report import report_breakage, report_revenue
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.tax_report import report_tax
from creditctl.services.usage_value import report_usage_value
from creditctl.store.engine import unit_of_work
from finance import CATALOG, bought
from invoiced import BERLIN, credit, invoiced, pay
from invoices import drafted, final, finalized

OCTOBER = parse_month("2026-10")
REPORTS = (
    report_liability,
    report_revenue,
    report_breakage,
    report_usage_value,
    report_tax,
    report_receivables,
)


@pytest.fixture
def shop(context: Context) -> Context:
    """On 5 November: acme used 5 credits of October that nobody paid."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october, CATALOG)
    an_organization(october)
    use(at(context, "2026-10-10T00:00:00Z"), "acme", 5)
    return at(context, "2026-11-05T00:00:00Z")


def close(context: Context, month: str = "2026-10", *, dry_run: bool = False, **accept: str) -> Any:
    request = CloseRequest(
        month=parse_month(month),
        reason="month end",
        accept={name.replace("_", "-"): why for name, why in accept.items()},
    )
    return close_period(context, request, dry_run=dry_run)


def found(status: PeriodStatus) -> dict[str, tuple[str, ...]]:
    return {item.name: item.examples for item in status.items if item.count}


def test_a_month_is_settled_step_by_step_and_closed(shop: Context) -> None:
    status = period_status(shop, OCTOBER)
    assert found(status) == {"not-invoiced": ("acme",), "open-overage": ("acme: 5 credits",)}
    assert (status.ready, status.blocking, status.closes) == (False, 2, ("2026-10",))
    draft = drafted(shop)
    assert found(period_status(shop, OCTOBER)) == {
        "drafts": ("acme, 2026-10",),
        "open-overage": ("acme: 5 credits",),
    }
    with pytest.raises(Conflict, match=r"drafts \(1\): acme, 2026-10; open-overage \(1\)"):
        close(shop)
    use(at(shop, "2026-10-11T00:00:00Z"), "acme", 1)
    assert "stale-drafts" in found(period_status(shop, OCTOBER))
    drafted(shop)
    finalized(shop)
    assert draft.status == "draft"
    assert period_status(shop, OCTOBER).ready
    assert close(shop, dry_run=True).closed == ("2026-10",)
    assert list_closed(shop) == []
    assert close(shop).closed == ("2026-10",)
    assert close(shop).closed == ()
    (row,) = list_closed(shop)
    assert (row.month, str(row.first_open_day), row.closed_by) == (
        "2026-10",
        "2026-11-01",
        "tester",
    )
    again = period_status(shop, OCTOBER)
    assert (again.closed, again.ready, again.items) == (True, False, ())


def test_what_is_accepted_is_let_be_and_on_record(shop: Context) -> None:
    with pytest.raises(Conflict, match="not-invoiced"):
        close(shop, open_overage="")
    made = close(shop, open_overage="small", not_invoiced="")
    assert made.accepted == ("not-invoiced", "open-overage")
    entries = list_audit_entries(shop, action="period.item_accepted")
    assert {entry.after["item"]: entry.reason for entry in entries if entry.after} == {
        "open-overage": "small",
        "not-invoiced": "month end",
    }


def test_a_close_needs_a_reason_a_known_item_and_a_month_that_is_over(shop: Context) -> None:
    with pytest.raises(InvalidInput, match="no item 'luck'"):
        close(shop, luck="")
    with pytest.raises(InvalidInput, match="needs a reason"):
        close_period(shop, CloseRequest(month=OCTOBER, reason=" "))
    assert not period_status(shop, parse_month("2026-11")).ready
    with pytest.raises(Conflict, match="is not over"):
        close(shop, "2026-11")


def test_every_other_thing_that_waits_is_found(shop: Context) -> None:
    """A pending purchase, an expiry in its grace, an import cut off, books that do not add up."""
    october = at(shop, "2026-10-20T00:00:00Z")
    order = buy(october, BuyRequest(organization="acme", package="three", reason="test"))
    give(october, "acme", "7", expires_at=at(shop, "2026-10-25T00:00:00Z").now)
    with unit_of_work(shop.database) as unit:
        unit.run("UPDATE usage_batch SET status = 'running'")
        unit.run("UPDATE debit_day SET credits_micro = credits_micro - 1")
    status = period_status(shop, OCTOBER, invariants=True)
    names = found(status)
    assert names["purchases"] == (f"{order.id}, acme",)
    assert len(names["imports"]) == 1
    assert names["parked"][0].startswith("acme: usage and what paid for it differ")
    assert "not-invoiced" not in names
    assert "invariants" in names
    assert names["expiries"][0].endswith(", acme")
    with unit_of_work(shop.database) as unit:
        unit.run("UPDATE usage_batch SET status = 'done'")
        unit.run("UPDATE debit_day SET credits_micro = credits_micro + 1")
    check_limits(shop)
    assert "expiries" not in found(period_status(shop, OCTOBER))


def test_late_usage_waits_for_the_next_invoice_and_blocks_nothing(shop: Context) -> None:
    final(shop)
    use(at(shop, "2026-10-12T00:00:00Z"), "acme", 3)
    status = period_status(shop, OCTOBER)
    assert found(status) == {"late-usage": ("acme, 2026-10, 1 events",)}
    assert status.ready
    assert close(shop).closed == ("2026-10",)
    december = at(shop, "2026-12-05T00:00:00Z")
    assert str(final(december, "2026-11").subtotal) == "0.03"
    assert period_status(december, parse_month("2026-11")).ready


def test_too_late_usage_is_settled_before_the_close(shop: Context) -> None:
    final(shop)
    final_december = at(shop, "2027-01-05T00:00:00Z")
    for month in ("2026-11", "2026-12"):
        use(at(shop, f"{month}-10T00:00:00Z"), "acme", 1)
        final(final_december, month)
    use(at(shop, "2026-10-12T00:00:00Z"), "acme", 3)
    assert "late-events" in found(period_status(final_december, parse_month("2026-12")))


def frozen(context: Context, months: list[str], folder: Path) -> dict[str, Any]:
    """Every report and journal of these months."""
    kept: dict[str, Any] = {}
    for month in months:
        period = parse_month(month)
        for program in ("hledger", "beancount"):
            path = folder / f"{month}.{program}"
            export_journal(context, period, path)
            kept[f"{month} {program}"] = path.read_bytes()
        kept[month] = [report(context, period) for report in REPORTS]
    return kept


@pytest.fixture
def books(context: Context) -> Context:
    return invoiced(context)


def test_nothing_of_a_closed_month_moves_whatever_comes_later(
    books: Context, tmp_path: Path
) -> None:
    """Late usage, a reversal, a credit note, a void, a payment and a purchase after the close."""
    december = at(books, "2026-12-04T00:00:00Z")
    generate_invoices(december, parse_month("2026-11"))
    finalized(december, "2026-11")
    check_limits(december)
    months = ["2026-09", "2026-10", "2026-11"]
    assert close(december, "2026-11").closed == tuple(months)
    before = frozen(december, months, tmp_path)
    use(at(books, "2026-11-20T00:00:00Z"), BERLIN, 40)
    use(at(books, "2026-10-25T00:00:00Z"), "404-media", 4)
    grant = next(
        one for one in list_grants(december, BERLIN, everything=True) if one.source == "purchase"
    )
    reverse_grant(december, ReverseRequest(grant=grant.id, reason="charged back", unwind=True))
    credit(december, "INV-2026-000001", "0.01")
    pay(december, "INV-2026-000001", "0.02", "late")
    bought(at(books, "2026-11-15T00:00:00Z"), BERLIN, package="three")
    final(at(books, "2027-01-05T00:00:00Z"), "2026-12", BERLIN)
    newest = final(at(books, "2027-01-05T00:00:00Z"), "2026-10", "404-media")
    void_invoice(at(books, "2027-01-06T00:00:00Z"), VoidRequest(invoice=newest.id, reason="wrong"))
    after = frozen(at(books, "2027-01-10T00:00:00Z"), months, tmp_path)
    assert after == before
