"""Purchases: granted once, when all of the money is there, and never otherwise."""

from datetime import date
from decimal import Decimal
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict, GuestNotAllowed, InvalidInput, NotFound
from creditctl.rules.units import Credits, Money
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.money_verbs import Rails
from creditctl.services.orgs import create_organization
from creditctl.services.purchase_cards import PurchaseCard, purchases, read_purchase, receipt_of
from creditctl.services.purchases import BuyRequest, buy, rehearse
from creditctl.services.settling import Settled, SettleRequest, settle
from creditctl.services.voiding import void_purchase

WHY = "ticket 4711"


@pytest.fixture
def books(context: Context) -> Context:
    """An organization without credits; a credit costs a cent and the seller collects no tax."""
    open_books(context)
    an_organization(context, "acme")
    return context


def ordered(context: Context, amount: str = "50", **rails: object) -> PurchaseCard:
    request = BuyRequest(organization="acme", total=Money.parse(amount, "USD"), reason=WHY)
    return buy(context, request, Rails(**rails))  # type: ignore[arg-type]


def paid(
    context: Context, purchase: str, amount: str | None = None, reference: str = "bank 1"
) -> Settled:
    money = None if amount is None else Money.parse(amount, "USD")
    request = SettleRequest(purchase=purchase, amount=money, reference=reference, reason=WHY)
    return settle(context, request)


def available(context: Context) -> str:
    return str(read_balance(context, "acme").available)


def test_a_purchase_is_granted_when_it_is_paid(books: Context) -> None:
    order = ordered(books)
    assert (order.status, str(order.credits), available(books)) == ("pending", "5000", "0")
    done = paid(books, order.id)
    assert (done.status, done.receipt, available(books)) == ("paid", "R-2026-000001", "5000")
    (grant,) = list_grants(books, "acme")
    assert (grant.id, grant.source, grant.unit_cost) == (done.grant, "purchase", Decimal("0.01"))


def test_a_part_of_the_money_grants_nothing_until_the_rest_arrives(books: Context) -> None:
    order = ordered(books)
    part = paid(books, order.id, "20")
    assert (part.status, str(part.missing), available(books)) == ("pending", "30.00", "0")
    done = paid(books, order.id, "30", "bank 2")
    assert (done.status, str(done.missing), str(done.surplus)) == ("paid", "0.00", "0.00")
    assert available(books) == "5000"


def test_money_beyond_the_price_is_surplus_and_buys_nothing(books: Context) -> None:
    order = ordered(books)
    done = paid(books, order.id, "60")
    assert (done.status, str(done.surplus), available(books)) == ("paid", "10.00", "5000")
    assert str(read_purchase(books, order.id).surplus) == "10.00"


def test_nothing_that_arrived_pays_nothing(books: Context) -> None:
    order = ordered(books)
    with pytest.raises(InvalidInput, match=r"above zero, not 0\.00"):
        paid(books, order.id, "0")
    tomorrow = SettleRequest(
        purchase=order.id, reference="b", reason=WHY, arrived_on=date(9999, 1, 1)
    )
    with pytest.raises(InvalidInput, match="yet to come"):
        settle(books, tomorrow)
    assert str(read_purchase(books, order.id).received) == "0.00"


def test_the_same_line_of_a_statement_counts_once(books: Context) -> None:
    order = ordered(books)
    paid(books, order.id, "20")
    assert str(paid(books, order.id, "20").received) == "20.00"
    with pytest.raises(Conflict, match="was recorded with 20"):
        paid(books, order.id, "30")


def test_the_same_key_is_the_same_purchase(books: Context) -> None:
    first = ordered(books, idempotency_key="k")
    paid(books, first.id)
    again = ordered(books, idempotency_key="k")
    assert (again.id, again.status) == (first.id, "paid")
    assert len(purchases(books, organization="acme", status=None, limit=9)) == 1


def test_a_quote_writes_nothing(books: Context) -> None:
    request = BuyRequest(organization="acme", credits=Credits.parse("250"), reason=WHY)
    quote = rehearse(books, request, Rails(dry_run=True))
    assert (str(quote.total), str(quote.net), quote.dry_run) == ("2.50", "2.50", True)
    assert purchases(books, organization=None, status=None, limit=9) == []


