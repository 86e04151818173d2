"""Payment methods on file: kept by a provider, charged by name."""

from dataclasses import dataclass
from datetime import datetime

from creditctl.context import Context
from creditctl.errors import Conflict, InvalidInput, NotFound
from creditctl.services.audit import record_change
from creditctl.services.org_facts import record_signals
from creditctl.services.payment_calls import configured
from creditctl.store.engine import UnitOfWork, reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import OrganizationRow, find_organization, update_organization
from creditctl.store.queries.payment_methods import (
    make_default,
    method_named,
    methods_of,
    put_method,
    remove_method,
)
from creditctl.store.queries.payments import MethodRow

CHARGED = ("stripe",)
"""Providers that charge a method on file; the others are paid by the buyer."""


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A payment method as people know it; its number is with the provider."""

    id: str
    organization: str
    provider: str
    brand: str
    last4: str | None
    expires: str | None
    is_default: bool
    created_at: datetime


def payment_methods(context: Context, organization: str | None = None) -> list[PaymentMethod]:
    """The methods on file, of one organization or all; raises OrganizationNotFound."""
    with reading(context.database) as unit:
        owner = find_organization(unit, organization).id if organization else None
        return [_shown(row) for row in methods_of(unit, owner)]


def attach_method(
    context: Context, organization: str, provider: str, reference: str
) -> PaymentMethod:
    """Let the provider keep a method, and put it on file; the first one becomes the default.

    `reference` is the provider's own name of it. The provider is asked first: a crash before it is
    written down is made good by attaching again. Raises OrganizationNotFound, ProviderRefused,
    ProviderUnreachable.
    """
    with reading(context.database) as unit:
        owner = find_organization(unit, organization)
        known = [row for row in methods_of(unit, owner.id) if row.provider == provider]
    buyer = known[0].buyer_reference if known else None
    stored = configured(context, provider).attach_method(owner.public_id, reference, buyer)
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization)
        put_method(
            unit,
            public_id=new_public_id("pm", context.now),
            organization_id=owner.id,
            provider=provider,
            reference=stored.reference,
            buyer_reference=stored.buyer_reference,
            brand=stored.brand,
            last4=stored.last4,
            expires=f"{stored.expires[0]}-{stored.expires[1]:02}" if stored.expires else None,
            fingerprint=stored.fingerprint,
            is_default=False,
            created_at=context.now,
        )
        on_file = methods_of(unit, owner.id)
        row = next(one for one in on_file if one.reference == stored.reference)
        if not any(one.is_default for one in on_file):
            make_default(unit, owner.id, row.id)
        if stored.fingerprint and owner.payment_fingerprint is None:
            update_organization(unit, owner.id, payment_fingerprint=stored.fingerprint)
            record_signals(unit, find_organization(unit, organization))
        record_change(
            unit,
            context,
            "payment_method.attached",
            row.public_id,
            organization_id=owner.id,
            after={"provider": provider, "brand": row.brand, "last4": row.last4},
        )
        return _shown(_find(unit, row.public_id))


def prefer_method(context: Context, method: str) -> PaymentMethod:
    """Charge this one unless another is named; raises NotFound."""
    with unit_of_work(context.database) as unit:
        row = _find(unit, method)
        make_default(unit, row.organization_id, row.id)
        record_change(
            unit,
            context,
            "payment_method.preferred",
            row.public_id,
            organization_id=row.organization_id,
        )
        return _shown(_find(unit, method))


def detach_method(context: Context, method: str) -> PaymentMethod:
    """Charge this one no more; raises NotFound."""
    with unit_of_work(context.database) as unit:
        row = _find(unit, method)
        remove_method(unit, row.id, context.now)
        record_change(
            unit,
            context,
            "payment_method.removed",
            row.public_id,
            organization_id=row.organization_id,
            before={"provider": row.provider, "brand": row.brand, "last4": row.last4},
        )
    return _shown(row)


def chosen_method(
    unit: UnitOfWork, owner: OrganizationRow, provider: str, method: str | None
) -> MethodRow | None:
    """The method to charge: the one that is named, else the default one of the provider.

    None where the provider charges nobody. Raises NotFound, InvalidInput for somebody else's, and
    Conflict when there is none on file.
    """
    if method is not None:
        row = _find(unit, method)
        if row.organization_id != owner.id or row.provider != provider:
            raise InvalidInput(
                f"{method} is no {provider} method of {owner.slug}",
                hint=f"'creditctl payments methods {owner.slug}' shows them",
            )
        return row
    if provider not in CHARGED:
        return None
    found = next((row for row in methods_of(unit, owner.id) if row.provider == provider), None)
    if found is None:
        raise Conflict(
            f"{owner.slug} has no {provider} payment method on file",
            hint=f"'creditctl payments attach {owner.slug} --provider {provider} METHOD'",
        )
    return found


def _find(unit: UnitOfWork, method: str) -> MethodRow:
    row = method_named(unit, method)
    if row is None:
        raise NotFound(
            f"there is no payment method {method!r}",
            hint="'creditctl payments methods' shows them",
        )
    return row


def _shown(row: MethodRow) -> PaymentMethod:
    return PaymentMethod(
        id=row.public_id,
        organization=row.organization,
        provider=row.provider,
        brand=row.brand,
        last4=row.last4,
        expires=row.expires,
        is_default=row.is_default,
        created_at=row.created_at,
    )
