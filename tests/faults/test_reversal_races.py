"""Four processes reverse the same purchases: each once, each with one note, without a gap."""

from builders import at, open_books
from creditctl.context import Context
from creditctl.services.checks import run_checks
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.purchase_cards import purchases, read_purchase
from finance import TAXED, bought
from forked import Forked

PURCHASES = 12
REVERSER = """
import sys
from datetime import UTC, datetime
from creditctl.context import Context
from creditctl.errors import Conflict
from creditctl.services.reversals import ReverseRequest, reverse_grant

database, *grants = sys.argv[1:]
context = Context(database, datetime(2026, 10, 20, tzinfo=UTC), "racer")
done = 0
sys.stdin.readline()
for grant in grants:
    try:
        reverse_grant(context, ReverseRequest(grant=grant, reason="a race"))
        done += 1
    except Conflict:
        pass
print(done)
"""


def test_each_purchase_is_credited_once_and_numbers_have_no_gap(context: Context) -> None:
    opened = at(context, "2026-10-10T12:00:00Z")
    open_books(opened, TAXED)
    grants = []
    for number in range(PURCHASES):
        create_organization(opened, f"org-{number}", facts=OrgFacts(country="DE"))
        grants.append(bought(opened, f"org-{number}", package="hundred"))
    # Each in another order, so that all of them want a number at once.
    racers = [
        Forked(REVERSER, context.database, *grants[3 * place :], *grants[: 3 * place])
        for place in range(4)
    ]
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=60) for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 4, said
    assert sum(int(out) for out, _ in said) == PURCHASES
    later = at(context, "2026-10-21T00:00:00Z")
    cards = [
        read_purchase(later, one.id)
        for one in purchases(later, organization=None, status="paid", limit=PURCHASES)
    ]
    notes = sorted(note.number for card in cards for note in card.credit_notes)
    assert notes == [f"CN-2026-{number:06d}" for number in range(1, PURCHASES + 1)]
    assert run_checks(later) == []
