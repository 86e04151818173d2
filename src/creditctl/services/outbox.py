"""The outbox: what is to be told is written in the transaction of the change that it tells of.

Content is rendered and frozen here; `services.deliveries` sends it later, as often as it takes.
"""

from creditctl.context import Context
from creditctl.rules.delivery_schedule import LIFETIME, wait_after
from creditctl.rules.events import Event, Subject, patterns_for
from creditctl.store.engine import UnitOfWork
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.destinations import destinations_wanting
from creditctl.store.queries.notifications import insert_notification
from creditctl.store.queries.orgs import organization_by_id

_COMMANDS = {
    "budget": ("limits status", "budgets show"),
    "threshold": ("limits status", "budgets show"),
    "organization": ("limits status", "orgs show"),
    "credits": ("credits balance", "credits grants"),
    "overage": ("limits status", "credits history"),
    "recharge": ("recharge show", "credits balance"),
    "quota": ("limits status", "usage show --org"),
    "invoice": ("invoice list --org", "orgs show"),
}
"""Family of events -> commands that show more, each followed by the organization."""


def enqueue(unit: UnitOfWork, context: Context, organization_id: int, event: Event) -> int:
    """The step: write one notification for each destination that wants the event.

    A destination is told once of each (event's dedup key, action), however often this is called.
    Returns the number written; nothing is rendered where nobody wants it.
    """
    wanting = destinations_wanting(unit, organization_id, patterns_for(event.name))
    written = (
        write_notification(unit, context, event, destination_id, organization_id)
        for destination_id in wanting
    )
    return sum(one is not None for one in written)


def subject_of(unit: UnitOfWork, organization_id: int) -> Subject:
    """The organization as receivers know it."""
    owner = organization_by_id(unit, organization_id)
    return Subject(owner.public_id, owner.slug, owner.legal_name)


def write_notification(
    unit: UnitOfWork,
    context: Context,
    event: Event,
    destination_id: int,
    organization_id: int | None,
) -> str | None:
    """Write it for one destination; returns its id, None where that was told already."""
    from creditctl.documents.event_payload import payload_json, payload_of  # only to tell somebody
    from creditctl.documents.notices import notice_html, notice_text

    public_id = new_public_id("ntf", context.now)
    commands, url = _links(context, event)
    columns = {
        "public_id": public_id,
        "organization_id": organization_id,
        "destination_id": destination_id,
        "event": event.name,
        "dedup_key": event.dedup_key,
        "action": event.kind.action,
        "severity": event.kind.severity,
        "occurred_at": event.occurred_at,
        "summary": event.summary,
        "payload": payload_json(payload_of(event, public_id, commands, url)),
        "body_text": notice_text(event, commands, url),
        "body_html": notice_html(event, commands, url),
        "created_at": context.now,
        "next_attempt_at": context.now + wait_after(0, public_id),
        "deadline_at": context.now + LIFETIME,
    }
    return public_id if insert_notification(unit, columns) else None


def _links(context: Context, event: Event) -> tuple[tuple[str, ...], str | None]:
    if event.organization is None:
        return (), None
    slug = event.organization.slug
    verbs = _COMMANDS.get(event.name.partition(".")[0], ())
    url = context.settings.console_url
    return (
        tuple(f"creditctl {verb} {slug}" for verb in verbs),
        url.replace("{org}", slug) if url else None,
    )
