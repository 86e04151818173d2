"""`creditctl recharge`: from the terms to the receipt, with a card at a Stripe that really runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from adapters.payments.fault_proxy import Fault
from adapters.payments.local_stripe import API_KEY, LocalStripe, local_stripe
from conftest import NOW, Cli
from creditctl.cli.schema import schema_document
from creditctl.context import Context
from creditctl.rules.instants import instant_text
from recharge_shop import Shop, opened_shop

SET = "recharge set acme --below 100 --up-to 1000 --monthly-cap 500USD --reason ticket"


@pytest.fixture(scope="module")
def peer() -> Iterator[LocalStripe]:
    with local_stripe() as running:
        yield running


@pytest.fixture
def shop(
    sqlite_database: str, peer: LocalStripe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """acme has 50 credits and a card; Stripe's address is in the configuration."""
    monkeypatch.setenv("STRIPE_KEY", API_KEY)
    with opened_shop(Context(sqlite_database, NOW, "tester"), peer) as opened:
        monkeypatch.chdir(tmp_path)
        Path("creditctl.toml").write_text(
            f'[payments.stripe]\nsecret_key = "env:STRIPE_KEY"\napi_url = "{opened.proxy.url}"\n'
        )
        opened.organization()
        yield opened


@pytest.fixture
def run(shop: Shop, sqlite_cli: Cli) -> Cli:
    """The command line at the time when the shop's books begin."""
    return lambda line, **more: sqlite_cli(line, as_of=instant_text(shop.context.now), **more)


def test_from_the_terms_to_the_receipt(run: Cli, shop: Shop) -> None:
    terms = run(f"{SET} --cool-down 90m -o json")
    Draft202012Validator(schema_document("creditctl.recharge/v1")).validate(terms.json)
    assert (terms.data["state"], terms.data["standing"]) == ("active", "ready")
    assert (terms.data["monthly_cap"], terms.data["currency"]) == ("500.00", "USD")
    assert terms.data["cool_down_seconds"] == 5400
    done = run("recharge run acme -o json")
    Draft202012Validator(schema_document("creditctl.recharge_runs/v1")).validate(done.json)
    (bought,) = done.data
    assert (bought["outcome"], bought["credits"], bought["total"]) == ("recharged", "950", "9.50")
    receipt = run(f"purchases receipt {bought['purchase']} -o json").data
    assert (receipt["number"], receipt["total"]) == (f"R-{shop.context.now.year}-000001", "9.50")
    shown = run("recharge show acme -o json").data
    assert (shown["standing"], shown["spent_this_month"]) == ("waiting", "9.50")
    listed = run("recharge show -o json")
    Draft202012Validator(schema_document("creditctl.recharges/v1")).validate(listed.json)
    assert listed.data == [shown]


def test_limits_check_recharges_and_counts_it(run: Cli) -> None:
    run(SET)
    assert run("limits check -o json").data["recharged"] == 1
    assert run("limits check -o json").data["recharged"] == 0
    assert run("credits balance acme -o json").data["available"] == "1000"


def test_disabled_by_hand_it_buys_nothing_until_it_is_enabled(run: Cli) -> None:
    run(SET)
    run("recharge disable acme --reason mail")
    assert run("recharge run -o json").data == []
    assert run("recharge run acme -o json").data[0]["outcome"] == "disabled"
    assert run("recharge enable acme --reason mail -o json").data["state"] == "active"
    assert run("recharge run acme -o json").data[0]["outcome"] == "recharged"


def test_a_run_that_could_not_ask_exits_7_and_is_made_good(run: Cli, shop: Shop) -> None:
    run(SET)
    shop.proxy.next(Fault.RATE_LIMIT)
    assert "asked too often" in run("recharge run", expect=7).stdout
    assert run("recharge run -o json").data[0]["outcome"] == "recharged"


def test_tables_fit_80_columns(run: Cli, shop: Shop) -> None:
    run("orgs list")
    run(SET)
    shop.proxy.next(Fault.DECLINE)
    for line in ("recharge run", "recharge show", "recharge show acme"):
        assert max(map(len, run(line).stdout.splitlines())) <= 80, line


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("recharge show acme", 3, "no auto-recharge"),
        ("recharge run acme", 3, "no auto-recharge"),
        ("recharge disable acme --reason x", 3, "no auto-recharge"),
        ("recharge show nobody", 3, "no organization"),
        (SET.replace("1000", "100"), 2, "not above the threshold"),
        (SET.replace("500USD", "500"), 2, "write it like 50EUR"),
        (SET.replace("500USD", "5USD"), 2, "above the cap of a whole month"),
        (f"{SET} --cool-down soon", 2, "not a length of time"),
        (f"{SET} --method pm_none", 3, "no payment method"),
    ],
)
def test_mistakes_are_refused_with_a_way_out(run: Cli, line: str, code: int, told: str) -> None:
    stderr = run(line, expect=code).stderr
    assert told in stderr
    assert "hint" in stderr
