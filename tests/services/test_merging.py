"""Two organizations that were one: everything moves, nothing is lost, nothing is priced anew."""

from pathlib import Path

import pytest

from builders import CATALOG, an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.audit import list_audit_entries
from creditctl.services.balances import read_balance
from creditctl.services.credits import list_grants
from creditctl.services.invoicing import generate_invoices
from creditctl.services.keys import create_key, list_keys
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import Merged, MergeRequest, merge_organizations
from creditctl.services.money_verbs import Rails
from creditctl.services.org_cards import show_organization
from creditctl.services.orgs import create_organization
from creditctl.services.price_simulation import simulate_prices
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_reports import report_usage
from creditctl.services.waivers import WaiveRequest, waive

WELCOME = """
[promotions.welcome]
credits = 350
trigger = "signup"
"""


def credits(text: str) -> Credits:
    return Credits.parse(text)


@pytest.fixture
def books(context: Context) -> Context:
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october, CATALOG)
    an_organization(october, "acme")
    an_organization(october, "twin")
    return at(context, "2026-10-20T00:00:00Z")


def merge(context: Context, rails: Rails | None = None) -> Merged:
    request = MergeRequest(source="twin", target="acme", reason="same company")
    return merge_organizations(context, request, rails or Rails())


def rated(context: Context) -> int:
    from creditctl.store.engine import reading

    with reading(context.database) as unit:
        return int(unit.fetch_value("SELECT COALESCE(SUM(credits_micro), 0) FROM usage_day"))


def test_credits_keys_and_usage_move(books: Context) -> None:
    give(books, "twin", "100", source="purchase")
    give(books, "acme", "20")
    create_key(books, "acme", name="web")
    create_key(books, "twin", name="web")
    create_key(books, "twin", name="cron")
    use(books, "twin", 30)
    use(books, "acme", 5)
    before = rated(books)
    done = merge(books)
    assert (done.keys, done.events, done.grants, done.credits) == (2, 1, 1, credits("100"))
    # 120 credits in all, 35 used
    assert read_balance(books, "acme").available == credits("85")
    assert read_balance(books, "twin").available == NO_CREDITS
    assert rated(books) == before
    names = sorted(key.name for key in list_keys(books, "acme"))
    assert names[:2] == ["cron", "web"]
    assert names[2].startswith("web (ck_live_")
    assert list_keys(books, "twin") == []
    usage = report_usage(books, parse_month("2026-10"), grouped_by="day", organization="acme")
    assert (usage.requests, usage.credits) == (2, credits("35"))


def test_the_source_is_closed_and_says_where_it_went(books: Context) -> None:
    merge(books)
    card = show_organization(books, "twin")
    assert (card.status, card.merged_into, card.state) == ("closed", "acme", "blocked")
    with pytest.raises(Conflict, match="twin is closed"):
        merge(books)


def test_usage_that_names_the_source_later_is_the_targets(books: Context, tmp_path: Path) -> None:
    give(books, "acme", "20")
    merge(books)
    use(books, "twin", 7)
    assert read_balance(books, "acme").available == credits("13")


def test_overage_of_one_is_paid_by_grants_of_the_other(books: Context) -> None:
    give(at(books, "2026-10-01T00:00:00Z"), "acme", "50")
    use(books, "twin", 30)
    assert read_balance(books, "twin").open_overage == credits("30")
    merge(books)
    balance = read_balance(books, "acme")
    assert (balance.available, balance.open_overage) == (credits("20"), NO_CREDITS)


def test_what_was_waived_and_repaid_stays_settled(books: Context) -> None:
    use(at(books, "2026-10-05T00:00:00Z"), "twin", 30)
    waive(books, WaiveRequest(organization="twin", reason="outage", amount=credits("10")))
    give(books, "twin", "25", source="purchase")
    assert read_balance(books, "twin").available == credits("5")
    merge(books)
    balance = read_balance(books, "acme")
    assert (balance.available, balance.open_overage) == (credits("5"), NO_CREDITS)


@pytest.mark.parametrize("debtor", ["twin", "acme"])
def test_what_a_purchase_repaid_that_ended_since_stays_repaid(books: Context, debtor: str) -> None:
    use(at(books, "2026-10-05T00:00:00Z"), debtor, 30)
    ends = at(books, "2026-10-12T00:00:00Z").now
    give(at(books, "2026-10-08T00:00:00Z"), debtor, "50", source="purchase", expires_at=ends)
    # used when it was over: it may not pay this, neither before nor after the merge
    use(at(books, "2026-10-13T00:00:00Z"), debtor, 7)
    check_limits(books)
    assert read_balance(books, debtor).open_overage == credits("7")
    merge(books)
    assert read_balance(books, "acme").open_overage == credits("7")
    (ended,) = [row for row in list_grants(books, "acme", everything=True) if row.amount]
    assert (ended.remaining, ended.expired) == (NO_CREDITS, credits("20"))


