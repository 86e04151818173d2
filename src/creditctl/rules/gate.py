"""Whether a request may pass, and why not: one fixed order, the first refusal is told (DESIGN 3.7).

1. 401: no key, or one that is unknown, revoked or expired
2. 403: the organization is suspended or closed
3. 403: the request is no endpoint, its tier or channel is not in the plan, or a capability that
   was asked for by name is not
4. 429: the budget of the day, then one of the key's or the product's own
5. 402: open overage, or credits that do not suffice
6. 429: the windows of the key, the longest first; they come last, so that a quota counts every
   request that was admitted and none that was denied
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

from creditctl.rules import enforcement
from creditctl.rules.gate_terms import (
    HISTORY,
    Asked,
    Caller,
    GateDecision,
    GateReason,
    PlanTerms,
    WindowStanding,
)
from creditctl.rules.gate_words import EXCEEDED, NOT_IN_PLAN
from creditctl.rules.rate_limits import CONNECTIONS, WEBHOOKS, Channel, Reading, Verdict
from creditctl.rules.units import Credits

_SECOND = timedelta(seconds=1)
_OPENS = {
    Channel.WEBSOCKET: CONNECTIONS,
    Channel.STREAM: CONNECTIONS,
    Channel.WEBHOOK: WEBHOOKS,
    Channel.WEBHOOK_SETUP: WEBHOOKS,
}
"""The limit that is 0 where a plan does not have the channel at all [FL]."""


_REASONS = {
    "requests_per_period": GateReason.QUOTA,
    "streamed_messages_per_period": GateReason.QUOTA,
    "webhook_deliveries_per_period": GateReason.QUOTA,
    "requests_per_hour": GateReason.HOURLY,
    "burst_per_10_seconds": GateReason.BURST,
}


def unknown_key(reason: GateReason, at: datetime, detail: str) -> GateDecision:
    """401; nothing is said of whose key it would be."""
    return GateDecision(401, reason, detail, at)


def refusal(caller: Caller, asked: Asked, at: datetime) -> GateDecision | None:
    """What refuses the request before it is counted anywhere; None: nothing does."""
    for found in (
        _by_status(caller),
        _by_plan(caller.plan, asked),
        _by_budget(caller, at),
        _by_part(caller, at),
        _by_balance(caller, asked),
        _by_webhooks(caller.plan, asked),
    ):
        if found is not None:
            status, reason, detail = found
            until = _until(caller, reason)
            return _decision(caller, asked, at, status, reason, detail, resets_at=until)
    return None


_Found = tuple[int, GateReason, str]


def _by_status(caller: Caller) -> _Found | None:
    reasons = {
        "suspended": GateReason.ORGANIZATION_SUSPENDED,
        "closed": GateReason.ORGANIZATION_CLOSED,
    }
    if caller.status not in reasons:
        return None
    return 403, reasons[caller.status], f"{caller.organization} is {caller.status}."


def _by_plan(plan: PlanTerms, asked: Asked) -> _Found | None:
    called = f"plan {plan.name}" if plan.name else "an organization without a plan"
    if asked.endpoint is None and (asked.names_path or asked.channel is Channel.REST):
        return 403, GateReason.ENDPOINT_UNKNOWN, "The request is no endpoint of the catalog."
    if asked.tier is not None and plan.tiers and asked.tier not in plan.tiers:
        words = f"Tier {asked.tier} is not in {called}."
        return 403, GateReason.TIER_NOT_IN_PLAN, words
    if asked.channel in _OPENS and plan.limits.get(_OPENS[asked.channel]) == 0:
        words = f"{NOT_IN_PLAN[_OPENS[asked.channel]]} not in {called}."
        return 403, GateReason.CHANNEL_NOT_IN_PLAN, words
    missing = [name for name in asked.capabilities if not plan.capabilities.get(name)]
    if asked.channel is Channel.REST and missing:
        words = f"Capability {missing[0]} is not in {called}."
        return 403, GateReason.CAPABILITY_NOT_IN_PLAN, words
    return None


def _by_budget(caller: Caller, at: datetime) -> _Found | None:
    decided = caller.decided.at(at)
    if (decided.state, decided.reason) != (enforcement.State.BLOCKED, enforcement.Reason.BUDGET):
        return None
    return 429, GateReason.BUDGET, f"Exceeded the budget of {decided.limit} credits."


def _by_part(caller: Caller, at: datetime) -> _Found | None:
    budget = caller.part_budget
    if budget is None or (budget.until is not None and budget.until <= at):
        return None
    words = f"Exceeded the budget of {budget.limit} credits for this {budget.part}."
    return 429, GateReason.PART_BUDGET, words


def _until(caller: Caller, reason: GateReason) -> datetime | None:
    """When it is worth asking again; None: time alone does not help."""
    if reason is GateReason.BUDGET:
        return caller.decided.until
    if reason is GateReason.PART_BUDGET and caller.part_budget is not None:
        return caller.part_budget.until
    return None


def _by_balance(caller: Caller, asked: Asked) -> _Found | None:
    if caller.open_overage:
        words = f"Unpaid overage: {caller.open_overage} credits"
        return 402, GateReason.OVERAGE, words
    if caller.unlimited:
        return None
    if asked.price > caller.available + caller.postpaid_left:
        words = f"Required: {asked.price} credits, Available: {_spendable(caller)} credits"
        return 402, GateReason.INSUFFICIENT_CREDITS, words
    return None


def _by_webhooks(plan: PlanTerms, asked: Asked) -> _Found | None:
    most = plan.limits.get(WEBHOOKS)
    if asked.channel is not Channel.WEBHOOK_SETUP or most is None or asked.webhooks < most:
        return None
    # Waiting does not help: neither is there a time to retry at.
    return 403, GateReason.WEBHOOKS, EXCEEDED[WEBHOOKS].format(most)


def counted_decision(caller: Caller, asked: Asked, at: datetime, verdict: Verdict) -> GateDecision:
    """The decision that the windows make of a request that nothing else refused."""
    windows = tuple(_standing(reading) for reading in verdict.readings)
    refused = verdict.refused
    if refused is None:
        tightest = _tightest(verdict)
        return _decision(
            caller,
            asked,
            at,
            200,
            GateReason.OK,
            "",
            reading=tightest,
            windows=windows,
        )
    name = refused.check.name
    return _decision(
        caller,
        asked,
        at,
        429,
        _REASONS[name],
        EXCEEDED[name].format(refused.limit),
        reading=refused,
        resets_at=refused.resets_at,
        windows=windows,
    )


def too_many_connections(caller: Caller, asked: Asked, at: datetime, limit: int) -> GateDecision:
    """429 without a time: room is when somebody closes one."""
    words = EXCEEDED[CONNECTIONS].format(limit)
    return _decision(caller, asked, at, 429, GateReason.CONNECTIONS, words)


def lost_connection(
    caller: Caller, asked: Asked, at: datetime, *, was_taken_over: bool
) -> GateDecision:
    """409 for a connection that gave way to another, 404 for one that is not open."""
    if was_taken_over:
        reason = GateReason.CONNECTION_TAKEN_OVER
        return _decision(caller, asked, at, 409, reason, "Another connection took it over.")
    reason = GateReason.CONNECTION_OVER
    return _decision(caller, asked, at, 404, reason, "There is no such open connection.")


def unaffordable(decision: GateDecision, required: Credits, available: Credits) -> GateDecision:
    """402 for a request that was let in, but whose credits another one took meanwhile [FC].

    Of its windows nothing is said: it is no longer counted in them.
    """
    return replace(
        decision,
        status=402,
        reason=GateReason.INSUFFICIENT_CREDITS,
        detail=f"Required: {required} credits, Available: {available} credits",
        price=required,
        available=available,
        limit=None,
        remaining=None,
        resets_at=None,
        omit=(),
        clamp_from=None,
        windows=(),
    )


def uncounted_decision(caller: Caller, asked: Asked, at: datetime) -> GateDecision:
    """What the plan says of a request that cannot be counted: 200 (`open`) or 503 (`closed`)."""
    if caller.plan.when_down == "open":
        return _decision(caller, asked, at, 200, GateReason.COUNTERS_DOWN, "Not counted.")
    words = "Limits cannot be checked at the moment."
    soon = at + _SECOND
    return _decision(caller, asked, at, 503, GateReason.COUNTERS_DOWN, words, resets_at=soon)


def history_start(capabilities: Mapping[str, bool | int | str], at: datetime) -> datetime | None:
    """The first instant that the plan has data of; None: all there is."""
    days = capabilities.get(HISTORY)
    if isinstance(days, bool) or not isinstance(days, int):
        return None
    return at - timedelta(days=days)


def _decision(
    caller: Caller,
    asked: Asked,
    at: datetime,
    status: int,
    reason: GateReason,
    detail: str,
    *,
    reading: Reading | None = None,
    resets_at: datetime | None = None,
    windows: tuple[WindowStanding, ...] = (),
) -> GateDecision:
    admitted = status == 200  # noqa: PLR2004 - OK
    start = history_start(caller.plan.capabilities, at)
    is_clamped = start is not None and (asked.since is None or asked.since < start)
    is_paused = status == 429 and asked.channel is Channel.WEBHOOK  # noqa: PLR2004 - too many
    return GateDecision(
        status=status,
        reason=reason,
        detail=detail,
        at=at,
        key=caller.key,
        organization=caller.organization,
        plan=caller.plan.name,
        endpoint=asked.endpoint,
        price=asked.price,
        available=_spendable(caller),
        retry_after=None if resets_at is None else max(-((at - resets_at) // _SECOND), 1),
        limit=reading.limit if reading else None,
        remaining=reading.remaining if reading else None,
        resets_at=reading.resets_at if reading else resets_at,
        omit=_omitted(caller.plan, asked) if admitted else (),
        clamp_from=start if admitted and is_clamped else None,
        paused_until=resets_at if is_paused else None,
        windows=windows,
    )


def _spendable(caller: Caller) -> Credits:
    return caller.available + caller.postpaid_left


def _omitted(plan: PlanTerms, asked: Asked) -> tuple[str, ...]:
    named = {name for name, value in plan.capabilities.items() if name != HISTORY and not value}
    return tuple(sorted(named | {n for n in asked.capabilities if not plan.capabilities.get(n)}))


def _standing(reading: Reading) -> WindowStanding:
    check = reading.check
    return WindowStanding(
        name=check.name,
        limit=check.limit,
        used=reading.used,
        remaining=reading.remaining,
        seconds=check.seconds,
        resets_at=reading.resets_at,
    )


def _tightest(verdict: Verdict) -> Reading | None:
    """The window with the smallest part of its limit left; of equals, the first."""
    limited = [reading for reading in verdict.readings if reading.limit is not None]
    return min(limited, key=_part_left, default=None)


def _part_left(reading: Reading) -> Fraction:
    return Fraction(reading.remaining or 0, reading.limit or 1)
