"""Purchases by Stripe, end to end: charged once, granted once, whatever happens in between."""

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.payments.fault_proxy import Fault
from builders import use
from creditctl.adapters.payments.interface import NoticeRejected, ProviderUnreachable
from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.periods import Period, parse_month
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from creditctl.services.credits import Movement, list_grants, list_movements
from creditctl.services.journal import export_journal
from creditctl.services.payment_rounds import reconcile
from creditctl.services.purchase_cards import purchases
from creditctl.services.receivables_report import report_receivables
from creditctl.services.reversals import (
    ExpireRequest,
    ReverseRequest,
    expire_grant,
    reverse_grant,
)
from creditctl.services.voiding import void_purchase
from journal_programs import beancount_balances
from payment_shop import Shop, lost_dispute, stripe_event

LOST = (Fault.LOSE_ANSWER, Fault.RESET_AFTER, Fault.CUT_ANSWER, Fault.SERVER_ERROR)
REFUSED_LATER = "DE62370400440532013001"


def statuses(shop: Shop, purchase) -> tuple[str, str]:
    card = shop.show(purchase)
    return card.status, card.payments[0].status


def test_a_card_on_file_is_charged_and_granted_at_once(shop: Shop) -> None:
    method = shop.attach()
    assert (method.brand, method.last4, method.is_default) == ("visa", "4242", True)
    card = shop.buy()
    assert (card.status, card.payments[0].status, card.receipt) == (
        "paid",
        "succeeded",
        f"R-{shop.context.now.year}-000001",
    )
    assert (shop.available(), shop.charges(card)) == ("5000", [5000])
    (grant,) = list_grants(shop.context, "acme")
    assert grant.id == card.grant


def test_a_decline_is_shown_and_buying_again_works(shop: Shop) -> None:
    shop.attach("pm_card_chargeCustomerFail")
    card = shop.buy()
    assert (card.status, card.payments[0].status) == ("pending", "declined")
    assert card.payments[0].message == "card_declined Your card was declined."
    assert reconcile(shop.context) == []
    good = shop.attach()
    again = shop.buy(method=good.id)
    assert (again.status, shop.available()) == ("paid", "5000")
    assert (shop.charges(card), shop.charges(again)) == ([], [5000])
    void_purchase(shop.context, card.id, reason="bought again")
    assert statuses(shop, card) == ("void", "declined")


@pytest.mark.parametrize("fault", LOST, ids=lambda fault: fault.name)
def test_a_lost_answer_is_unknown_until_the_one_charge_is_found(shop: Shop, fault: Fault) -> None:
    shop.attach()
    shop.stripe_proxy.next(fault)
    card = shop.buy(key="k")
    assert (card.status, card.payments[0].status, shop.available()) == ("pending", "unknown", "0")
    # The same command again asks nobody: what happened is looked up, never guessed.
    assert shop.buy(key="k").payments[0].status == "unknown"
    (found,) = reconcile(shop.context)
    assert (found.before, found.after, str(found.received)) == ("unknown", "succeeded", "50.00")
    assert reconcile(shop.context) == []
    assert (shop.available(), shop.charges(card)) == ("5000", [5000])
    assert len(list_grants(shop.context, "acme")) == 1


def test_a_provider_that_cannot_be_reached_leaves_one_order_that_waits(shop: Shop) -> None:
    shop.attach()
    shop.stripe_proxy.next(Fault.RATE_LIMIT)
    with pytest.raises(ProviderUnreachable, match="waits") as refusal:
        shop.buy(key="k")
    (order,) = purchases(shop.context, organization="acme", status=None, limit=9)
    assert order.id in refusal.value.advice
    shop.stripe_proxy.next(Fault.LOSE_ANSWER, method="GET")
    (asked,) = reconcile(shop.context)
    assert (asked.after, bool(asked.problem)) == ("created", True)
    card = shop.buy(key="k")
    assert (card.id, card.status, shop.charges(card)) == (order.id, "paid", [5000])


