"""Allowances that carry over: linked grants, a cap, late usage, and whenever cron ran."""

from datetime import UTC, datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, give, open_books, use
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.periods import parse_month
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.balances import read_balance
from creditctl.services.credits import Grant, list_grants
from creditctl.services.invoices import list_invoices, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.reallocation import ReallocateRequest, reallocate
from creditctl.services.subscription_changes import (
    CancelRequest,
    ChangeRequest,
    cancel_subscription,
    change_subscription,
)
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.store.engine import reading
from creditctl.store.queries.grants import carried_at
from plans import CATALOG

_runs = iter(range(10**9))


def credits(text: str) -> Credits:
    return Credits.parse(text)


def subscribed(context: Context, plan: str) -> Context:
    start = at(context, "2026-09-01T00:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    create_subscription(start, "acme", plan)
    return start


def check(context: Context, *days: str) -> Context:
    for day in days:
        check_limits(at(context, f"{day}T00:00:00Z"))
    return at(context, f"{days[-1]}T00:00:00Z")


def grants(context: Context) -> list[tuple[str, str, str, str]]:
    """When each grant begins, what it was, what remains and what expired; oldest first."""
    rows: list[Grant] = list_grants(context, "acme", everything=True)
    return sorted(
        (f"{row.effective_at:%m-%d}", str(row.amount), str(row.remaining), str(row.expired))
        for row in rows
    )


def test_what_is_unused_is_carried_when_the_grace_is_over(context: Context) -> None:
    acme = subscribed(context, "keep")
    use(at(acme, "2026-09-10T00:00:00Z"), "acme", 30)
    early = check(acme, "2026-10-02")
    assert read_balance(early, "acme").available == credits("100")
    late = check(acme, "2026-10-04")
    # 70 of September, until the end of October like the allowance of October
    assert read_balance(late, "acme").available == credits("170")
    assert grants(late) == [
        ("09-01", "100", "0", "0"),
        ("10-01", "100", "100", "0"),
        ("10-01", "70", "70", "0"),
    ]


def test_a_cap_limits_what_is_carried_into_a_period(context: Context) -> None:
    acme = subscribed(context, "carry")
    december = check(acme, "2026-10-04", "2026-11-04", "2026-12-04")
    # October: 100 carried; November: 200 unused, 150 may be carried; December: 250 unused, 150
    assert read_balance(december, "acme").available == credits("250")
    carried = [row for row in grants(december) if row[0] == "12-01"]
    assert sum(int(amount) for _, amount, _, _ in carried) == 100 + 150


def test_weeks_without_cron_end_as_if_it_had_run(context: Context) -> None:
    acme = subscribed(context, "carry")
    december = check(acme, "2026-12-04")
    assert read_balance(december, "acme").available == credits("250")


def test_a_plan_that_resets_carries_nothing(context: Context) -> None:
    acme = subscribed(context, "small")
    november = check(acme, "2026-11-04")
    assert read_balance(november, "acme").available == credits("300")


def test_nothing_is_carried_beyond_the_end(context: Context) -> None:
    acme = subscribed(context, "keep")
    request = CancelRequest(organization="acme", reason="moved away")
    cancel_subscription(at(acme, "2026-09-10T00:00:00Z"), request)
    october = check(acme, "2026-10-04")
    assert read_balance(october, "acme").available == NO_CREDITS
    assert grants(october) == [("09-01", "100", "0", "100")]


def test_late_usage_takes_back_what_was_carried(context: Context) -> None:
    acme = subscribed(context, "keep")
    check(acme, "2026-10-04")
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 40)
    october = at(acme, "2026-10-05T00:00:00Z")
    assert read_balance(october, "acme").available == credits("160")
    assert grants(october) == [
        ("09-01", "100", "0", "0"),
        ("10-01", "100", "100", "0"),
        ("10-01", "100", "60", "0"),
    ]


def test_late_usage_reaches_through_two_periods(context: Context) -> None:
    acme = subscribed(context, "keep")
    check(acme, "2026-10-04", "2026-11-04")
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 40)
    # 100 of September went to October and on to November
    assert read_balance(at(acme, "2026-11-05T00:00:00Z"), "acme").available == credits("260")


