"""Boring builders for notifications: organizations, their destinations, and an event."""

from dataclasses import replace
from datetime import timedelta

from builders import an_organization
from creditctl.context import Context
from creditctl.rules.events import Event
from creditctl.rules.units import Credits
from creditctl.services.destinations import NewDestination, add_destination
from creditctl.services.outbox import enqueue, subject_of
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.queries.orgs import find_organization


def later(context: Context, **wait: float) -> Context:
    """The same some time later."""
    return replace(context, now=context.now + timedelta(**wait))


def a_destination(
    context: Context, slug: str = "acme", *, to: str = "", told: tuple[str, ...] = ("hard",)
) -> NewDestination:
    """A webhook of a new organization, at `https://SLUG.example` unless told otherwise."""
    if not has_organization(context, slug):
        an_organization(context, slug)
    address = to or f"https://{slug}.example"
    return add_destination(context, slug, channel="webhook", address=address, told=told)


def has_organization(context: Context, slug: str) -> bool:
    with unit_of_work(context.database) as unit:
        return bool(unit.fetch_value("SELECT 1 FROM organization WHERE slug = :slug", slug=slug))


def exceeded(unit: UnitOfWork, context: Context, slug: str = "acme", revision: int = 0) -> Event:
    """A budget of 1000 credits, exceeded on the day of context.now."""
    return Event(
        name="budget.exceeded",
        organization=subject_of(unit, find_organization(unit, slug).id),
        rule="budget_1",
        window=f"{context.now:%Y-%m-%d}",
        revision=revision,
        occurred_at=context.now,
        limit=Credits.parse("1000"),
        usage=Credits.parse("1000.5"),
        balance=Credits.parse("284.5"),
    )


def happens(
    context: Context, slug: str = "acme", *, name: str = "budget.exceeded", revision: int = 0
) -> int:
    """Let it happen in a transaction of its own; returns how many were told."""
    with unit_of_work(context.database) as unit:
        event = replace(exceeded(unit, context, slug, revision), name=name)
        return enqueue(unit, context, find_organization(unit, slug).id, event)