def test_what_both_had_repaid_stays_repaid(books: Context) -> None:
    ends = at(books, "2026-10-12T00:00:00Z").now
    for slug, used in (("twin", 30), ("acme", 40)):
        use(at(books, "2026-10-05T00:00:00Z"), slug, used)
        bought = at(books, "2026-10-08T00:00:00Z")
        give(bought, slug, str(used), source="purchase", expires_at=ends)
    merge(books)
    assert read_balance(books, "acme").open_overage == NO_CREDITS


def test_expired_grants_keep_what_they_paid_and_expire_again(books: Context) -> None:
    opened = at(books, "2026-10-01T00:00:00Z")
    give(opened, "twin", "40", expires_at=at(books, "2026-10-10T00:00:00Z").now)
    use(at(books, "2026-10-05T00:00:00Z"), "twin", 15)
    check_limits(books)
    merge(books)
    (moved,) = [row for row in list_grants(books, "acme", everything=True) if row.amount]
    assert (moved.remaining, moved.expired) == (NO_CREDITS, credits("25"))
    assert read_balance(books, "acme").open_overage == NO_CREDITS


def test_a_subscription_of_the_source_ends(books: Context) -> None:
    create_subscription(at(books, "2026-10-01T00:00:00Z"), "twin", "starter")
    create_subscription(at(books, "2026-10-01T00:00:00Z"), "acme", "starter")
    use(at(books, "2026-10-05T00:00:00Z"), "twin", 60)
    merge(books)
    # acme's own 100 expire on 1 November, twin's ended today with 40 unused: it paid its own 60
    assert read_balance(books, "acme").available == credits("100")


def test_both_may_have_had_the_same_promotion(context: Context) -> None:
    open_books(context, CATALOG + WELCOME)
    create_organization(context, "acme")
    create_organization(context, "twin")
    merge(context)
    assert read_balance(context, "acme").available == credits("700")


def test_a_guest_is_merged_into_a_registered_one_and_not_the_other_way(books: Context) -> None:
    create_organization(books, "visitor", device_id="d1")
    request = MergeRequest(source="acme", target="visitor", reason="x")
    with pytest.raises(Conflict, match="visitor is a guest"):
        merge_organizations(books, request)
    request = MergeRequest(source="visitor", target="acme", reason="x")
    assert merge_organizations(books, request).credits == credits("50")


def test_one_cannot_be_merged_into_itself(books: Context) -> None:
    with pytest.raises(Conflict, match="into itself"):
        merge_organizations(books, MergeRequest(source="acme", target="acme", reason="x"))


def test_a_dry_run_changes_nothing(books: Context) -> None:
    give(books, "twin", "100")
    told = merge(books, Rails(dry_run=True))
    assert (told.dry_run, told.credits) == (True, credits("100"))
    assert read_balance(books, "twin").available == credits("100")
    assert show_organization(books, "twin").status == "active"


def test_drafts_of_both_are_made_anew(books: Context) -> None:
    use(at(books, "2026-10-05T00:00:00Z"), "twin", 100)
    use(at(books, "2026-10-06T00:00:00Z"), "acme", 50)
    november = at(books, "2026-11-02T00:00:00Z")
    generate_invoices(november, parse_month("2026-10"))
    merge(november)
    run = generate_invoices(november, parse_month("2026-10"))
    # 150 credits of overage at 0.01, all on the invoice of acme
    totals = {row.organization: str(row.total) for row in run.invoices}
    assert totals == {"acme": "1.50", "twin": "0.00"}
    assert (run.refreshed, run.unchanged) == (2, 0)


def test_a_simulation_of_the_month_names_the_target(books: Context, tmp_path: Path) -> None:
    use(at(books, "2026-10-05T00:00:00Z"), "twin", 7)
    merge(books)
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG, encoding="utf-8")
    simulated = simulate_prices(books, path, parse_month("2026-10"))
    assert [(line.organization, str(line.difference)) for line in simulated.lines] == [
        ("acme", "0")
    ]


def test_it_is_audited_on_both_sides(books: Context) -> None:
    merge(books)
    for action, owner in (("organization.merged", "twin"), ("organization.absorbed", "acme")):
        (entry,) = list_audit_entries(books, action=action)
        assert (entry.organization, entry.reason) == (owner, "same company")


def test_a_file_of_both_is_booked_to_the_target(books: Context, tmp_path: Path) -> None:
    merge(books)
    give(books, "acme", "20")
    path = tmp_path / "both.csv"
    path.write_text(
        "id,time,org,endpoint,status,units\n"
        "a,2026-10-21T00:00:00Z,acme,GET /rows,200,3\n"
        "b,2026-10-21T00:00:01Z,twin,GET /rows,200,4\n",
        encoding="utf-8",
    )
    import_usage(at(books, "2026-10-22T00:00:00Z"), [path])
    assert read_balance(at(books, "2026-10-22T00:00:00Z"), "acme").available == credits("13")
