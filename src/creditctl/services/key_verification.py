"""`keys verify`: whose key a secret is, and whether it opens anything."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import KeyRefused
from creditctl.rules.key_format import fits, is_well_formed, parts_of
from creditctl.services.keys import key_shown
from creditctl.services.spending import period_at
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.queries.enforcement import state_rows
from creditctl.store.queries.keys import KeyRow, find_key_of_prefix, find_secret
from creditctl.store.queries.orgs import organization_by_id


@dataclass(frozen=True, slots=True)
class VerifiedKey:
    """A key that is ours and opens something; `state` is what the last check decided."""

    id: str
    organization: str
    name: str
    prefix: str
    plan: str | None
    """The key's own, else the organization's."""

    expires_at: datetime | None
    state: str


def verify_key(context: Context, secret: str) -> VerifiedKey:
    """Raises KeyRefused: a typing error is told without looking it up, an unknown key never why."""
    _check_form(secret)
    with reading(context.database) as unit:
        key = key_of_secret(unit, context, secret)
        status = key_shown(key, context.now).status
        if status != "active":
            raise KeyRefused(f"{key.prefix}… of {key.organization} is {status}")
        owner = organization_by_id(unit, key.organization_id)
        if owner.status != "active":
            raise KeyRefused(f"{key.organization} is {owner.status}")
        period = period_at(unit, key.organization_id, context.now)
        decided = state_rows(unit, key.organization_id)[0].decided
    return VerifiedKey(
        id=key.public_id,
        organization=key.organization,
        name=key.name,
        prefix=key.prefix,
        plan=key.plan or (period.plan.name if period else None),
        expires_at=key.expires_at,
        state=decided.at(context.now).state.value,
    )


def key_of_secret(unit: UnitOfWork, context: Context, secret: str) -> KeyRow:
    """The key that has this secret, whether or not it opens anything still; raises KeyRefused."""
    _check_form(secret)
    secret = secret.strip()
    prefix = parts_of(secret).prefix
    found, key = unit.together(
        lambda: find_secret(unit, prefix), lambda: find_key_of_prefix(unit, prefix)
    )
    stored = found.secret_hash if found else None
    if not fits(secret, stored, context.settings.key_pepper) or key is None:
        raise KeyRefused("no API key has this secret")
    return key


def _check_form(secret: str) -> None:
    if not is_well_formed(secret.strip()):
        raise KeyRefused(
            "this is no API key: its checksum does not fit",
            hint="a character is wrong or missing; nothing was looked up",
        )
