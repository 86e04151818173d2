"""`usage events`: single requests, the newest first, and why each cost what it did."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from creditctl.context import Context
from creditctl.errors import EndpointNotFound, InvalidInput, KeyNotFound
from creditctl.rules.event_ids import event_id, id_text
from creditctl.rules.instants import MICROS_PER_HOUR, instant_of, micros_of
from creditctl.rules.periods import Period
from creditctl.rules.pricing import is_billed
from creditctl.rules.units import Credits
from creditctl.services.price_book import PriceBook, VersionedPrice, load_price_book
from creditctl.services.price_words import not_billed, steps_of
from creditctl.services.usage_pruning import refuse_pruned
from creditctl.store.engine import reading
from creditctl.store.queries.keys import KeyRow, keys_of
from creditctl.store.queries.orgs import find_organization
from creditctl.store.queries.usage_events import EventFilter, EventRow, events_of_hour
from creditctl.store.queries.usage_export import hours_with_usage


@dataclass(frozen=True, slots=True)
class UsedRequest:
    """One request as it was billed; `why` is the arithmetic of its price."""

    id: str
    occurred_at: datetime
    key: str | None
    request: str
    status: int
    units: int
    credits: Credits
    why: str
    product: str
    batch: str
    file: str


def list_usage_events(
    context: Context,
    organization: str,
    period: Period,
    *,
    limit: int,
    key: str | None = None,
    endpoint: str | None = None,
    status: int | None = None,
    event: str | None = None,
    at_least: Credits | None = None,
) -> list[UsedRequest]:
    """At most `limit` requests of the period, the newest first.

    Reads only the hours in which the organization used anything, and no more of them than needed.
    Raises OrganizationNotFound, KeyNotFound, EndpointNotFound, InvalidInput, and
    Conflict where events were pruned that would be on the list.
    """
    if period.ends_at <= period.starts_at:
        raise InvalidInput("the list would end before it begins", hint="check both times")
    starts_at, ends_at = micros_of(period.starts_at), micros_of(period.ends_at)
    found: list[UsedRequest] = []
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        refuse_pruned(unit, period.ends_at - timedelta(microseconds=1), "the list")
        book = load_price_book(unit)
        if key is not None:
            _check_key(keys_of(unit, owner.id), key, owner.slug)
        if endpoint is not None:
            _check_endpoint(book, endpoint)
        chosen = EventFilter(
            organization_id=owner.id,
            starts_at=starts_at,
            ends_at=ends_at,
            key=key,
            endpoint=endpoint,
            status=status,
            event_id=None if event is None else event_id(event)[0],
            at_least=at_least,
        )
        end_hour = -(-ends_at // MICROS_PER_HOUR)
        hours = hours_with_usage(unit, starts_at // MICROS_PER_HOUR, end_hour, owner.id)
        for hour in reversed(hours):
            rows = events_of_hour(unit, hour, chosen, limit - len(found))
            found += [_shown(row, book.version(row.price_id)) for row in rows]
            if len(found) >= limit:
                break
        else:
            refuse_pruned(unit, period.starts_at, "the list")
    return found


def _check_key(keys: list[KeyRow], name: str, organization: str) -> None:
    """A mistyped name must not look like a key without requests."""
    if not any(name in (key.name, key.prefix, key.public_id) for key in keys):
        raise KeyNotFound(f"{organization} has no API key {name!r}")


def _check_endpoint(book: PriceBook, endpoint: str) -> None:
    refs = map(book.endpoint_of, book.versions())
    if endpoint in {f"{ref.method} {ref.path}" for ref in refs}:
        return
    method, _, path = endpoint.partition(" ")
    priced = book.endpoint(method, path)
    raise EndpointNotFound(
        f"the catalog has no endpoint {endpoint!r}",
        hint=f'such requests are those of "{priced.method} {priced.path}"' if priced else "",
    )


def _shown(row: EventRow, price: VersionedPrice) -> UsedRequest:
    return UsedRequest(
        id=row.id_text or id_text(row.event_id),
        occurred_at=instant_of(row.occurred_at),
        key=row.key,
        request=f"{row.method} {row.path}",
        status=row.status,
        units=row.units,
        credits=Credits(row.credits_micro),
        why=_why(row, price),
        product=row.product,
        batch=row.batch,
        file=row.source_name,
    )


def _why(row: EventRow, price: VersionedPrice) -> str:
    if not is_billed(price.rule.billed_statuses, row.status):
        return not_billed(price.rule, row.status).step
    steps = steps_of(price.rule, row.units, row.volume_before)
    return "; ".join(f"{step.step} = {step.credits}" for step in steps)
