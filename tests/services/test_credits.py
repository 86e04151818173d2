"""Granting by hand: once for a key, never to the wrong organization; paid credits repay overage."""

from decimal import Decimal
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.errors import (
    GuardFailed,
    GuestNotAllowed,
    IdempotencyKeyReused,
    InvalidInput,
    ProductNotFound,
)
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants, list_movements
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.invoices import show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.money_verbs import Rails
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.usage_import import import_usage


def request(amount: str = "100", **more: object) -> GrantRequest:
    facts = {"organization": "acme", "amount": Credits.parse(amount), "reason": "test"} | more
    return GrantRequest(**facts)


def bought(amount: str, source: str = "purchase", **more: object) -> GrantRequest:
    return request(amount, source=source, unit_cost=Decimal("0.01"), **more)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(at(context, "2026-09-01T00:00:00Z"))
    facts = OrgFacts(billing_email="billing@acme.example")
    create_organization(at(context, "2026-10-01T00:00:00Z"), "acme", facts)
    return context


def owe(books: Context, path: Path, units: int, where: str = "/rows") -> None:
    path.write_text(
        "id,time,org,method,path,status,units\n"
        f"{where}{units},2026-10-05T00:00:00Z,acme,GET,{where},200,{units}\n",
        encoding="utf-8",
    )
    import_usage(books, [path])


def test_the_same_key_gives_the_same_answer_and_no_second_grant(books: Context) -> None:
    first = grant_credits(books, request(), Rails(idempotency_key="ticket-7"))
    assert grant_credits(books, request(), Rails(idempotency_key="ticket-7")) == first
    assert len(list_grants(books, "acme")) == 1


def test_the_same_key_for_another_request_is_refused(books: Context) -> None:
    grant_credits(books, request("100"), Rails(idempotency_key="ticket-7"))
    with pytest.raises(IdempotencyKeyReused):
        grant_credits(books, request("101"), Rails(idempotency_key="ticket-7"))
    assert str(read_balance(books, "acme").available) == "100"


def test_a_dry_run_tells_and_changes_nothing(books: Context) -> None:
    told = grant_credits(books, request("5"), Rails(dry_run=True, idempotency_key="dry"))
    assert (str(told.available_before), str(told.available_after)) == ("0", "5")
    assert list_grants(books, "acme") == []
    grant_credits(books, request("6"), Rails(idempotency_key="dry"))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"source": "subscription"}, InvalidInput),
        ({"reason": " "}, InvalidInput),
        ({"product": "rows"}, InvalidInput),
        ({"product": "nothing", "source": "correction"}, ProductNotFound),
        ({"source": "purchase"}, InvalidInput),
        ({"unit_cost": Decimal(1)}, InvalidInput),
        ({"priority": 101}, InvalidInput),
    ],
    ids=str,
)
def test_what_cannot_be_granted_is_refused_and_nothing_is_written(
    books: Context, wrong: dict, error: type[Exception]
) -> None:
    with pytest.raises(error):
        grant_credits(books, request(**wrong))
    assert list_movements(books, "acme", limit=9) == []


@pytest.mark.parametrize(
    "rails",
    [Rails(expect_email="billing@acne.example"), Rails(expect_balance=Credits.parse("1"))],
    ids=str,
)
def test_the_wrong_organization_gets_nothing(books: Context, rails: Rails) -> None:
    with pytest.raises(GuardFailed):
        grant_credits(books, request(), rails)
    assert list_movements(books, "acme", limit=9) == []


def test_a_guest_cannot_be_topped_up(books: Context) -> None:
    create_organization(books, "visitor", device_id="device-1")
    with pytest.raises(GuestNotAllowed):
        grant_credits(books, request(organization="visitor"))


def test_a_paid_grant_repays_open_overage_first_and_a_gift_does_not(
    books: Context, tmp_path: Path
) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    assert grant_credits(books, request("10")).repaid == Credits(0)
    told = grant_credits(books, bought("100"))
    assert (str(told.repaid), str(told.available_after)) == ("30", "80")
    balance = read_balance(books, "acme")
    assert (str(balance.available), str(balance.open_overage), str(balance.net)) == (
        "80",
        "0",
        "80",
    )