def test_what_is_carried_late_into_a_period_that_was_ended_early_ends_with_it(
    context: Context,
) -> None:
    acme = subscribed(context, "keep")
    request = CancelRequest(organization="acme", reason="moved away", at="now")
    check(acme, "2026-10-01")
    cancel_subscription(at(acme, "2026-10-02T00:00:00Z"), request)
    # 100 of September are carried on the 4th, into an October that ended on the 2nd
    after = check(acme, "2026-10-04", "2026-10-05")
    assert read_balance(after, "acme").available == NO_CREDITS
    use(at(acme, "2026-10-01T12:00:00Z"), "acme", 150)
    use(at(acme, "2026-10-02T12:00:00Z"), "acme", 30)
    balance = read_balance(after, "acme")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, credits("30"))


def test_what_was_carried_and_spent_is_gone(context: Context) -> None:
    acme = subscribed(context, "keep")
    check(acme, "2026-10-04")
    use(at(acme, "2026-10-04T01:00:00Z"), "acme", 190)
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 40)
    # 200 in October, 190 spent; of September's 40 late credits 10 are still there
    balance = read_balance(at(acme, "2026-10-05T00:00:00Z"), "acme")
    assert (balance.available, balance.open_overage) == (NO_CREDITS, credits("30"))


def test_what_was_passed_back_makes_room_under_the_cap_again(context: Context) -> None:
    acme = subscribed(context, "carry")
    november = check(acme, "2026-10-04", "2026-11-04")
    # 200 unused: 100 and 50 carried, 50 expired; 80 late ones come out of the 100
    use(at(acme, "2026-10-20T00:00:00Z"), "acme", 80)
    assert read_balance(november, "acme").available == credits("170")
    gift_until = at(acme, "2026-10-25T00:00:00Z").now
    give(at(acme, "2026-10-01T00:00:00Z"), "acme", "100", expires_at=gift_until)
    again = ReallocateRequest(organization="acme", month="2026-10", reason="late gift")
    reallocate(november, again)
    # the gift pays the 80 instead, and they are carried once more: 70 of 150 still were
    assert read_balance(november, "acme").available == credits("250")


def test_an_heir_in_between_passes_on_what_it_got_back(context: Context) -> None:
    acme = subscribed(context, "carry")
    november = check(acme, "2026-10-04", "2026-11-04")
    # 130 of September take all it carried, out of November and through October
    use(at(acme, "2026-09-20T00:00:00Z"), "acme", 130)
    with reading(context.database) as unit:
        subscription_id = int(unit.fetch_value("SELECT id FROM subscription"))
        kept = [
            carried_at(unit, subscription_id, at(acme, f"2026-{month}-01T00:00:00Z").now)
            for month in ("10", "11")
        ]
    balance = read_balance(november, "acme")
    assert (balance.available, balance.open_overage) == (credits("200"), credits("30"))
    assert kept == [NO_CREDITS, credits("100")]


def test_usage_of_both_periods_in_one_file_is_paid_once(context: Context) -> None:
    acme = subscribed(context, "keep")
    check(acme, "2026-10-04")
    use(at(acme, "2026-10-04T12:00:00Z"), "acme", 150)
    use(at(acme, "2026-09-30T12:00:00Z"), "acme", 60)
    balance = read_balance(at(acme, "2026-10-05T00:00:00Z"), "acme")
    # 200 credits in all: 210 used
    assert (balance.available, balance.open_overage) == (NO_CREDITS, credits("10"))


START = datetime(2026, 9, 1, tzinfo=UTC)
LAST = 24 * 70
"""Hours from the start; the months of September and October are invoiced then."""

BOUNDARIES = (24 * 30, 24 * 61)
MOMENTS = [at_ + grace for at_ in BOUNDARIES for grace in (0, 72)]
HOURLY = sorted(
    {*range(0, LAST, 96), *(hour for at_ in MOMENTS for hour in range(at_ - 2, at_ + 3))}
)
"""Every fourth day, and each hour around the ends of the periods and of the grace after them."""

