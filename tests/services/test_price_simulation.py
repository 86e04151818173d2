"""A month priced again: by hand, by an oracle, and by its own catalog, which changes nothing."""

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.errors import CatalogInvalid, FileMissing, InvalidInput, OrganizationNotFound
from creditctl.rules.instants import instant_text
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits
from creditctl.services.demo import SYSTEMS, run_main_job, sample_data
from creditctl.services.keys import create_key
from creditctl.services.price_simulation import PriceSimulation, SimulatedLine, simulate_prices
from creditctl.services.subscription_changes import ChangeRequest, change_subscription
from creditctl.services.subscriptions import create_subscription
from creditctl.services.usage_import import import_usage
from creditctl.services.usage_reports import report_usage
from creditctl.store.engine import reading

HEAD = """
[catalog]
name = "terms"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01T00:00:00Z
[tiers]
basic = 1
"""
QUOTES = """
[products.quotes]
endpoints = [
  { method = "GET", path = "/quotes/{symbol}", tier = "basic" },
  { method = "GET", path = "/quotes/latest", credits = 3 },
  { method = "GET", path = "/quotes/history/**", tier = "basic" },
]
"""
ROWS = """
[products.rows]
endpoints = [
  { path = "/rows", data = { per = 10, credits = 1 } },
  { path = "/full", credits = "0.5", data = { per = 10, credits = 1, included = 10 } },
]
"""
EXACT_ROWS = """
[products.rows]
endpoints = [{ path = "/rows", data = { per = 3, credits = 1, rounding = "exact" } }]
volume = [{ above = 5, credits = "0.5" }]
"""
VOLUME = """
volume = [{ above = 3, credits = "0.5" }, { above = 6, credits = "0.1" }]
"""
PLAN = """
[plans.max]
fee = "20.00"
allowance = 100
[plans.pro]
fee = "10.00"
allowance = 100
"""
PLAN_PRICE = """
prices = [{ path = "/rows", data = { per = 10, credits = "0.25" } }]
"""
OLD = HEAD + QUOTES + ROWS + PLAN
MORE = ChangeRequest(organization="acme", plan="max", reason="more")
OCTOBER = parse_month("2026-10")
NOON = "2026-10-05T12:00:00Z"
_numbers = itertools.count(1)


def book(context: Context, *requests: str) -> None:
    """Import requests, each `TIME ORG[/KEY] PATH STATUS UNITS`."""
    lines = ["id,time,org,key,method,path,status,units"]
    for request in requests:
        time, owner, path, status, units = request.split()
        slug, _, key = owner.partition("/")
        lines.append(f"sim-{next(_numbers)},{time},{slug},{key},GET,{path},{status},{units}")
    file = Path("usage.csv")
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    assert import_usage(context, [file]).rejected == 0