def test_a_small_grant_repays_the_oldest_part_and_the_next_one_the_rest(
    books: Context, tmp_path: Path
) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    assert str(grant_credits(books, bought("10")).repaid) == "10"
    assert str(read_balance(books, "acme").open_overage) == "20"
    assert str(grant_credits(books, bought("50")).repaid) == "20"


def test_a_restricted_grant_repays_only_its_own_product(books: Context, tmp_path: Path) -> None:
    owe(books, tmp_path / "rows.csv", 30)
    owe(books, tmp_path / "thirds.csv", 0, where="/third")
    told = grant_credits(books, bought("100", "order_form", product="thirds"))
    assert str(told.repaid) == "0.333333"
    assert str(read_balance(books, "acme").open_overage) == "30"


def test_usage_that_arrives_after_the_purchase_is_repaid_by_the_next_check(
    books: Context, tmp_path: Path
) -> None:
    # used on the 5th, bought on the 10th, imported after that: as if it had been imported at once
    grant_credits(at(books, "2026-10-10T00:00:00Z"), bought("100"))
    grant_credits(at(books, "2026-10-10T00:00:00Z"), request("50"))
    owe(books, tmp_path / "usage.csv", 30)
    assert str(read_balance(books, "acme").open_overage) == "30"

    check = check_limits(books)

    assert (check.repayments_booked, check.blocked) == (1, 0)
    balance = read_balance(books, "acme")
    assert (str(balance.available), str(balance.open_overage)) == ("120", "0")
    (repayment, *_) = list_movements(books, "acme", limit=1)
    assert (repayment.kind, repayment.source) == ("repayment", "purchase")
    assert f"{repayment.happened_at:%Y-%m-%d}" == "2026-10-10"
    assert check_limits(books).repayments_booked == 0


def test_a_repayment_makes_the_draft_stale_and_the_next_run_refreshes_it(
    books: Context, tmp_path: Path
) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    october = parse_month("2026-10")
    (before,) = generate_invoices(books, october).invoices
    grant_credits(books, bought("100"))
    assert show_invoice(books, "acme", october).stale
    (after,) = generate_invoices(books, october).invoices
    # 30 x $0.01, then repaid
    assert (str(before.overage_due), str(after.overage_due)) == ("0.30", "0.00")
    assert not show_invoice(books, "acme", october).stale


def test_a_purchase_that_begins_later_repays_when_it_begins(books: Context, tmp_path: Path) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    begins = at(books, "2026-11-05T00:00:00Z")
    assert grant_credits(books, bought("100", effective_at=begins.now)).repaid == Credits(0)
    assert check_limits(books).repayments_booked == 0
    assert check_limits(begins).repayments_booked == 1
    assert str(read_balance(begins, "acme").available) == "70"


def test_a_purchase_that_is_over_when_it_is_granted_repays_nothing(
    books: Context, tmp_path: Path
) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    begun, over = at(books, "2026-10-10T00:00:00Z").now, at(books, "2026-10-20T00:00:00Z").now
    told = grant_credits(books, bought("100", effective_at=begun, expires_at=over))
    assert told.repaid == Credits(0)
    assert check_limits(books).repayments_booked == 0
    assert str(read_balance(books, "acme").open_overage) == "30"


def test_grants_are_listed_in_the_order_they_will_be_drawn(books: Context) -> None:
    soon, later = at(books, "2026-11-05T00:00:00Z").now, at(books, "2026-12-05T00:00:00Z").now
    grant_credits(books, bought("1"))
    grant_credits(books, request("2"))
    grant_credits(books, request("3", expires_at=later))
    grant_credits(books, request("4", expires_at=soon))
    grant_credits(books, bought("5", "order_form", product="rows"))
    grant_credits(books, request("6", priority=1))
    assert [str(grant.amount) for grant in list_grants(books, "acme")] == list("643521")


def test_history_is_newest_first_with_the_balance_after_each(
    books: Context, tmp_path: Path
) -> None:
    owe(books, tmp_path / "usage.csv", 30)
    grant_credits(books, bought("100"))
    told = [(m.kind, str(m.amount), str(m.net)) for m in list_movements(books, "acme", limit=9)]
    assert told == [
        ("repayment", "-30", "70"),
        ("grant", "100", "70"),
        ("overage", "-30", "-30"),
    ]
    an_organization(books, "beta")
    assert list_movements(books, "beta", limit=9) == []
