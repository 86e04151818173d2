"""Which tax a sale bears: the seller's registrations, the buyer's place and status decide.

Sold are services supplied electronically; their place of supply is the buyer's (Directive
2006/112/EC, Articles 44 and 58; the OECD's destination principle elsewhere). The day is the tax
point: for credits paid in advance that of the payment (Article 65).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditctl.errors import InvalidInput
from creditctl.rules.tax.parties import Buyer, Registration, Scheme, Seller, TaxIdStatus
from creditctl.rules.tax.places import NOWHERE, Place, is_in_eu_vat_area
from creditctl.rules.tax.rates import Supply


class Treatment(StrEnum):
    """What becomes of the tax."""

    DOMESTIC = "domestic"
    """Charged as sellers of the buyer's place do: the seller is registered there."""

    EU_DESTINATION = "eu_destination"
    """The rate of the consumer's member state, declared in the One-Stop-Shop."""

    EU_ORIGIN = "eu_origin"
    """The seller's own rate for consumers of other member states, below the threshold."""

    REVERSE_CHARGE = "reverse_charge"
    """The buyer accounts for the tax."""

    EXPORT = "export"
    """Supplied abroad, where the seller is not registered: outside the scope of its tax."""

    EXEMPT = "exempt"
    """Tax would be due, but the buyer is exempt."""

    NOT_REGISTERED = "not_registered"
    """Tax may be due, but the seller may not collect it without a registration."""


CHARGED = frozenset({Treatment.DOMESTIC, Treatment.EU_DESTINATION, Treatment.EU_ORIGIN})
"""The treatments that put tax on the document."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A treatment, and the place whose rates it charges; without tax there is no such place.

    `taxes` names those the seller is registered for; empty means all.
    """

    treatment: Treatment
    place: Place | None = None
    supply: Supply = Supply.ANY
    taxes: frozenset[str] = frozenset()


def decide(seller: Seller, buyer: Buyer, day: date) -> Decision:
    """How a sale of that day is taxed.

    Raises InvalidInput when the buyer's country, or the region that would decide, is unknown. An
    exemption matters only where tax would be charged: it ends no reverse charge.
    """
    if seller.place == NOWHERE:
        return Decision(Treatment.NOT_REGISTERED)
    if buyer.place is None:
        if not seller.registrations_on(day):
            return Decision(Treatment.NOT_REGISTERED)
        raise InvalidInput(
            "tax cannot be decided without the organization's country", hint="add its country"
        )
    decision = _before_exemption(seller, buyer.place, _is_business(buyer), day)
    exemption = buyer.exemption
    if decision.treatment in CHARGED and exemption and day in exemption.validity:
        return Decision(Treatment.EXEMPT)
    return decision


def _is_business(buyer: Buyer) -> bool:
    return buyer.tax_id is TaxIdStatus.VALID


def _before_exemption(seller: Seller, place: Place, business: bool, day: date) -> Decision:
    abroad = place.country != seller.place.country
    if abroad and is_in_eu_vat_area(place, day):
        # Article 196 asks where the seller is established: a mere registration changes nothing.
        if business:
            return Decision(Treatment.REVERSE_CHARGE)
        return _to_eu_consumer(seller, place, day)
    registrations = _registrations_for(seller, place, day)
    if not registrations:
        return Decision(Treatment.EXPORT if abroad else Treatment.NOT_REGISTERED)
    if abroad and business and all(held.scheme is Scheme.CONSUMERS for held in registrations):
        return Decision(Treatment.REVERSE_CHARGE)
    return _charged(Treatment.DOMESTIC, seller, place, registrations)


def _to_eu_consumer(seller: Seller, place: Place, day: date) -> Decision:
    """Articles 58 and 59c: taxed at the destination, below EUR 10,000 a year at home.

    Whether it is below is the seller's to watch: who passes the threshold joins the
    One-Stop-Shop or registers in the member state.
    """
    held = seller.registrations_on(day)
    shops = [one for one in held if one.scheme is Scheme.ONE_STOP_SHOP]
    if shops:
        return _charged(Treatment.EU_DESTINATION, seller, place, shops)
    if local := _registrations_for(seller, place, day):
        return _charged(Treatment.DOMESTIC, seller, place, local)
    at_home = is_in_eu_vat_area(seller.place, day)
    if at_home and (home := _registrations_for(seller, seller.place, day)):
        return _charged(Treatment.EU_ORIGIN, seller, seller.place, home)
    return Decision(Treatment.NOT_REGISTERED)


def _registrations_for(seller: Seller, place: Place, day: date) -> list[Registration]:
    """Those that cover the place; raises InvalidInput when only its unknown region could tell."""
    held = [one for one in seller.registrations_on(day) if one.scheme is not Scheme.ONE_STOP_SHOP]
    if place.region is None and any(one.country == place.country and one.region for one in held):
        raise InvalidInput(
            f"tax in {place.country} depends on the organization's region, which is unknown",
            hint="add its region",
        )
    return [one for one in held if one.covers(place)]


def _charged(
    treatment: Treatment, seller: Seller, place: Place, registrations: list[Registration]
) -> Decision:
    names = [one.taxes for one in registrations]
    taxes = frozenset() if () in names else frozenset(name for some in names for name in some)
    return Decision(treatment, place, _supply(seller.place, place), taxes)


def _supply(seller: Place, buyer: Place) -> Supply:
    """Within a region when both are of it, or when the buyer's is unknown.

    India's IGST Act, section 12(2)(b): without an address on record the place of supply is the
    seller's.
    """
    within = seller.country == buyer.country and buyer.region in (None, seller.region)
    return Supply.WITHIN_REGION if within else Supply.BETWEEN_REGIONS