@pytest.fixture
def books(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    """The old catalog and acme without a plan; files are written beside the test's own."""
    monkeypatch.chdir(tmp_path)
    open_books(at(context, "2026-09-01"), OLD)
    an_organization(at(context, "2026-09-01"), credits="1000")
    return context


def simulated(
    context: Context, catalog: str, *, organization: str | None = None, month: str = "2026-10"
) -> PriceSimulation:
    path = Path("new.toml")
    path.write_text(catalog, encoding="utf-8")
    return simulate_prices(context, path, parse_month(month), organization=organization)


def figures(found: PriceSimulation) -> list[tuple[str, str, int, int, str, str]]:
    """Organization, product, requests, unpriced, old and new credits of each line."""
    return [
        (*(row.organization, row.product, row.requests, row.unpriced), *credits_of(row))
        for row in found.lines
    ]


def credits_of(row: SimulatedLine) -> tuple[str, str]:
    return str(row.old_credits), str(row.new_credits)


def test_a_doubled_tier_doubles_what_it_prices(books: Context) -> None:
    book(books, *[f"{NOON} acme /quotes/{name} 200 0" for name in ("A", "B", "latest")])
    found = simulated(books, OLD.replace("basic = 1", "basic = 2"))
    # then 1 + 1 + 3, with it 2 + 2 + 3
    assert figures(found) == [("acme", "quotes", 3, 0, "5", "7")]
    assert (found.month, found.catalog, found.requests) == ("2026-10", "terms", 3)
    assert (found.difference, found.percent) == (Credits.parse("2"), Decimal("40.0"))


def test_money_is_at_each_list_price_in_its_own_currency(books: Context) -> None:
    book(books, f"{NOON} acme /quotes/A 200 0", f"{NOON} acme /rows 200 7")
    new = OLD.replace('"USD"', '"EUR"').replace('"0.01"', '"0.005"')
    found = simulated(books, new.replace("basic = 1", 'basic = "0.5"'))
    # 2 x 0.01 = 0.02 dollars; 1.5 x 0.005 = 0.0075 euros
    assert (found.old_value, found.old_currency) == (Decimal("0.02"), "USD")
    assert (found.new_value, found.new_currency) == (Decimal("0.0075"), "EUR")
    assert [(line.old_value, line.new_value) for line in found.lines] == [
        (Decimal("0.01"), Decimal("0.0025")),
        (Decimal("0.01"), Decimal("0.005")),
    ]


def test_the_old_value_is_at_the_list_price_of_the_months_first_instant(books: Context) -> None:
    book(books, f"{NOON} acme /quotes/A 200 0")
    later = OLD.replace('"0.01"', '"0.05"').replace("2026-01-01T", "2026-10-03T")
    open_books(books, later)
    assert simulated(books, OLD).old_value == Decimal("0.01")


@pytest.mark.parametrize(
    ("basic", "percent"), [("4", "33.3"), ("1", "-66.7"), ("0", "-100.0"), ("3", "0.0")]
)
def test_percent_is_rounded_half_up_to_one_place(books: Context, basic: str, percent: str) -> None:
    open_books(
        at(books, "2026-10-01"), OLD.replace("basic = 1", "basic = 3").replace("-01-", "-10-")
    )
    book(books, f"{NOON} acme /quotes/A 200 0")
    (line,) = simulated(books, OLD.replace("basic = 1", f"basic = {basic}")).lines
    assert (str(line.old_credits), str(line.percent)) == ("3", percent)


def test_what_was_free_has_no_percent(books: Context) -> None:
    book(books, f"{NOON} acme /rows 200 0")
    found = simulated(books, OLD.replace('path = "/rows"', 'path = "/rows", credits = 2'))
    assert figures(found) == [("acme", "rows", 1, 0, "0", "2")]
    assert (found.percent, found.lines[0].percent) == (None, None)


def test_requests_of_a_removed_endpoint_are_unpriced(books: Context) -> None:
    book(books, f"{NOON} acme /quotes/A 200 0", f"{NOON} acme /rows 500 1")
    book(books, *[f"{NOON} acme /rows 200 20"] * 2)
    found = simulated(books, HEAD + QUOTES)
    # twice 20 rows were 2 blocks each; the failed request has no endpoint either
    assert figures(found) == [("acme", "quotes", 1, 0, "1", "1"), ("acme", "rows", 3, 3, "4", "0")]
    assert (found.unpriced, found.difference) == (3, Credits.parse("-4"))


@pytest.mark.parametrize(
    ("endpoints", "path", "credits"),
    [
        # the same pattern wins, whatever else fits
        ([("GET", "/quotes/{symbol}", 7), ("GET", "/quotes/{name}.json", 8)], "A", "7"),
        ([("GET", "/quotes/{symbol}", 7), ("GET", "/quotes/A", 8)], "A", "7"),
        ([("GET", "/quotes/history/**", 7), ("GET", "/quotes/history/{day}", 8)], "history/A", "7"),
        # else the most specific one that the old pattern fits
        ([("GET", "/quotes/{ticker}", 7), ("GET", "/quotes/**", 8), ("*", "/**", 9)], "A", "7"),
        ([("GET", "/**", 8), ("*", "/quotes/{ticker}", 7)], "latest", "7"),
        ([("GET", "/quotes/{ticker}", 7), ("POST", "/quotes/latest", 8)], "latest", "7"),
        # one symbol's endpoint says nothing about all symbols
        ([("GET", "/quotes/A", 7), ("POST", "/quotes/{symbol}", 8)], "A", "0"),
    ],
)
def test_the_new_endpoint_is_the_same_one_or_the_best_that_fits(
    books: Context, endpoints: list[tuple[str, str, int]], path: str, credits: str
) -> None:
    book(books, f"{NOON} acme /quotes/{path} 200 0")
    tables = [
        f'[[products.prices.endpoints]]\nmethod = "{method}"\npath = "{fits}"\ncredits = {cost}\n'
        for method, fits, cost in endpoints
    ]
    found = simulated(books, HEAD + "[products.prices]\n" + "".join(tables))
    assert str(found.new_credits) == credits
    # what has no endpoint stays with the product it was booked under
    product = "quotes" if found.unpriced else "prices"
    assert [line.product for line in found.lines] == [product]


def test_only_the_statuses_that_the_new_product_bills_cost(books: Context) -> None:
    book(books, *[f"{NOON} acme /quotes/A {status} 0" for status in (200, 201, 404, 404, 500)])
    new = OLD.replace("[products.quotes]", '[products.quotes]\nbilled_statuses = ["200", "4xx"]')
    found = simulated(books, new.replace("basic = 1", "basic = 10"))
    # then 200 and 201 at 1; with it 200 and twice 404 at 10
    assert figures(found) == [("acme", "quotes", 5, 0, "2", "30")]


def test_a_plans_own_price_holds_while_the_organization_is_on_the_plan(books: Context) -> None:
    create_subscription(at(books, "2026-10-10T12:34:56.5Z"), "acme", "pro")
    change_subscription(at(books, "2026-10-10T12:50:00Z"), MORE)
    times = ("12:34:56", "12:34:56.5", "12:40:00", "12:50:00", "12:55:00", "23:00:00")
    book(books, *[f"2026-10-10T{time}Z acme /rows 200 40" for time in times])
    book(books, "2026-10-10T12:40:00Z acme /full 200 20")
    # then 6 x 4, and 0.5 + 1; with it 2 of the 6 on the plan at 4 x 0.25, and 1.5 as before
    assert figures(simulated(books, OLD + PLAN_PRICE)) == [("acme", "rows", 7, 0, "25.5", "19.5")]


def test_a_plans_own_price_holds_for_the_keys_bound_to_it(books: Context) -> None:
    create_key(books, "acme", name="web")
    create_key(books, "acme", name="batch", plan="pro")
    book(books, f"{NOON} acme/web /rows 200 40", f"{NOON} acme/batch /rows 200 40")
    # 4 at list price, 4 x 0.25 on the plan
    assert figures(simulated(books, OLD + PLAN_PRICE)) == [("acme", "rows", 2, 0, "8", "5")]


def test_another_organizations_plan_changes_nothing(books: Context) -> None:
    an_organization(at(books, "2026-10-05T12:00:00Z"), "beta", plan="pro")
    book(
        books,
        *[
            f"2026-10-05T1{n}:30:00Z {slug} /rows 200 40"
            for n in (1, 2)
            for slug in ("acme", "beta")
        ],
    )
    found = simulated(books, OLD + PLAN_PRICE)
    # beta: 4 before its plan, 1 on it
    assert figures(found) == [("acme", "rows", 2, 0, "8", "8"), ("beta", "rows", 2, 0, "8", "5")]
    only = simulated(books, OLD + PLAN_PRICE, organization="beta")
    assert only.lines == found.lines[1:]


def test_a_days_units_are_graduated_together(books: Context) -> None:
    book(
        books,
        "2026-10-05T08:00:00Z acme /rows 200 45",
        "2026-10-05T23:59:59Z acme /full 200 35",
        "2026-10-05T23:59:59Z acme /full 404 99",
        "2026-10-06T00:00:00Z acme /rows 200 20",
    )
    found = simulated(books, HEAD + QUOTES + ROWS + VOLUME + PLAN)
    # then 5, 0.5 + 3, 0, 2
    # with it 5 + 3 blocks on the 5th: 3 x 1, 3 x 0.5, 2 x 0.1, and 0.5 fixed; 2 on the 6th
    assert figures(found) == [("acme", "rows", 4, 0, "10.5", "7.2")]


def test_graduated_requests_and_pro_rata_units_are_exact(books: Context) -> None:
    book(books, *[f"{NOON} acme /quotes/{name} 200 0" for name in ("A", "B", "C", "D", "latest")])
    book(books, *[f"{NOON} acme /rows 200 {units}" for units in (1, 2, 4)])
    quotes = QUOTES.replace("credits = 3", "credits = 1")
    found = simulated(books, HEAD + quotes + VOLUME + EXACT_ROWS)
    # 5 requests: 3 x 1 + 2 x 0.5; 7 rows: 5 x 1/3 + 2 x 0.5/3
    assert figures(found) == [
        ("acme", "quotes", 5, 0, "7", "4"),
        ("acme", "rows", 3, 0, "3", "2"),
    ]


def test_a_month_begins_and_ends_at_its_utc_midnights(books: Context) -> None:
    times = ("09-30T23:59:59.999999", "10-01T00:00:00", "10-31T23:59:59.999999", "11-01T00:00:00")
    book(books, *[f"2026-{time}Z acme /quotes/A 200 0" for time in times])
    counts = [simulated(books, OLD, month=f"2026-{n:02}").requests for n in (8, 9, 10, 11)]
    assert counts == [0, 1, 2, 1]


def test_a_month_without_usage_is_empty(books: Context) -> None:
    found = simulated(books, OLD)
    assert (found.requests, found.lines, found.percent) == (0, (), None)
    assert (found.old_credits, found.new_value) == (Credits(0), Decimal(0))


def test_what_cannot_be_simulated_is_refused(books: Context, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="2026-12 has not begun"):
        simulated(books, OLD, month="2026-12")
    with pytest.raises(OrganizationNotFound):
        simulated(books, OLD, organization="nobody")
    with pytest.raises(CatalogInvalid):
        simulated(books, OLD.replace('"USD"', '"dollars"'))
    with pytest.raises(FileMissing):
        simulate_prices(books, tmp_path / "missing.toml", OCTOBER)


def test_nothing_is_written(books: Context) -> None:
    book(books, f"{NOON} acme /rows 200 45")
    before = contents(books)
    simulated(books, HEAD + QUOTES + ROWS + VOLUME + PLAN + PLAN_PRICE)
    assert contents(books) == before


def contents(context: Context) -> dict[str, list[tuple[object, ...]]]:
    tables = (
        "catalog_version product endpoint endpoint_price plan plan_version usage_event usage_hour "
        "usage_day volume_day debit_day credit_grant ledger_entry audit_entry"
    )
    with reading(context.database) as unit:
        return {
            name: sorted(unit.fetch_rows(f"SELECT * FROM {name}"), key=str)
            for name in tables.split()
        }


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_sample_companys_own_catalog_changes_nothing(context: Context, system: str) -> None:
    run_main_job(context, system)
    found = simulate_prices(context, sample_data() / system / "catalog.toml", OCTOBER)
    assert [line.difference for line in found.lines] == [Credits(0)] * len(found.lines)
    report = report_usage(context, OCTOBER, grouped_by="product")
    assert (found.requests, found.new_credits) == (report.requests, report.credits)
    assert (found.requests > 0, found.unpriced) == (True, 0)


RICH = HEAD + QUOTES + ROWS + VOLUME + PLAN + PLAN_PRICE
PATHS = st.sampled_from(["/quotes/A", "/quotes/latest", "/rows", "/full"])
EVENTS = st.lists(
    st.tuples(st.integers(0, 48 * 60), PATHS, st.sampled_from([200, 204, 500]), st.integers(0, 60)),
    min_size=1,
    max_size=20,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(EVENTS, EVENTS, st.none() | st.integers(0, 48 * 60))
def test_any_month_costs_what_pricing_event_by_event_says(
    books: Context, first, second, minute: int | None
) -> None:
    start = datetime(2026, 10, 4, tzinfo=UTC)
    open_books(books, RICH.replace("2026-01-01", "2026-09-15"))
    slug = f"org-{next(_numbers)}"
    an_organization(at(books, "2026-09-20"), slug)
    subscribed = None if minute is None else start + timedelta(minutes=minute)
    if subscribed is not None:
        create_subscription(at(books, instant_text(subscribed)), slug, "pro")
    events = [(start + timedelta(minutes=late), *rest) for late, *rest in first + second]
    for part in (events[: len(first)], events[len(first) :]):
        lines = [
            f"{instant_text(when)} {slug} {path} {status} {units}"
            for when, path, status, units in part
        ]
        book(books, *lines)
    same = simulated(books, RICH, organization=slug)
    assert [line.difference for line in same.lines] == [Credits(0)] * len(same.lines)
    new = RICH.replace("basic = 1", "basic = 2").replace("above = 3", "above = 4")
    found = simulated(books, new.replace('"0.25"', '"0.35"'), organization=slug)
    assert found.requests == len(events)
    assert found.new_credits.micro == 10_000 * sum(oracle(events, subscribed))


def oracle(events, subscribed: datetime | None):
    """What each event costs in hundredths of a credit, one after the other."""
    blocks_of_day: dict[object, int] = {}
    for when, path, status, units in sorted(events, key=lambda event: event[0]):
        if status == 500:
            continue
        if path.startswith("/quotes"):
            yield 300 if path == "/quotes/latest" else 200
        elif path == "/rows" and subscribed is not None and when >= subscribed:
            yield -(-units // 10) * 35
        else:
            yield 50 if path == "/full" else 0
            for _ in range(-(-max(units - (10 if path == "/full" else 0), 0) // 10)):
                position = blocks_of_day[when.date()] = blocks_of_day.get(when.date(), 0) + 1
                yield 100 if position <= 4 else 50 if position <= 6 else 10
