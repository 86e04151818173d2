"""Holds that are placed at once are those that the step for one call places."""

from datetime import timedelta

import pytest

from builders import an_organization, at, give, open_books
from calls import call, rows_of
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import Conflict, CreditctlError
from creditctl.services.call_prices import current_prices
from creditctl.services.group_steps import run_alone
from creditctl.services.hold_answers import Hold, HoldRequest
from creditctl.services.hold_steps import Authorization
from creditctl.services.holds import release
from creditctl.services.keys import create_key
from creditctl.services.step_groups import PlainSteps
from creditctl.store.engine import dialect_of, unit_of_work
from creditctl.store.queries.orgs import lock_organizations

EARLY = "2026-10-01T00:00:00Z"
PLACED = """
    SELECT h.event_hour, h.authorized_at, h.expires_at, h.estimated_units, h.estimate_micro,
           h.price_id, h.state, p.place, p.amount_micro, g.source, g.held_micro, g.remaining_micro,
           h.api_key_id IS NULL, h.id_text IS NULL
    FROM hold AS h JOIN organization AS o ON o.id = h.organization_id
    LEFT JOIN hold_part AS p ON p.hold_id = h.id LEFT JOIN credit_grant AS g ON g.id = p.grant_id
    WHERE o.slug LIKE :end ORDER BY h.id, p.place
"""


def company(context: Context, end: str) -> dict[str, str]:
    """Organizations of every kind, whose names end so, and a key of each."""
    early = at(context, EARLY)
    an_organization(early, f"plain-{end}", credits="10")
    give(early, f"plain-{end}", "3", expires_at=NOW + timedelta(days=3))
    give(early, f"plain-{end}", "2", expires_at=NOW - timedelta(minutes=1))
    an_organization(early, f"poor-{end}", credits="1")
    an_organization(early, f"planned-{end}", plan="pro")
    an_organization(early, f"subscribed-{end}", plan="starter")
    an_organization(early, f"late-{end}", credits="4")
    call(at(context, "2026-10-31T00:00:00Z"), f"forgotten-{end}", 4, organization=f"late-{end}")
    kinds = ("plain", "poor", "planned", "subscribed", "late")
    return {kind: create_key(early, f"{kind}-{end}", name="web").id for kind in kinds}


def steps_of(context: Context, keys: dict[str, str], end: str) -> list[Authorization]:
    prices = current_prices(context)

    def step(name: str, units: int | None, path: str = "/rows", **whose: str) -> Authorization:
        request = HoldRequest(
            request_id=f"{name}-{end}", method="GET", path=path, units=units, **whose
        )
        return Authorization(context, request, prices)

    return [
        step("two-grants", 5, key=keys["plain"]),
        step("by-name", 1, organization=f"plain-{end}"),
        step("free", None, "/free", key=keys["plain"]),
        step("two-grants", 5, key=keys["plain"]),
        step("twice", 1, key=keys["plain"]),
        step("unaffordable", 2, key=keys["poor"]),
        step("planned", 7, key=keys["planned"]),
        step("timed-out", 4, key=keys["late"]),
        step("nowhere", 1, "/nothing", key=keys["plain"]),
        step("nobody", 1, organization="nobody"),
        step("released", 1, key=keys["plain"]),
        step("the rest", 6, key=keys["plain"]),
        step("subscribed", 60, key=keys["subscribed"]),
        step("beyond the allowance", 60, key=keys["subscribed"]),
    ]


def alone(context: Context, step: Authorization) -> Hold | CreditctlError:
    try:
        return run_alone(context.database, step)
    except CreditctlError as problem:
        return problem


def told(found: Hold | CreditctlError) -> tuple[object, ...]:
    if isinstance(found, Hold):
        return found.state, found.held, found.estimate, found.expires_at, found.is_new
    return type(found), str(found).replace("-two", "-one")


@pytest.fixture
def books(context: Context) -> Context:
    if dialect_of(context.database) == "sqlite":
        pytest.skip("SQLite is asked step by step: it is not far away")
    open_books(at(context, EARLY))
    return context


def test_together_or_alone_the_same_holds_are_placed(books: Context) -> None:
    answers: dict[str, list[Hold | CreditctlError]] = {}
    together, placed = PlainSteps(), {}
    for end in ("one", "two"):
        steps = steps_of(books, company(books, end), end)
        call(books, f"released-{end}", 1, organization=f"plain-{end}")
        release(books, f"released-{end}")
        call(books, f"of-this-period-{end}", 1, organization=f"subscribed-{end}")
        if end == "two":
            assert all(together.takes(step) for step in steps)
            with unit_of_work(books.database) as unit:
                owners = together.owners(unit, steps)
                lock_organizations(unit, owners.values())
                placed = together.run(unit, steps, owners)
        answers[end] = [placed.get(place) or alone(books, step) for place, step in enumerate(steps)]
    # What is not plain was left out: a repeated id, a postpaid plan; what is short, unknown, used.
    assert sorted(placed) == [0, 1, 2, 4, 11, 12]
    assert [told(one) for one in answers["two"]] == [told(one) for one in answers["one"]]
    first, second = (rows_of(books, PLACED, end=f"%-{end}") for end in answers)
    assert sorted(map(str, first)) == sorted(map(str, second))
    assert any(isinstance(one, Conflict) for one in answers["two"])