def test_a_forgotten_key_is_never_charged_again(shop: Shop) -> None:
    """After a day Stripe takes the same key for a new request."""
    shop.attach()
    shop.stripe_proxy.next(Fault.RATE_LIMIT)
    with pytest.raises(ProviderUnreachable):
        shop.buy(key="k")
    tomorrow = shop.later(hours=24)
    card = tomorrow.buy(key="k")
    assert (card.status, card.payments[0].status) == ("pending", "cancelled")
    assert shop.stripe.intents(card.payments[0].id) == []


def test_a_notice_that_does_not_end_is_refused_unread(shop: Shop) -> None:
    with pytest.raises(InvalidInput, match="a notice has at most 1,000,000 bytes"):
        shop.stripe_notice(b" " * 1_000_001)


def test_a_notice_is_applied_once_in_any_order(shop: Shop) -> None:
    shop.attach()
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    card = shop.buy()
    now = shop.context.now
    paid = stripe_event("evt_paid", "payment_intent.succeeded", card, now, status="succeeded")
    begun = stripe_event("evt_begun", "payment_intent.created", card, now, status="processing")
    with pytest.raises(NoticeRejected):
        shop.stripe_notice(paid, secret="whsec_of_another")
    assert shop.show(card).status == "pending"

    told = [shop.stripe_notice(body) for body in (paid, begun, paid, begun)]

    assert [(one.outcome, one.status) for one in told] == [
        ("applied", "succeeded"),
        ("applied", "succeeded"),
        ("repeated", "succeeded"),
        ("repeated", "succeeded"),
    ]
    assert (shop.available(), shop.charges(card)) == ("5000", [5000])


def test_a_notice_about_somebody_elses_payment_is_ignored(shop: Shop) -> None:
    shop.attach()
    card = shop.buy()
    body = stripe_event("evt_1", "payment_intent.succeeded", card, shop.context.now, metadata={})
    assert shop.stripe_notice(body).outcome == "ignored"


def test_a_payment_that_needs_its_payer_is_cancelled_with_its_purchase(shop: Shop) -> None:
    method = shop.attach(shop.stripe.card("4000002500003155"))
    card = shop.buy(method=method.id, return_url="https://acme.example/credits")
    assert (card.status, card.payments[0].status) == ("pending", "requires_action")
    assert card.payments[0].checkout_url
    void_purchase(shop.context, card.id, reason="ordered twice")
    assert statuses(shop, card) == ("void", "cancelled")
    assert [i["status"] for i in shop.stripe.intents(card.payments[0].id)] == ["canceled"]


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.SERVER_ERROR])
def test_a_purchase_that_was_charged_unseen_is_not_voided(shop: Shop, fault: Fault) -> None:
    shop.attach()
    shop.stripe_proxy.next(fault)
    card = shop.buy()
    with pytest.raises(Conflict, match="is paid, and there are no refunds"):
        void_purchase(shop.context, card.id, reason="ordered twice")
    assert statuses(shop, card) == ("paid", "succeeded")
    assert shop.available() == "5000"


def test_while_a_lost_request_may_still_charge_nothing_is_voided(shop: Shop) -> None:
    shop.attach()
    shop.stripe_proxy.next(Fault.RESET_BEFORE)
    card = shop.buy()
    with pytest.raises(Conflict, match="is unknown at stripe and may still be paid"):
        void_purchase(shop.context, card.id, reason="ordered twice")
    assert statuses(shop, card) == ("pending", "unknown")
    void_purchase(shop.later(hours=24).context, card.id, reason="ordered twice")
    assert statuses(shop, card) == ("void", "cancelled")
    assert shop.charges(card) == []


def test_a_lost_answer_to_a_cancellation_keeps_the_purchase_until_it_is_known(shop: Shop) -> None:
    method = shop.attach(shop.stripe.card("4000002500003155"))
    card = shop.buy(method=method.id)
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    with pytest.raises(Conflict, match="may still be paid"):
        void_purchase(shop.context, card.id, reason="ordered twice")
    assert [one.after for one in reconcile(shop.context)] == ["cancelled"]
    void_purchase(shop.context, card.id, reason="ordered twice")
    assert statuses(shop, card) == ("void", "cancelled")


