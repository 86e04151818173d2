import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from builders import CATALOG, at, open_books, use
from creditctl.context import Context
from creditctl.rules.instants import parse_instant
from creditctl.rules.units import NO_CREDITS, Credits
from creditctl.services.allowances import grant_due_allowances, owners_of_due_allowances
from creditctl.services.balances import read_balance
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.orgs import create_organization
from creditctl.services.subscription_changes import ChangeRequest, change_subscription
from creditctl.services.subscriptions import create_subscription
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.orgs import find_organization


@pytest.fixture
def books(context: Context) -> Context:
    open_books(context)
    return context


def subscribe(context: Context, plan: str, day: str, slug: str = "acme") -> None:
    create_organization(context, slug)
    create_subscription(at(context, day), slug, plan)


def grant_due(context: Context) -> int:
    with unit_of_work(context.database) as unit:
        return grant_due_allowances(unit, context)


def allowances(context: Context) -> list[tuple[datetime, datetime, Credits]]:
    from creditctl.rules.instants import instant_of

    with reading(context.database) as unit:
        rows = unit.fetch_rows(
            "SELECT effective_at, expires_at, amount_micro FROM credit_grant"
            " WHERE source = 'subscription' ORDER BY effective_at"
        )
    return [(instant_of(start), instant_of(end), Credits(micro)) for start, end, micro in rows]


def test_a_missed_quarter_is_caught_up_period_by_period_each_with_its_own_dates(
    books: Context,
) -> None:
    subscribe(books, "starter", "2026-01-31")
    assert grant_due(at(books, "2026-04-30")) == 3
    days = ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
    starts = [parse_instant(day) for day in days]
    assert allowances(books) == [
        (start, end, Credits.parse("100")) for start, end in itertools.pairwise(starts)
    ]


def test_running_it_again_grants_nothing(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    later = at(books, "2026-11-20")
    assert grant_due(later) == 1
    assert grant_due(later) == 0
    assert len(allowances(books)) == 2


def test_a_period_is_due_at_its_first_instant_and_not_before(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    assert grant_due(at(books, "2026-11-14T23:59:59.999999Z")) == 0
    assert grant_due(at(books, "2026-11-15")) == 1


def test_at_the_change_of_period_the_old_allowance_is_gone_and_the_new_one_there(
    books: Context,
) -> None:
    subscribe(books, "starter", "2026-10-15")
    change = at(books, "2026-11-15")
    assert read_balance(change, "acme").available == NO_CREDITS
    grant_due(change)
    assert read_balance(change, "acme").available == Credits.parse("100")


def test_the_allowance_is_that_of_the_plan_in_force_when_the_period_began(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    raised = CATALOG.replace("allowance = 100\n", "allowance = 250\n").replace(
        "2026-01-01T00:00:00Z", "2026-11-16T00:00:00Z"
    )
    open_books(at(books, "2026-11-16"), raised)
    grant_due(at(books, "2026-12-15"))
    # 15 November came before the change, 15 December after it
    assert [amount for _, _, amount in allowances(books)] == [
        Credits.parse("100"),
        Credits.parse("100"),
        Credits.parse("250"),
    ]


@pytest.mark.parametrize("terms", ["unlimited = true", "unlimited = true\nallowance = 1000", ""])
def test_an_unlimited_plan_or_one_without_allowance_grants_nothing(
    context: Context, terms: str
) -> None:
    plan = f'\n[plans.special]\ntitle = "Special"\nfee = "1.00"\ninterval = "month"\n{terms}\n'
    open_books(context, CATALOG + plan)
    subscribe(context, "special", "2026-10-15")
    assert grant_due(at(context, "2026-12-31")) == 0
    assert allowances(context) == []


def test_a_yearly_plan_grants_once_a_year(context: Context) -> None:
    plan = '\n[plans.yearly]\ntitle = "Y"\nfee = "1.00"\ninterval = "year"\nallowance = 12\n'
    open_books(context, CATALOG + plan)
    subscribe(context, "yearly", "2028-02-29")
    assert grant_due(at(context, "2029-02-27")) == 0
    assert grant_due(at(context, "2029-02-28")) == 1


def test_only_the_organization_asked_for_is_granted(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    subscribe(books, "starter", "2026-10-15", slug="other")
    later = at(books, "2026-11-15")
    with unit_of_work(books.database) as unit:
        assert grant_due_allowances(unit, later, find_organization(unit, "acme").id) == 1
    assert grant_due(later) == 1


def test_four_at_the_same_moment_grant_each_period_exactly_once(books: Context) -> None:
    for number in range(3):
        subscribe(books, "starter", "2026-01-15", slug=f"org-{number}")
    later = at(books, "2026-11-20")
    with ThreadPoolExecutor(4) as pool:
        granted = list(pool.map(grant_due, [later] * 4))
    # 15 February to 15 November are ten more periods for each of the three
    assert sorted(granted) == [0, 0, 0, 30]
    assert len(allowances(books)) == 33


def test_an_allowance_is_free_of_cost_in_the_books(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    with reading(books.database) as unit:
        (row,) = unit.fetch_rows("SELECT unit_cost, product_id, remaining_micro FROM credit_grant")
    assert row == (None, None, 100_000_000)


def test_a_late_run_still_gives_the_allowance_of_a_period_that_is_already_over(
    books: Context,
) -> None:
    subscribe(books, "starter", "2026-09-15")
    much_later = at(books, "2027-01-01")
    grant_due(much_later)
    ended = [end for _, end, _ in allowances(books) if end <= much_later.now]
    # periods of 15 Sep, 15 Oct and 15 Nov are over; that of 15 Dec runs
    assert len(ended) == 3
    assert read_balance(much_later, "acme").available == Credits.parse("100")


def test_an_import_after_weeks_without_cron_draws_the_allowance_of_its_day(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    use(at(books, "2026-12-20"), "acme", 130)
    balance = read_balance(at(books, "2026-12-20"), "acme")
    # 100 of the period from 15 December, and 30 beyond it
    assert (balance.available, balance.open_overage) == (NO_CREDITS, Credits.parse("30"))


def test_a_gift_after_weeks_without_cron_is_shown_beside_the_allowance(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    asked = GrantRequest(organization="acme", amount=Credits.parse("5"), reason="test")
    told = grant_credits(at(books, "2026-12-20"), asked)
    assert (str(told.available_before), str(told.available_after)) == ("100", "105")


def test_a_change_after_weeks_without_cron_first_grants_what_it_changes(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    asked = ChangeRequest(organization="acme", plan="pro", reason="grew")
    told = change_subscription(at(books, "2026-12-15T00:00:00Z"), asked)
    assert str(told.available_before) == "100"
    # the day of the change is the period's first: (50000 - 100) x 31/31
    assert (str(told.granted), str(told.available_after)) == ("49900", "50000")
    assert [str(amount) for _, _, amount in allowances(books)] == ["100", "100", "100", "49900"]


def test_what_is_due_is_granted_for_those_alone_who_need_it(books: Context) -> None:
    subscribe(books, "starter", "2026-10-15")
    subscribe(books, "starter", "2026-10-20", slug="later")
    with reading(books.database) as unit:
        first, second = (find_organization(unit, slug).id for slug in ("acme", "later"))
        assert owners_of_due_allowances(unit, at(books, "2026-11-14").now) == []
        assert owners_of_due_allowances(unit, at(books, "2026-11-15").now) == [first]
        assert owners_of_due_allowances(unit, at(books, "2026-11-20").now) == [first, second]
