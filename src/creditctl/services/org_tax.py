"""What tax asks of an organization beside its place: a confirmed tax id, an exemption."""

from dataclasses import dataclass
from datetime import date

from creditctl.errors import Conflict, InvalidInput
from creditctl.rules.tax.parties import Validity
from creditctl.services.org_facts import LONGEST_TEXT
from creditctl.store.queries.orgs import OrganizationRow


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxStanding:
    """What is told of an organization's standing in tax; None: not told.

    An exemption holds from the first day up to, not including, the last; a reason makes a new one
    of it, `no_exemption` takes it away.
    """

    tax_id_confirmed: bool | None = None
    """What the tax id's register answered."""

    exempt_reason: str | None = None
    exempt_certificate: str | None = None
    exempt_from: date | None = None
    exempt_until: date | None = None
    no_exemption: bool = False


NOTHING_TOLD = TaxStanding()


def standing_columns(
    standing: TaxStanding, owner: OrganizationRow, facts: dict[str, str]
) -> dict[str, object]:
    """The standing as columns; `facts` are the other columns that change.

    A new tax id is not confirmed, whatever the old one was. Raises InvalidInput for what cannot
    be, Conflict for what there is nothing of.
    """
    columns: dict[str, object] = dict(_exemption(standing, owner))
    tax_id = facts.get("tax_id", owner.tax_id)
    if tax_id != owner.tax_id:
        columns["tax_id_confirmed"] = None
    if standing.tax_id_confirmed is not None:
        if tax_id is None:
            raise Conflict(f"{owner.slug} has no tax id", hint="add --tax-id")
        columns["tax_id_confirmed"] = standing.tax_id_confirmed
    return columns


def exemption_in_words(
    reason: str | None, certificate: str | None, validity: Validity
) -> str | None:
    """Such as `charity, certificate C-17, until 2027-01-01`; None without a reason."""
    if reason is None:
        return None
    parts = [reason]
    parts += [f"certificate {certificate}"] if certificate else []
    parts += [f"from {validity.since}"] if validity.since else []
    parts += [f"until {validity.until}"] if validity.until else []
    return ", ".join(parts)


def _exemption(standing: TaxStanding, owner: OrganizationRow) -> dict[str, object]:
    told: dict[str, object] = {
        "tax_exempt_reason": standing.exempt_reason,
        "tax_exempt_certificate": standing.exempt_certificate,
        "tax_exempt_from": standing.exempt_from,
        "tax_exempt_until": standing.exempt_until,
    }
    given = {name: value for name, value in told.items() if value is not None}
    if standing.no_exemption:
        if given:
            raise InvalidInput("an exemption cannot be given and taken back at once")
        return told
    if not given:
        return {}
    for text in (standing.exempt_reason, standing.exempt_certificate):
        if text is not None and not 0 < len(text.strip()) <= LONGEST_TEXT:
            raise InvalidInput(f"tax exemption: 1 to {LONGEST_TEXT} characters")
    if standing.exempt_reason is None and owner.tax_exempt_reason is None:
        raise Conflict(f"{owner.slug} is not tax exempt", hint="say why: --tax-exempt REASON")
    changed = told if standing.exempt_reason is not None else given
    _check_days(
        changed.get("tax_exempt_from", owner.tax_exempt_from),
        changed.get("tax_exempt_until", owner.tax_exempt_until),
    )
    return changed


def _check_days(since: object, until: object) -> None:
    if isinstance(since, date) and isinstance(until, date) and until <= since:
        raise InvalidInput(f"the exemption ends on {until}, not after {since}")