def test_a_lost_dispute_takes_unused_credits_back(shop: Shop) -> None:
    shop.attach()
    card = shop.buy()
    told = [shop.stripe_notice(lost_dispute("evt_lost", shop, card)) for _ in range(2)]
    assert [(one.outcome, one.status) for one in told] == [
        ("applied", "charged_back"),
        ("repeated", "charged_back"),
    ]
    # A late success is older than the dispute.
    late = stripe_event("evt_paid", "payment_intent.succeeded", card, shop.context.now)
    assert shop.stripe_notice(late).status == "charged_back"
    balance = read_balance(shop.context, "acme")
    assert (str(balance.available), str(balance.open_overage)) == ("0", "0")
    shown = shop.show(card)
    assert (shown.payments[0].status, str(shown.received)) == ("charged_back", "0.00")
    # The credit note owes what the bank has taken already.
    assert [note.total for note in shown.credit_notes] == [shown.total]
    assert (str(shown.owed_back), owed_by(shop)) == ("0.00", "0.00")


def test_a_lost_dispute_turns_used_credits_into_open_overage(shop: Shop) -> None:
    shop.attach()
    card = shop.buy()
    later = shop.later(minutes=2)
    use(later.context, "acme", 300)
    later.stripe_notice(lost_dispute("evt_lost", later, card))
    balance = read_balance(later.context, "acme")
    assert (str(balance.available), str(balance.open_overage)) == ("0", "300")
    told = {(row.overage_reason, row.reason) for row in overages(later)}
    assert told == {("correction", f"{card.payments[0].id} was charged back")}


def test_a_dispute_that_overtakes_the_success_leaves_nothing(shop: Shop) -> None:
    shop.attach()
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    card = shop.buy()
    body = lost_dispute("evt_lost", shop, card)
    # It names the charge alone, which is not known to be ours before its answer is.
    assert shop.stripe_notice(body).outcome == "ignored"
    reconcile(shop.context)
    assert shop.available() == "5000"
    assert shop.stripe_notice(body).status == "charged_back"
    assert shop.available() == "0"


def test_a_dispute_about_a_grant_that_was_reversed_is_written_down(shop: Shop) -> None:
    shop.attach()
    card = shop.buy()
    assert card.grant
    reverse_grant(shop.context, ReverseRequest(grant=card.grant, reason="a mistake"))
    shop.stripe_notice(lost_dispute("evt_lost", shop, card))
    assert shop.show(card).payments[0].status == "charged_back"
    actions = [entry.action for entry in list_audit_entries(shop.context, limit=20)]
    assert (actions.count("grant.reversed"), actions.count("payment.charged_back")) == (1, 1)


def test_a_dispute_about_credits_that_expired_unused_is_owed(shop: Shop, tmp_path: Path) -> None:
    """They earned their price as breakage, and the money is gone."""
    shop.attach()
    card = shop.buy()
    assert card.grant
    later = shop.later(minutes=2)
    expire_grant(later.context, ExpireRequest(grant=card.grant, reason="a test"))
    later.stripe_notice(lost_dispute("evt_lost", later, card))
    assert later.show(card).credit_notes == ()
    assert owed_by(later) == str(card.total)
    journal = tmp_path / "journal.beancount"
    export_journal(later.context, this_month(later), journal)
    balances = beancount_balances(journal)
    assert balances["Assets:Receivable", card.total.currency] == Decimal(str(card.total))
    assert ("Assets:Cash", card.total.currency) not in balances
    assert run_checks(later.context) == []


def owed_by(shop: Shop) -> str:
    """What receivables come to this month."""
    (line,) = report_receivables(shop.context, this_month(shop)).roll_forward[-1:]
    return str(line.amount)


def this_month(shop: Shop) -> Period:
    return parse_month(f"{shop.context.now:%Y-%m}")


def overages(shop: Shop) -> list[Movement]:
    return [row for row in list_movements(shop.context, "acme", limit=9) if row.kind == "overage"]
