"""Processes redeem one code at once: never beyond the budget, and once for each organization."""

import json

import pytest

from builders import an_organization, at, open_books
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.rules.units import Credits
from creditctl.services.checks import run_checks
from creditctl.services.promotions import list_claims, show_promotion
from forked import Forked
from promotions import CATALOG

PROCESSES = 4
WORKER = """
import json, sys
from datetime import datetime
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.errors import Conflict
from creditctl.services.money_verbs import Rails
from creditctl.services.orgs import create_organization
from creditctl.services.redeeming import RedeemRequest, redeem

database, now, number, organizations = sys.argv[1:]
context = Context(database, datetime.fromisoformat(now), f"worker-{number}")
got = []
for each in range(int(organizations)):
    # Every worker begins elsewhere, and tries each organization twice.
    slug = f"org-{(each + int(number) * 2) % int(organizations)}"
    for attempt in range(2):
        try:
            request = RedeemRequest(organization=slug, code="RACE")
            got.append(redeem(context, request, Rails(idempotency_key=f"{number}-{slug}")).grant)
        except Conflict:
            pass
    create_organization(context, f"new-{number}-{each}")
print(json.dumps(got))
"""
RACE = """
[promotions.race]
credits = 10
budget = { credits = 75, redemptions = 8 }
[promotions.welcome]
credits = 10
trigger = "signup"
budget = { redemptions = 5 }
"""


@pytest.mark.parametrize("organizations", [10, pytest.param(60, marks=pytest.mark.slow)])
def test_a_race_for_a_code_never_gives_more_than_its_budget(
    context: Context, organizations: int
) -> None:
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    for number in range(organizations):
        an_organization(early, f"org-{number}")
    open_books(early, CATALOG + RACE)

    workers = [
        Forked(WORKER, context.database, NOW.isoformat(), *facts)
        for facts in ((number, organizations) for number in range(PROCESSES))
    ]
    answers = []
    for worker in workers:
        told, problem = worker.communicate(timeout=300)
        assert worker.returncode == 0, problem
        answers += json.loads(told)

    # 75 // 10; every gift was told twice to the worker that won it, by its idempotency key
    claims = list_claims(context, "race")
    assert len({claim.organization for claim in claims}) == len(claims) == 7
    assert sorted(answers) == sorted([claim.grant for claim in claims] * 2)
    race, welcome = (show_promotion(context, name) for name in ("race", "welcome"))
    assert (race.given, race.credits_left) == (Credits.parse("70"), Credits.parse("5"))
    assert (welcome.claims, welcome.redemptions_left) == (5, 0)
    assert run_checks(context) == []


def test_a_budget_that_is_lowered_meanwhile_holds_too(context: Context) -> None:
    """Whoever comes second sees the first: the budget is in the row that both have to change."""
    early = at(context, "2026-10-01T00:00:00Z")
    open_books(early)
    for number in range(10):
        an_organization(early, f"org-{number}")
    open_books(early, CATALOG + RACE)
    worker = Forked(WORKER, context.database, NOW.isoformat(), 0, 10)
    lowered = None
    for budget in (20, 30, 40, 50, 60, 70):
        try:
            open_books(early, CATALOG + RACE.replace("75", str(budget)))
        except Conflict:
            continue
        lowered = budget
        break
    _, problem = worker.communicate(timeout=300)
    assert worker.returncode == 0, problem
    told = show_promotion(context, "race")
    assert told.budget == Credits.parse(str(lowered or 75))
    assert told.given.micro <= (lowered or 75) * 1_000_000
