"""`creditctl purchases` and `payments` with providers: as a cron job and a webhook call them."""

import json
from collections.abc import Callable, Iterator

import pytest

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import LocalStripe, local_stripe
from conftest import Cli, Outcome
from creditctl.services.purchase_cards import read_purchase
from payment_shop import (
    SECRETS,
    Shop,
    btcpay_signature,
    payment_shop,
    stripe_event,
    stripe_signature,
    write_configuration,
)
from schema_check import validated

BUY = "purchases create acme --amount 50USD --reason ticket"
Here = Callable[..., Outcome]


@pytest.fixture(scope="module")
def running_stripe() -> Iterator[LocalStripe]:
    with local_stripe() as peer:
        yield peer


@pytest.fixture
def shop(
    database: str, running_stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    with payment_shop(database, running_stripe) as made:
        write_configuration(made)
        yield made


@pytest.fixture
def here(cli: Cli, shop: Shop) -> Here:
    """A command line in the present, in which the providers live."""

    def run(line: str, *more: str, **options) -> Outcome:
        told = cli(line, *more, as_of=shop.context.now.isoformat(), **options)
        if "-o json" in line and told.stdout:
            validated(told.json)
        return told

    return run


def test_a_card_from_attaching_it_to_the_receipt(here: Here, shop: Shop) -> None:
    assert "no stripe payment method" in here(f"{BUY} --provider stripe", expect=5).stderr
    method = here("payments attach acme pm_card_visa --provider stripe -o json").data
    assert (method["last4"], method["is_default"]) == ("4242", True)
    order = here(f"{BUY} --provider stripe --idempotency-key k -o json").data
    assert (order["status"], order["payments"][0]["status"]) == ("paid", "succeeded")
    again = here(f"{BUY} --provider stripe --idempotency-key k -o json").data
    assert again["id"] == order["id"]
    assert shop.stripe.charges(order["payments"][0]["id"]) == [5000]
    assert here("credits balance acme -o json").data["available"] == "5000"
    assert "50.00" in here(f"purchases receipt {order['receipt']}").stdout
    month = f"{shop.context.now:%Y-%m}"
    (total,) = here(f"reports tax --month {month} -o json").data["totals"]
    assert (total["documents"], total["total"]) == (1, "50.00")


def test_a_decline_is_shown(here: Here) -> None:
    here("payments attach acme pm_card_chargeCustomerFail --provider stripe")
    shown = here(f"{BUY} --provider stripe").stdout
    assert "declined" in shown
    assert "Your card was declined." in " ".join(shown.split())


def test_the_round_exits_with_findings_until_the_provider_answers(here: Here, shop: Shop) -> None:
    here("payments attach acme pm_card_visa --provider stripe")
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    order = here(f"{BUY} --provider stripe -o json").data
    assert order["payments"][0]["status"] == "unknown"
    shop.stripe_proxy.next(Fault.LOSE_ANSWER, method="GET")
    (asked,) = here("payments reconcile -o json", expect=7).data
    assert asked["problem"]
    (asked,) = here("payments reconcile -o json").data
    assert (asked["before"], asked["after"], asked["received"]) == ("unknown", "succeeded", "50.00")
    assert here(f"purchases show {order['id']} -o json").data["status"] == "paid"


def test_an_order_that_could_not_be_charged_says_what_to_do_with_it(here: Here, shop: Shop) -> None:
    here("payments attach acme pm_card_visa --provider stripe")
    shop.stripe_proxy.next(Fault.RATE_LIMIT)
    stderr = " ".join(here(f"{BUY} --provider stripe", expect=1).stderr.split())
    (order,) = here("purchases list -o json").data
    assert f"{order['id']} waits" in stderr
    assert "payments reconcile" in stderr
    here(f"purchases void {order['id']} --reason later --yes")
    assert here("payments reconcile -o json").data == []


def test_stripes_notices_come_by_stdin(here: Here, shop: Shop) -> None:
    here("payments attach acme pm_card_visa --provider stripe")
    shop.stripe_proxy.next(Fault.LOSE_ANSWER)
    here(f"{BUY} --provider stripe")
    (order,) = here("purchases list -o json").data
    card = read_purchase(shop.context, order["id"])
    body = stripe_event("evt_1", "payment_intent.succeeded", card, shop.context.now)
    good, bad = (
        f"Stripe-Signature: {stripe_signature(body, shop.context.now, secret)}"
        for secret in (SECRETS["SHOP_STRIPE_WEBHOOK"], "whsec_other")
    )
    line = "payments webhook --provider stripe -o json --header"
    assert "not signed" in here(line, bad, expect=4, stdin=body.decode()).stderr
    assert "has no colon" in here(line, "nothing", expect=2, stdin=body.decode()).stderr
    told = [here(line, good, stdin=body.decode()).data for _ in range(2)]
    assert [(one["outcome"], one["status"]) for one in told] == [
        ("applied", "succeeded"),
        ("repeated", "succeeded"),
    ]
    assert here("credits balance acme -o json").data["available"] == "5000"


def test_an_invoice_in_crypto_from_its_address_to_the_credits(here: Here, shop: Shop) -> None:
    ordered = here(f"{BUY} --provider btcpay -o json")
    order = ordered.data
    address = order["payments"][0]["checkout_url"]
    assert f"it is paid at {address}" in ordered.stderr
    shop.btcpay.pay(address.rpartition("/")[2], "50")
    shop.btcpay.confirm(address.rpartition("/")[2])
    body = json.dumps(shop.btcpay.deliveries[-1])
    header = f"BTCPay-Sig: {btcpay_signature(body.encode())}"
    told = here("payments webhook --provider btcpay -o json --header", header, stdin=body).data
    assert (told["kind"], told["outcome"], told["status"]) == (
        "InvoiceSettled",
        "applied",
        "succeeded",
    )
    assert here(f"purchases show {order['id']} -o json").data["status"] == "paid"
