"""`credits explain`: what will be drawn next and why, and why a key was cut off at a moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import KeyNotFound
from creditctl.rules.burn_down import burn_order
from creditctl.rules.burn_reasons import why_before
from creditctl.rules.enforcement import Decision, Reason, State
from creditctl.rules.units import Credits
from creditctl.services.allocation import lot_of
from creditctl.services.balances import is_live
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.enforcement import DecidedRow, decided_at
from creditctl.store.queries.grants import grants_of
from creditctl.store.queries.keys import KeyRow, find_key, keys_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization


@dataclass(frozen=True, slots=True)
class NextGrant:
    """A grant that can be drawn, in its turn, and the rule that puts it before the next one."""

    draws: int
    grant: str
    source: str
    product: str | None
    remaining: Credits
    expires_at: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class CreditOutlook:
    """Whether calls were let through at a moment, why not, and who would pay."""

    organization: str
    at: datetime
    key: str | None
    allowed: bool
    state: str
    reason: str | None
    words: str
    since: datetime | None
    until: datetime | None
    usage: Credits | None
    limit: Credits | None
    next: tuple[NextGrant, ...]


_WORDS = {
    Reason.CLOSED: "the organization is closed",
    Reason.SUSPENDED: "the organization is suspended",
    Reason.OVERAGE: "it owes credits that no grant covered; a paid grant repays them",
    Reason.CREDITS_EXHAUSTED: "neither credits nor a postpaid limit were left",
    Reason.BUDGET: "more was used than its budget allows",
    Reason.THRESHOLD: "usage passed a threshold; calls went on",
    Reason.NONE: "calls were let through",
}


def explain_credits(
    context: Context, organization: str, *, at: datetime | None = None, key: str | None = None
) -> CreditOutlook:
    """Why calls were refused or let through at that moment, and what is drawn next.

    From the checks' history: what was decided last before it. The order of grants is that of now,
    for grants live at the moment. Raises OrganizationNotFound and KeyNotFound.
    """
    moment = at or context.now
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        found = _key(unit, owner, key) if key else None
        decided = decided_at(unit, owner.id, moment)
        grants = tuple(_next_grants(unit, owner, moment))
    decision = decided.decision.at(moment) if decided else Decision()
    refusal = _key_refusal(found, moment) if found else ""
    return CreditOutlook(
        organization=owner.slug,
        at=moment,
        key=found.name if found else None,
        allowed=not refusal and decision.state is not State.BLOCKED,
        state=State.BLOCKED.value if refusal else decision.state.value,
        reason=decision.reason.value or None,
        words=refusal or _WORDS[decision.reason],
        since=_since(decided, moment),
        until=decision.until,
        usage=decision.usage,
        limit=decision.limit,
        next=grants,
    )


def _key(unit: UnitOfWork, owner: OrganizationRow, reference: str) -> KeyRow:
    for row in keys_of(unit, owner.id):
        if reference in (row.name, row.prefix, row.public_id):
            return row
    find_key(unit, reference)
    raise KeyNotFound(f"{reference!r} is no key of {owner.slug}")


def _key_refusal(key: KeyRow, at: datetime) -> str:
    if at < key.created_at:
        return f"the key did not exist before {key.created_at:%Y-%m-%d %H:%M}"
    if key.revoked_at is not None and at >= key.revoked_at:
        return f"the key was revoked on {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.expires_at is not None and at >= key.expires_at:
        return f"the key expired on {key.expires_at:%Y-%m-%d %H:%M}"
    return ""


def _since(decided: DecidedRow | None, moment: datetime) -> datetime | None:
    if decided is None:
        return None
    is_over = decided.until is not None and decided.until <= moment
    return decided.until if is_over else decided.changed_at


def _next_grants(unit: UnitOfWork, owner: OrganizationRow, at: datetime) -> Iterator[NextGrant]:
    live = [row for row in grants_of(unit, owner.id) if is_live(row, at) and row.available]
    live.sort(key=lambda row: burn_order(lot_of(row)))
    for place, row in enumerate(live):
        is_last = place == len(live) - 1
        why = (
            "nothing comes after it"
            if is_last
            else why_before(lot_of(row), lot_of(live[place + 1]))
        )
        yield NextGrant(
            place + 1, row.public_id, row.source, row.product, row.available, row.expires_at, why
        )
