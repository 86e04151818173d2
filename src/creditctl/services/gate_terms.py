"""What the gate knows of a key whatever it asks for: whose it is, and what its plan allows.

Each request would read it again, though it hardly ever changes. It is kept for as long as no
other connection has written to the books (SQLite knows that, PostgreSQL does not), and only for a
time in which none of it begins or ends by itself. What the gate itself writes, holds and usage, is
no part of it: `tests/services/test_gate_terms.py` proves that.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from creditctl.context import Context
from creditctl.rules.catalog import GATE_WHEN_DOWN
from creditctl.rules.enforcement import Decision
from creditctl.rules.gate_terms import GateDecision, PlanTerms
from creditctl.rules.periods import Period, calendar_month
from creditctl.services.gate_keys import GateRequest, key_asking
from creditctl.services.price_book import LIST
from creditctl.services.spending import period_at
from creditctl.services.subscription_periods import SubscriptionPeriod, periods_of
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.gate import decided_for
from creditctl.store.queries.keys import KeyRow
from creditctl.store.queries.orgs import organization_by_id
from creditctl.store.queries.plans import (
    PlanVersionRow,
    plan_versions,
    plan_versions_named,
    version_at,
)

LASTS = timedelta(minutes=1)
"""Terms are kept for this long, unless something of them begins or ends within it."""

MOST_KNOWN = 10_000
"""Keys whose terms are kept in memory; beyond that the memory starts anew."""


@dataclass(frozen=True, slots=True)
class Terms:
    """Facts of a key at a time that no call changes."""

    key: KeyRow
    subscribed: SubscriptionPeriod | None
    plan: PlanTerms
    plan_id: int
    """Whose prices hold; LIST: nobody's."""

    status: str
    decided: Decision


@dataclass(frozen=True, slots=True)
class _Known:
    terms: Terms
    since: datetime
    until: datetime


class KnownTerms:
    """One for each gate, shared by its threads."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, int] | None, dict[bytes, _Known]] = None, {}

    def asking(
        self,
        unit: UnitOfWork,
        context: Context,
        request: GateRequest,
        version: tuple[int, int] | None,
    ) -> Terms | GateDecision:
        """The terms of the key that asks, or why it may not; raises PlanNotFound.

        `version` is the transaction's: see `UnitOfWork.version`.
        """
        if version is None:
            return terms_asking(unit, context, request)
        name, known = _name(context, request), self._of_version(version)
        found = known.get(name)
        if found is not None and found.since <= context.now < found.until:
            return found.terms
        terms = terms_asking(unit, context, request)
        until = context.now + LASTS
        if isinstance(terms, Terms) and not _changes(unit, terms, context.now, until):
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[name] = _Known(terms, context.now, until)
        return terms

    def _of_version(self, version: tuple[int, int]) -> dict[bytes, _Known]:
        """What is known of it; of other versions nothing is kept."""
        of, known = self._kept  # both at once, whatever other threads do
        if of != version:
            known = {}
            self._kept = version, known
        return known


def terms_asking(unit: UnitOfWork, context: Context, request: GateRequest) -> Terms | GateDecision:
    """The terms as the books have them now; raises PlanNotFound for a plan to come."""
    key = key_asking(unit, context, request)
    return key if isinstance(key, GateDecision) else terms_of(unit, key, context.now)


def terms_of(unit: UnitOfWork, key: KeyRow, at: datetime) -> Terms:
    """The same of a key."""
    subscribed, own, status, decided = unit.together(
        lambda: period_at(unit, key.organization_id, at),
        lambda: _own_versions(unit, key),
        lambda: organization_by_id(unit, key.organization_id).status,
        lambda: decided_for(unit, key.organization_id),
    )
    versions = _versions(unit, own, subscribed)
    plan = version_at(versions, at) if versions is not None else None
    return Terms(
        key=key,
        subscribed=subscribed,
        plan=_terms(plan, subscribed.whole if subscribed else calendar_month(at)),
        plan_id=plan.plan_id if plan else LIST,
        status=status,
        decided=decided,
    )


def _own_versions(unit: UnitOfWork, key: KeyRow) -> list[PlanVersionRow] | None:
    return None if key.plan is None else plan_versions_named(unit, key.plan)


def _versions(
    unit: UnitOfWork, own: list[PlanVersionRow] | None, subscribed: SubscriptionPeriod | None
) -> list[PlanVersionRow] | None:
    """Of the key's own plan, else of the subscription's; the newest holds: changes hold at once."""
    if own is not None or subscribed is None:
        return own
    return plan_versions(unit, subscribed.plan.plan_id)


def _terms(plan: PlanVersionRow | None, period: Period) -> PlanTerms:
    if plan is None:
        return PlanTerms(period)
    return PlanTerms(
        period=period,
        name=plan.name,
        tiers=tuple(json.loads(plan.tiers)),
        limits=json.loads(plan.limits),
        capabilities=json.loads(plan.capabilities),
        when_down=plan.gate_when_down or GATE_WHEN_DOWN,
    )


def _changes(unit: UnitOfWork, terms: Terms, after: datetime, until: datetime) -> bool:
    """Whether time alone changes the terms in (after, until]."""
    moments = [terms.plan.period.ends_at]
    for period in periods_of(unit, terms.key.organization_id, until):
        moments += (period.starts_at, period.ends_at)
    for version in _versions(unit, _own_versions(unit, terms.key), terms.subscribed) or ():
        moments.append(version.effective_from)
    if terms.key.expires_at is not None:
        moments.append(terms.key.expires_at)
    return any(after < moment <= until for moment in moments)


def _name(context: Context, request: GateRequest) -> bytes:
    """Of who asks: secrets are not kept, and with another pepper others fit."""
    shown = request.secret is not None
    said = request.secret if request.secret is not None else request.key or ""
    pepper = context.settings.key_pepper or b""
    return sha256(b"%d%b\0%b" % (shown, said.encode(errors="surrogatepass"), pepper)).digest()
