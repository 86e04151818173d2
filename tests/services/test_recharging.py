"""Auto-recharge: what is bought, when, and when not; Stripe is a peer that really runs."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import API_KEY, LocalStripe, local_stripe
from builders import give, use
from creditctl.context import Context
from creditctl.errors import Conflict, GuestNotAllowed, InvalidInput, NotFound
from creditctl.rules.units import Credits, Money
from creditctl.services import recharging
from creditctl.services.audit import list_audit_entries
from creditctl.services.credits import list_grants
from creditctl.services.limits_check import check_limits
from creditctl.services.org_status import close_organization, suspend_organization
from creditctl.services.orgs import create_organization
from creditctl.services.payment_methods import detach_method, payment_methods
from creditctl.services.recharges import disable_recharge, enable_recharge
from creditctl.services.recharging import run_recharges
from creditctl.services.voiding import void_purchase
from creditctl.store.engine import unit_of_work
from recharge_shop import Shop, opened_shop


@pytest.fixture(scope="module")
def peer() -> Iterator[LocalStripe]:
    with local_stripe() as running:
        yield running


@pytest.fixture
def shop(context: Context, peer: LocalStripe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """acme has 50 credits and a card."""
    monkeypatch.setenv("STRIPE_KEY", API_KEY)
    with opened_shop(context, peer) as opened:
        opened.organization()
        yield opened


def actions(context: Context) -> list[str]:
    return [entry.action for entry in list_audit_entries(context, limit=99)]


def test_it_buys_exactly_what_brings_the_balance_up_to_the_target(shop: Shop) -> None:
    shop.recharge()
    run = shop.run()
    assert (run.outcome, str(run.credits), str(run.total)) == ("recharged", "950", "9.50")
    assert (shop.available(), shop.charged()) == ("1000", [950])
    grant = next(one for one in list_grants(shop.context, "acme") if one.source == "auto_recharge")
    assert grant.unit_cost == Decimal("0.01")
    (order,) = shop.bought()
    assert (order.status, order.source, order.receipt is not None) == (
        "paid",
        "auto_recharge",
        True,
    )
    assert shop.outcome() == "enough"


def test_the_threshold_itself_is_enough(shop: Shop) -> None:
    give(shop.context, "acme", "50")
    shop.recharge()
    assert (shop.outcome(), shop.bought()) == ("enough", [])
    use(shop.context, "acme", 1)
    assert (shop.outcome(), shop.available()) == ("recharged", "1000")


def test_open_overage_is_bought_too_for_it_is_repaid_first(shop: Shop) -> None:
    use(shop.context, "acme", 350)
    shop.recharge()
    run = shop.run()
    assert (run.outcome, str(run.credits), shop.available()) == ("recharged", "1300", "1000")


def test_limits_check_recharges_and_lets_the_organization_call_again(shop: Shop) -> None:
    use(shop.context, "acme", 50)
    assert check_limits(shop.context).blocked == 1
    shop.recharge()
    checked = check_limits(shop.context)
    assert (checked.recharged, checked.blocked, checked.ok, checked.has_news) == (1, 0, 1, True)
    assert [(change.organization, change.state) for change in checked.changes] == [("acme", "ok")]
    assert check_limits(shop.context).recharged == 0


def test_nothing_is_bought_within_the_cool_down(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(hours=2))
    assert shop.outcome() == "recharged"
    use(shop.context, "acme", 950)
    for context, outcome in (
        (shop.later(minutes=119), "waiting"),
        (shop.later(minutes=120), "recharged"),
    ):
        assert shop.outcome(context) == outcome
    assert shop.charged() == [950, 950]


def test_the_cap_of_a_month_is_never_passed_and_said_once(shop: Shop) -> None:
    shop.recharge(cap="18.99", cool_down=timedelta(0))
    assert shop.outcome() == "recharged"
    use(shop.context, "acme", 950)
    run = shop.run()
    assert (run.outcome, str(run.credits), str(run.total)) == ("capped", "950", "9.50")
    assert run.note == "9.50 USD more than the 9.50 of this month is above 18.99"
    assert shop.outcome() == "capped"
    assert (shop.shown().standing, str(shop.shown().spent_this_month)) == ("capped", "9.50")
    assert (actions(shop.context).count("recharge.capped"), shop.charged()) == (1, [950])
    shop.recharge(cap="19.00", cool_down=timedelta(0))
    assert (shop.outcome(), shop.charged()) == ("recharged", [950, 950])


def test_declines_are_waited_for_longer_and_the_third_disables(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.DECLINE)
    run = shop.run()
    assert (run.outcome, shop.available()) == ("declined", "50")
    assert "insufficient funds" in str(run.note)
    assert (shop.shown().declines, shop.shown().standing) == (1, "waiting")
    assert shop.outcome(shop.later(minutes=59)) == "waiting"
    shop.proxy.next(Fault.DECLINE, Fault.DECLINE)
    assert shop.outcome(shop.later(hours=1)) == "declined"
    assert shop.outcome(shop.later(hours=6, minutes=59)) == "waiting"
    assert shop.outcome(shop.later(hours=7)) == "declined"
    assert (shop.shown().state, shop.shown().standing) == ("disabled", "disabled")
    assert shop.shown().reason.startswith("3 declines in a row")
    assert shop.outcome(shop.later(hours=19)) == "disabled"
    assert [order.status for order in shop.bought()] == ["void", "void", "void"]
    assert actions(shop.context).count("recharge.disabled") == 1
    enable_recharge(shop.later(hours=19), "acme", "new card")
    assert (shop.outcome(shop.later(hours=19)), shop.charged()) == ("recharged", [950])


def test_a_payment_that_succeeds_forgets_earlier_declines(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.DECLINE)
    assert shop.outcome() == "declined"
    assert shop.outcome(shop.later(hours=1)) == "recharged"
    assert shop.shown().declines == 0


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.RESET_AFTER, Fault.SERVER_ERROR])
def test_a_lost_answer_is_looked_up_and_charged_once(shop: Shop, fault: Fault) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(fault)
    assert (shop.outcome(), shop.shown().standing, shop.available()) == ("open", "open", "50")
    assert (shop.outcome(), shop.available(), shop.charged()) == ("recharged", "1000", [950])
    assert len(shop.bought()) == 1


def test_nothing_is_bought_while_a_payment_cannot_be_looked_up(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.LOSE_ANSWER)
    shop.proxy.next(Fault.RATE_LIMIT, Fault.RATE_LIMIT, method="GET")
    assert [shop.outcome() for _ in range(4)] == ["open", "failed", "failed", "recharged"]
    assert shop.charged() == [950]


def test_a_request_that_never_arrived_is_sent_again_with_its_key(shop: Shop) -> None:
    shop.recharge()
    shop.proxy.next(Fault.RATE_LIMIT)
    assert (shop.outcome(), shop.charged()) == ("failed", [])
    assert (shop.outcome(), shop.charged(), len(shop.bought())) == ("recharged", [950], 1)


def test_a_crash_before_anybody_was_asked_is_made_good(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    shop.recharge(cool_down=timedelta(0))
    with monkeypatch.context() as patched:
        patched.setattr(recharging, "collect", crash)
        with pytest.raises(KeyboardInterrupt):
            shop.run()
    assert (shop.shown().standing, shop.charged()) == ("open", [])
    assert (shop.outcome(), shop.charged(), len(shop.bought())) == ("recharged", [950], 1)


def test_a_request_too_old_for_its_key_is_given_up_and_bought_anew(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.RATE_LIMIT)
    assert shop.outcome() == "failed"
    next_day = shop.later(hours=24)
    assert [shop.outcome(next_day), shop.outcome(next_day)] == ["voided", "recharged"]
    assert (shop.shown().declines, shop.charged()) == (0, [950])


def test_disabled_means_disabled_and_an_open_payment_is_still_followed(shop: Shop) -> None:
    shop.recharge()
    shop.proxy.next(Fault.LOSE_ANSWER)
    assert shop.outcome() == "open"
    disable_recharge(shop.context, "acme", "asked by mail")
    assert (shop.outcome(), shop.available()) == ("recharged", "1000")
    use(shop.context, "acme", 990)
    assert shop.outcome(shop.later(hours=5)) == "disabled"
    shop.recharge(cap="600")
    assert (shop.outcome(shop.later(hours=5)), shop.charged()) == ("disabled", [950])
    assert check_limits(shop.later(hours=5)).recharged == 0


def remove(shop: Shop) -> None:
    (method,) = payment_methods(shop.context, "acme")
    detach_method(shop.context, method.id)


def expire(shop: Shop) -> None:
    with unit_of_work(shop.context.database) as unit:
        unit.run("UPDATE payment_method SET expires = '2025-12'")


@pytest.mark.parametrize(
    ("break_it", "told"), [(remove, "was taken off file"), (expire, "expired with 2025-12")]
)
def test_a_method_that_is_gone_disables(
    shop: Shop, break_it: Callable[[Shop], None], told: str
) -> None:
    shop.recharge()
    break_it(shop)
    run = shop.run()
    assert (run.outcome, shop.bought()) == ("disabled", [])
    assert told in shop.shown().reason
    with pytest.raises(Conflict, match=told):
        enable_recharge(shop.context, "acme", "again")


def test_a_closed_organization_is_disabled_and_a_suspended_one_waits(shop: Shop) -> None:
    shop.recharge()
    suspend_organization(shop.context, "acme", reason="fraud")
    assert (shop.outcome(), shop.shown().state) == ("waiting", "active")
    close_organization(shop.context, "acme", reason="gone")
    assert (shop.outcome(), shop.shown().reason) == ("disabled", "acme is closed")
    assert shop.bought() == []


def test_a_charge_that_was_taken_back_is_not_made_again(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    assert shop.outcome() == "recharged"
    with unit_of_work(shop.context.database) as unit:
        unit.run(
            "UPDATE payment SET status = 'charged_back', answered_at = :at",
            at=shop.later(minutes=1).now,
        )
    use(shop.context, "acme", 950)
    assert shop.outcome(shop.later(minutes=2)) == "disabled"
    assert (shop.shown().reason.endswith("was charged back"), shop.charged()) == (True, [950])


def test_one_organizations_trouble_stops_no_other(shop: Shop) -> None:
    shop.organization("bolt")
    for slug in ("acme", "bolt"):
        shop.recharge(slug)
    shop.proxy.next(Fault.RATE_LIMIT)
    runs = run_recharges(shop.context)
    assert [(run.organization, run.outcome) for run in runs] == [
        ("acme", "failed"),
        ("bolt", "recharged"),
    ]
    assert check_limits(shop.context).recharged == 1
    assert (shop.charged("acme"), shop.charged("bolt")) == ([950], [950])


def test_a_purchase_that_a_person_voided_is_let_go(shop: Shop) -> None:
    shop.recharge(cool_down=timedelta(0))
    shop.proxy.next(Fault.RATE_LIMIT)
    assert shop.outcome() == "failed"
    void_purchase(shop.context, shop.bought()[0].id, reason="not now")
    assert [shop.outcome(), shop.outcome()] == ["voided", "recharged"]
    assert shop.charged() == [950]


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"up_to": Credits.parse("100")}, InvalidInput, "not above the threshold"),
        ({"monthly_cap": Money(899, "USD")}, InvalidInput, "above the cap of a whole month"),
        ({"monthly_cap": Money(90000, "EUR")}, InvalidInput, "no price in EUR"),
        ({"method": "pm_none"}, NotFound, "no payment method"),
        ({"reason": " "}, InvalidInput, "with a reason"),
        ({"organization": "bare"}, Conflict, "no stripe payment method on file"),
        ({"organization": "guest"}, GuestNotAllowed, "cannot be topped up"),
    ],
)
def test_terms_that_cannot_work_are_refused(
    shop: Shop, changes: dict[str, object], error: type[Exception], told: str
) -> None:
    create_organization(shop.context, "bare")
    create_organization(shop.context, "guest", device_id="phone")
    with pytest.raises(error, match=told):
        shop.recharge(**changes)  # type: ignore[arg-type]
