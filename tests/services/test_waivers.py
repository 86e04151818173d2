"""Overage is forgiven by somebody, oldest first, and never by the program alone."""

import pytest

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_movements
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.limits_status import list_limit_status
from creditctl.services.orgs import create_organization
from creditctl.services.waivers import WaiveRequest, waive


@pytest.fixture
def books(context: Context) -> Context:
    """acme used 30 credits on the 5th and 20 on the 6th, and had none."""
    open_books(at(context, "2026-10-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"))
    use(at(context, "2026-10-05T00:00:00Z"), "acme", 30)
    use(at(context, "2026-10-06T00:00:00Z"), "acme", 20)
    return at(context, "2026-10-10T00:00:00Z")


def forgive(context: Context, amount: str | None = None) -> Credits:
    part = None if amount is None else Credits.parse(amount)
    return waive(
        context, WaiveRequest(organization="acme", reason="our outage", amount=part)
    ).waived


def test_everything_open_is_forgiven_and_calls_go_on(books: Context) -> None:
    check_limits(books)
    assert forgive(books) == Credits.parse("50")
    assert read_balance(books, "acme").open_overage == NO_CREDITS
    give(books, "acme", "1")
    check_limits(books)
    (status,) = list_limit_status(books)
    assert status.state == "ok"


def test_a_part_is_taken_off_the_oldest_first(books: Context) -> None:
    assert forgive(books, "35") == Credits.parse("35")
    assert read_balance(books, "acme").open_overage == Credits.parse("15")
    waived = [row for row in list_movements(books, "acme", limit=9) if row.kind == "waiver"]
    # newest first: 5 of the 6th's, all 30 of the 5th's
    assert [row.amount for row in waived] == [Credits.parse("5"), Credits.parse("30")]


def test_more_than_is_open_is_refused(books: Context) -> None:
    with pytest.raises(Conflict, match="has 50 credits of open overage"):
        forgive(books, "50.000001")
    forgive(books)
    with pytest.raises(Conflict, match="has 0 credits"):
        forgive(books)


def test_postpaid_overage_is_invoiced_and_not_waived(context: Context) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    an_organization(october, plan="pro")
    use(at(context, "2026-10-05T00:00:00Z"), "acme", 50_100)
    assert read_balance(context, "acme").postpaid_overage == Credits.parse("100")
    with pytest.raises(Conflict, match="has 0 credits"):
        forgive(context)


def test_the_net_balance_rises_by_what_was_forgiven(books: Context) -> None:
    forgive(books, "35")
    newest = list_movements(books, "acme", limit=1)[0]
    assert newest.net == Credits.parse("-15")
    assert read_balance(books, "acme").net == newest.net


def test_forgiven_overage_is_not_billed(books: Context, context: Context) -> None:
    generate_invoices(context, parse_month("2026-10"))
    forgive(at(context, "2026-11-02T00:00:00Z"), "20")
    run = generate_invoices(context, parse_month("2026-10"))
    # 50 credits overage at 0.01; 20 forgiven
    assert (run.refreshed, str(run.total)) == (1, "0.30")


def test_it_is_audited_with_what_was_open(books: Context) -> None:
    forgive(books, "35")
    (entry,) = list_audit_entries(books, action="overage.waived")
    assert (entry.reason, entry.before, entry.after) == (
        "our outage",
        {"open_overage": "50"},
        {"open_overage": "15"},
    )


def test_a_guest_is_forgiven_at_once(context: Context) -> None:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    create_organization(october, "visitor", device_id="d1")
    use(at(context, "2026-10-01T10:00:00Z"), "visitor", 60)
    # 50 guest credits, 10 slipped through
    balance = read_balance(at(context, "2026-10-01T11:00:00Z"), "visitor")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, NO_CREDITS)
    kinds = [row.kind for row in list_movements(context, "visitor", limit=9)]
    assert kinds == ["waiver", "overage", "usage", "grant"]
