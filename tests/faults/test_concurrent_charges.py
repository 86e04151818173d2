"""Four processes grant to and charge one organization: nothing is lost, nothing is below zero."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.balances import read_balance
from creditctl.services.checks import run_checks
from forked import Forked

PROCESSES = 4
WORKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from creditctl.context import Context
from creditctl.rules.units import Credits
from creditctl.services.money_verbs import Rails
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.usage_import import import_usage

database, folder, number, rounds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
context = Context(database, datetime(2026, 10, 20, tzinfo=UTC), f"worker-{number}")
for round in range(rounds):
    gift = GrantRequest(organization="acme", amount=Credits.parse("5"), reason="storm")
    grant_credits(context, gift, Rails(idempotency_key=f"{number}-{round}"))
    grant_credits(context, gift, Rails(idempotency_key=f"{number}-{round}"))
    path = folder / f"{number}-{round}.csv"
    path.write_text(
        "id,time,org,method,path,status,units\\n"
        + "".join(
            f"{number}-{round}-{line},2026-10-19T00:00:{line:02}Z,acme,GET,/rows,200,3\\n"
            for line in range(5)
        )
    )
    import_usage(context, [path])
"""


def storm(database: str, folder: Path, rounds: int) -> None:
    workers = [Forked(WORKER, database, folder, number, rounds) for number in range(PROCESSES)]
    for worker in workers:
        _, problem = worker.communicate(timeout=300)
        assert worker.returncode == 0, problem


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_a_storm_of_grants_and_charges_loses_nothing(
    context: Context, tmp_path: Path, rounds: int
) -> None:
    open_books(at(context, "2026-09-01T00:00:00Z"))
    an_organization(at(context, "2026-10-01T00:00:00Z"), "acme", credits="100")

    storm(context.database, tmp_path, rounds)

    after = Context(context.database, datetime(2026, 10, 20, tzinfo=UTC), "tester")
    # each round grants 5 (once for two requests with one key; live from the 20th) and uses 5 x 3
    granted, used = PROCESSES * rounds * 5, PROCESSES * rounds * 15
    balance = read_balance(after, "acme")
    assert balance.net == Credits.parse(str(100 + granted - used))
    assert balance.open_overage == Credits.parse(str(max(used - 100, 0)))
    assert run_checks(after) == []