USAGE = st.lists(
    st.tuples(st.integers(0, LAST - 1), st.integers(0, 24 * 6), st.integers(1, 90)), max_size=6
)
"""Hour of the import, how many hours before it the usage was served, and credits."""

CHANGES = st.one_of(
    st.none(), st.tuples(st.sampled_from(["big", "cancel", "end"]), st.integers(1, LAST - 1))
)


def hours_in(context: Context, hours: int) -> Context:
    return at(context, (START + timedelta(hours=hours)).isoformat())


def bring(context: Context, slug: str, folder: Path, late: int, units: int) -> None:
    """Import usage of some hours ago."""
    served = max(START, context.now - timedelta(hours=late))
    line = f"run-{next(_runs)},{slug},GET /rows,{served:%FT%TZ},200,{units}"
    file = folder / f"{next(_runs)}.csv"
    file.write_text(f"id,org,endpoint,time,status,units\n{line}\n")
    import_usage(context, [file])


def alter(context: Context, slug: str, what: str) -> None:
    try:
        if what == "big":
            change = ChangeRequest(organization=slug, plan="big", reason="grew")
            change_subscription(context, change)
        else:
            when = "now" if what == "end" else "period-end"
            cancel = CancelRequest(organization=slug, reason="moved", at=when)
            cancel_subscription(context, cancel)
    except Conflict:
        assert what == "big"  # it is on that plan already


def told(context: Context, slug: str) -> dict[str, object]:
    """Everything that is money, or becomes it."""
    for month in ("2026-09", "2026-10"):
        generate_invoices(context, parse_month(month), organization=slug)
    balance = read_balance(context, slug)
    return {
        "balance": (balance.available, balance.open_overage, balance.postpaid_overage),
        "grants": sorted(
            (row.effective_at, str(row.expires_at), row.source, row.amount, row.remaining)
            for row in list_grants(context, slug, everything=True)
        ),
        "invoices": [
            [(line.description, line.credits, line.amount) for line in invoice.lines]
            for row in list_invoices(context, organization=slug)
            for invoice in [show_invoice(context, row.id)]
        ],
    }


@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["small", "carry", "keep", "big"]), USAGE, CHANGES)
def test_money_never_depends_on_when_cron_ran(
    context: Context, tmp_path: Path, plan: str, usage, change
) -> None:
    with reading(context.database) as unit:
        known = unit.fetch_value("SELECT COUNT(*) FROM catalog_version")
    if not known:
        open_books(at(context, "2026-08-01T00:00:00Z"), CATALOG)
    results = []
    for checks in (HOURLY, range(100, LAST, 24 * 7), ()):
        slug = f"org-{next(_runs)}"
        an_organization(hours_in(context, 0), slug)
        give(hours_in(context, 0), slug, "50", source="purchase")
        create_subscription(hours_in(context, 0), slug, plan)
        steps = [(hour, 0, partial(check_limits)) for hour in checks]
        steps += [
            (hour, 1, partial(bring, slug=slug, folder=tmp_path, late=late, units=units))
            for hour, late, units in usage
        ]
        if change is not None:
            steps.append((change[1], 2, partial(alter, slug=slug, what=change[0])))
        for hour, _, step in sorted(steps, key=itemgetter(0, 1)):
            step(hours_in(context, hour))
        end = hours_in(context, LAST)
        check_limits(end)
        results.append(told(end, slug))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("anchor", ["2026-01-29", "2026-01-30", "2026-01-31", "2024-02-29"])
def test_allowances_of_the_last_days_of_a_month_do_not_drift(context: Context, anchor: str) -> None:
    start = at(context, f"{anchor}T00:00:00Z")
    open_books(start, CATALOG)
    an_organization(start)
    create_subscription(start, "acme", "small")
    day = int(anchor[-2:])
    check_limits(at(context, "2027-03-31T12:00:00Z"))
    starts = [grant.effective_at for grant in list_grants(context, "acme", everything=True)]
    for begun in starts:
        following = begun + timedelta(days=1)
        assert begun.day == day or (begun.day < day and following.month != begun.month)