def test_an_unpaid_purchase_is_voided_and_then_takes_no_money(books: Context) -> None:
    order = ordered(books)
    assert void_purchase(books, order.id, reason="ordered twice", dry_run=True).status == "void"
    assert read_purchase(books, order.id).status == "pending"
    void_purchase(books, order.id, reason="ordered twice")
    card = read_purchase(books, order.id)
    assert (card.status, card.void_reason) == ("void", "ordered twice")
    assert [payment.status for payment in card.payments] == ["cancelled"]
    with pytest.raises(Conflict, match="is void"):
        paid(books, order.id)
    assert void_purchase(books, order.id, reason="again").status == "void"


@pytest.mark.parametrize(("amount", "told"), [("50", "is paid"), ("20", "a part of")])
def test_there_are_no_refunds(books: Context, amount: str, told: str) -> None:
    order = ordered(books)
    paid(books, order.id, amount)
    with pytest.raises(Conflict, match=f"{told}.*there are no refunds"):
        void_purchase(books, order.id, reason="changed my mind")


def test_a_purchase_repays_open_overage(books: Context) -> None:
    use(books, "acme", 300)
    paid(books, ordered(books).id)
    balance = read_balance(books, "acme")
    assert (str(balance.available), str(balance.open_overage)) == ("4700", "0")


def test_what_is_paid_after_a_merge_is_granted_to_the_organization_that_goes_on(
    books: Context,
) -> None:
    order = ordered(books)
    an_organization(books, "twin")
    merge_organizations(books, MergeRequest(source="acme", target="twin", reason=WHY))
    assert paid(books, order.id).status == "paid"
    assert str(read_balance(books, "twin").available) == "5000"


def test_receipts_are_numbered_by_year_without_gaps(books: Context) -> None:
    orders = [ordered(books).id for _ in range(3)]
    numbers = [paid(books, order).receipt for order in (orders[2], orders[0])]
    next_year = at(books, "2027-01-02T00:00:00Z")
    numbers.append(paid(next_year, orders[1]).receipt)
    assert numbers == ["R-2026-000001", "R-2026-000002", "R-2027-000001"]


def test_a_receipt_says_what_was_bought_and_by_whom(books: Context) -> None:
    order = ordered(books)
    with pytest.raises(Conflict, match="there is a receipt once it is paid"):
        receipt_of(books, order.id)
    paid(books, order.id)
    receipt = receipt_of(books, "R-2026-000001")
    assert (receipt.purchase, receipt.description) == (order.id, "5000 API credits")
    assert receipt.buyer[0] == "acme"
    assert receipt.net + receipt.tax == receipt.total


def test_every_step_is_audited(books: Context) -> None:
    paid(books, ordered(books).id)
    actions = {entry.action for entry in list_audit_entries(books, limit=20)}
    assert {"purchase.created", "payment.pending", "payment.recorded", "purchase.paid"} <= actions


def test_what_cannot_be_bought_is_refused(books: Context) -> None:
    with pytest.raises(InvalidInput, match="one way"):
        buy(books, BuyRequest(organization="acme", reason=WHY))
    five_pounds, five_dollars = Money.parse("5", "GBP"), Money.parse("5", "USD")
    with pytest.raises(InvalidInput, match="no price in GBP"):
        buy(books, BuyRequest(organization="acme", total=five_pounds, reason=WHY))
    with pytest.raises(InvalidInput, match="unknown payment provider"):
        buy(books, BuyRequest(organization="acme", provider="fax", reason=WHY))
    with pytest.raises(NotFound):
        paid(books, "pur_none")
    create_organization(books, "visitor", device_id="phone")
    with pytest.raises(GuestNotAllowed):
        buy(books, BuyRequest(organization="visitor", total=five_dollars, reason=WHY))


@given(
    parts=st.lists(st.integers(1, 4000), min_size=1, max_size=5),
    repeats=st.lists(st.integers(0, 4), max_size=4),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_credits_are_granted_once_and_only_for_all_of_the_money(
    books: Context, parts: list[int], repeats: list[int], order: Random
) -> None:
    """Whatever comes in which order and however often it is recorded."""
    before = Credits.parse(available(books))
    card = ordered(books)
    lines = list(enumerate(parts)) + [(n, parts[n]) for n in repeats if n < len(parts)]
    order.shuffle(lines)
    for number, minor in lines:
        amount = Money(minor, "USD")
        settle(
            books,
            SettleRequest(
                purchase=card.id,
                amount=amount,
                reference=f"bank {number}",
                reason=WHY,
                arrived_on=date(2026, 11, 1),
            ),
        )
    after = Credits.parse(available(books))
    granted = card.credits if sum(parts) >= card.total.minor else Credits(0)
    assert after - before == granted
    shown = read_purchase(books, card.id)
    assert shown.received.minor == sum(parts)
    assert (shown.status == "paid") == bool(granted)
