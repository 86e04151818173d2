"""Sets up the organizations of a sample company, through the services that people use."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from creditctl.adapters.toml_source import TomlSource, TomlTable
from creditctl.context import Context
from creditctl.rules.budgets import parse_threshold
from creditctl.services.budget_changes import DAILY, Wanted, set_budget
from creditctl.services.granting import GrantRequest, grant_credits
from creditctl.services.keys import create_key
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.subscriptions import create_subscription


def set_up_accounts(context: Context, path: Path, opens_at: datetime) -> int:
    """Create what an accounts file lists, each at its own time; returns how many organizations."""
    root = TomlSource.read(path).root()
    tables = root.tables("organizations")
    for table in tables:
        created_at = table.value("created_at", datetime, "a time", opens_at).astimezone(UTC)
        _set_up(replace(context, now=created_at), table)
        table.finish()
    root.finish()
    return len(tables)


def _set_up(context: Context, table: TomlTable) -> None:
    slug = table.text("slug")
    create_organization(
        context,
        slug,
        OrgFacts(
            legal_name=table.text("name", None),
            billing_email=table.text("email", None),
            street=table.text("street", None),
            postcode=table.text("postcode", None),
            city=table.text("city", None),
            country=table.text("country", None),
        ),
        device_id=table.text("device", None),
    )
    if plan := table.text("plan", None):
        create_subscription(context, slug, plan)
    for key in table.value("keys", list, "names of API keys", []):
        bound = key if isinstance(key, dict) else {"name": key}
        create_key(context, slug, name=bound["name"], plan=bound.get("plan"))
    for grant in table.tables("grants"):
        _grant(context, slug, grant)
    daily, notify_at = table.credits("daily_budget", None), table.text("notify_at", None)
    if daily is not None:
        thresholds = {DAILY: [parse_threshold(notify_at)]} if notify_at else None
        set_budget(context, slug, Wanted(daily=daily, thresholds=thresholds))


def _grant(context: Context, slug: str, table: TomlTable) -> None:
    request = GrantRequest(
        organization=slug,
        amount=table.credits("credits"),
        reason=table.text("reason"),
        source=table.text("source"),
        product=table.text("product", None),
        unit_cost=table.price("unit_cost"),
    )
    grant_credits(context, request)
    table.finish()
