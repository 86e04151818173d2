"""Whatever a provider answers, however often: granted once, and only if the money is there."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, open_books
from creditctl.adapters.payments.interface import PaymentAnswer, PaymentStatus
from creditctl.context import Context
from creditctl.errors import NotFound
from creditctl.rules.units import Money
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import list_grants
from creditctl.services.purchase_cards import PurchaseCard, read_purchase
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.settling import apply_answer

PRICE = 5000
FINAL = (PaymentStatus.SUCCEEDED, PaymentStatus.EXPIRED, PaymentStatus.CANCELLED)
AMOUNTS = st.sampled_from([0, 1, 2000, PRICE - 1, PRICE, PRICE + 700])
ANSWERS = st.builds(
    PaymentAnswer,
    st.sampled_from([status for status in PaymentStatus if status != "charged_back"]),
    received_minor=AMOUNTS,
)
LOST = PaymentAnswer(PaymentStatus.CHARGED_BACK)


@pytest.fixture
def books(context: Context) -> Context:
    open_books(context)
    an_organization(context, "acme")
    return context


def ordered(books: Context) -> PurchaseCard:
    return buy(books, BuyRequest(organization="acme", total=Money(PRICE, "USD"), reason="test"))


def granted(books: Context) -> int:
    return len(list_grants(books, "acme", everything=True))


def money_there(answers: list[PaymentAnswer]) -> int:
    """The most that was ever final: what comes after a success is older than it, but a success."""
    most, succeeded = 0, False
    for answer in answers:
        if succeeded and answer.status is not PaymentStatus.SUCCEEDED:
            continue
        succeeded = succeeded or answer.status is PaymentStatus.SUCCEEDED
        most = max(most, answer.received_minor if answer.status in FINAL else 0)
    return most


@given(answers=st.lists(ANSWERS, max_size=6), repeats=st.lists(st.integers(0, 5), max_size=4))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_answers_grant_once_and_only_for_all_of_the_money(
    books: Context, answers: list[PaymentAnswer], repeats: list[int]
) -> None:
    """In any order, and repeated at any later time."""
    before = granted(books)
    order = ordered(books)
    told = [*answers, *(answers[n] for n in repeats if n < len(answers))]
    for answer in told:
        apply_answer(books, order.payments[0].id, answer)
    card = read_purchase(books, order.id)
    assert card.received.minor == money_there(told)
    assert (card.status == "paid") == (card.received.minor >= PRICE)
    assert granted(books) - before == (card.status == "paid")


@given(before=st.lists(ANSWERS, max_size=3), after=st.lists(ANSWERS | st.just(LOST), max_size=3))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_that_comes_after_a_lost_dispute_gives_the_credits_back(
    books: Context, before: list[PaymentAnswer], after: list[PaymentAnswer]
) -> None:
    order = ordered(books)
    for answer in [*before, LOST, *after]:
        apply_answer(books, order.payments[0].id, answer)
    card = read_purchase(books, order.id)
    assert (card.payments[0].status, card.received.minor) == ("charged_back", 0)
    assert read_balance(books, "acme").available.micro == 0
    assert run_checks(books) == []


def test_an_answer_about_no_payment_is_refused(books: Context) -> None:
    with pytest.raises(NotFound, match="no payment"):
        apply_answer(books, "pay_none", LOST)
