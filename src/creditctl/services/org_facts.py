"""What is known about an organization: checked, and made into signals that tell duplicates."""

import re
from dataclasses import dataclass

from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.duplicates import signals_of
from creditctl.rules.tax_ids import compact_tax_id
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.orgs import OrganizationRow, replace_signals
from creditctl.store.queries.payment_methods import methods_of

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+")
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_REGION = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFacts:
    """What can be told about an organization; None: not told."""

    legal_name: str | None = None
    billing_email: str | None = None
    country: str | None = None
    region: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    locality: str | None = None
    currency: str | None = None
    tax_id: str | None = None
    payment_fingerprint: str | None = None

    def given(self) -> dict[str, str]:
        """Those that were told, by column."""
        return {
            name: value for name in self.__slots__ if (value := getattr(self, name)) is not None
        }


NO_FACTS = OrgFacts()


def checked_slug(slug: str) -> str:
    """A slug that can be typed, read aloud and used in a URL; raises InvalidInput."""
    if not _SLUG.fullmatch(slug):
        raise InvalidInput(
            f"{slug!r} is no slug", hint="use 2 to 63 lower-case letters, digits and hyphens"
        )
    return slug


def checked_facts(facts: OrgFacts, *, country: str | None = None) -> dict[str, str]:
    """The facts as columns; `country` is the present one, for a tax id alone.

    Raises InvalidInput for what cannot be.
    """
    columns = facts.given()
    if facts.billing_email is not None and not _EMAIL.fullmatch(facts.billing_email):
        raise InvalidInput(f"{facts.billing_email!r} is no e-mail address")
    if facts.country is not None and not _COUNTRY.fullmatch(facts.country):
        raise InvalidInput(
            f"{facts.country!r} is no country code", hint="write it like DE (ISO 3166)"
        )
    if facts.region is not None and not _REGION.fullmatch(facts.region):
        raise InvalidInput(f"{facts.region!r} is no region", hint="write it like NY (ISO 3166-2)")
    if facts.currency is not None:
        currency_exponent(facts.currency)
    for name, value in columns.items():
        if not value.strip() or len(value) > LONGEST_TEXT:
            raise InvalidInput(f"{name.replace('_', ' ')}: 1 to {LONGEST_TEXT} characters")
    for name in ("street", "postcode", "city"):
        if not columns.get(name, "").isprintable():
            raise InvalidInput(f"{name}: one line of text")
    if facts.tax_id is not None:
        columns["tax_id"] = compact_tax_id(facts.tax_id, facts.country or country)
    return columns


def has_payment_method(unit: UnitOfWork, owner: OrganizationRow) -> bool:
    """Whether a payment method is on file, or is known by what its provider tells it by."""
    return bool(owner.payment_fingerprint) or bool(methods_of(unit, owner.id))


def record_signals(unit: UnitOfWork, owner: OrganizationRow) -> None:
    """Keep what the organization can be recognised by, as it is now."""
    signals = signals_of(
        legal_name=owner.legal_name,
        billing_email=owner.billing_email,
        tax_id=owner.tax_id,
        payment_fingerprint=owner.payment_fingerprint,
        device_id=owner.device_id,
    )
    replace_signals(unit, owner.id, [(str(kind), value) for kind, value in signals])
