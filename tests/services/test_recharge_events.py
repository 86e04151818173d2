"""What auto-recharge tells: in the transaction of what was decided, once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import API_KEY, LocalStripe, local_stripe
from builders import use
from conftest import NOW
from creditctl.context import Context
from creditctl.services.destinations import add_destination
from creditctl.services.notifications import Notification, list_notifications
from creditctl.services.recharges import disable_recharge
from recharge_shop import Shop, opened_shop
from recording_channel import recording_channel


@pytest.fixture(scope="module")
def peer() -> Iterator[LocalStripe]:
    with local_stripe() as running:
        yield running


@pytest.fixture
def shop(
    sqlite_database: str, peer: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """acme has 50 credits, a card, and somebody who wants to know."""
    monkeypatch.setenv("STRIPE_KEY", API_KEY)
    recording_channel(monkeypatch)
    with opened_shop(Context(sqlite_database, NOW, "tester"), peer) as opened:
        opened.organization()
        add_destination(
            opened.context,
            "acme",
            channel="webhook",
            address="https://acme.example",
            told=["recharge.*"],
        )
        yield opened


def told(shop: Shop) -> list[Notification]:
    """The oldest first."""
    return list_notifications(shop.context, "acme")[::-1]


def events(shop: Shop) -> list[str]:
    return [one.event for one in told(shop)]


def test_what_was_bought_is_told_with_its_figures(shop: Shop) -> None:
    shop.recharge()
    assert (shop.outcome(), shop.outcome()) == ("recharged", "enough")
    (one,) = told(shop)
    assert one.event == "recharge.succeeded"
    assert one.summary == (
        "acme: credits bought back; limit 100 credits; balance 1000 credits; "
        "950 credits for 9.50 USD"
    )


def test_every_decline_and_the_end_of_it_are_told(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.DECLINE, Fault.DECLINE, Fault.DECLINE)
    for hours in (0, 1, 7):
        assert shop.outcome(shop.later(hours=hours)) == "declined"
    assert events(shop) == ["recharge.failed"] * 3 + ["recharge.disabled"]
    assert "insufficient funds" in told(shop)[0].summary
    assert "3 declines in a row" in told(shop)[-1].summary


def test_the_cap_is_told_once_a_month(shop: Shop) -> None:
    shop.recharge(cap="18.99", cool_down=timedelta(0))
    shop.run()
    use(shop.context, "acme", 950)
    assert [shop.outcome(), shop.outcome()] == ["capped", "capped"]
    assert events(shop) == ["recharge.succeeded", "recharge.capped"]
    assert "above 18.99" in told(shop)[-1].summary


def test_disabling_it_by_hand_is_told_too(shop: Shop) -> None:
    shop.recharge()
    disable_recharge(shop.context, "acme", "asked by mail")
    disable_recharge(shop.context, "acme", "asked again")
    assert events(shop) == ["recharge.disabled"]
    assert told(shop)[0].summary.endswith("; asked by mail")
