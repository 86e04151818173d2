"""Who sells and who buys, as far as tax asks: places, registrations, tax ids, exemptions."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditctl.errors import InvalidInput
from creditctl.rules.tax.places import Place
from creditctl.rules.tax_ids import compact_tax_id


class TaxIdStatus(StrEnum):
    """What is known of the buyer's tax id; only `valid` makes the buyer a business."""

    NONE = "none"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"
    """Its check digits are right, but its register has not been asked."""

    VALID = "valid"


class Scheme(StrEnum):
    """What a registration makes the seller collect."""

    FULL = "full"
    """Tax from every buyer in the place."""

    CONSUMERS = "consumers"
    """A foreign seller's simplified registration: businesses account for the tax themselves."""

    ONE_STOP_SHOP = "one_stop_shop"
    """The EU's: the tax of every member state from its consumers."""


@dataclass(frozen=True, slots=True)
class Validity:
    """Days from the first up to, not including, the last; `until` None means no end."""

    since: date | None = None
    until: date | None = None

    def __contains__(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


ALWAYS = Validity()


@dataclass(frozen=True, slots=True)
class Registration:
    """Where the seller is registered for tax, and since when.

    Without a region it covers the whole country; with `taxes` only those, by name.
    """

    country: str
    region: str | None = None
    scheme: Scheme = Scheme.FULL
    taxes: tuple[str, ...] = ()
    validity: Validity = ALWAYS

    def covers(self, place: Place) -> bool:
        """Whether buyers of that place fall under it."""
        return self.country == place.country and self.region in (None, place.region)


@dataclass(frozen=True, slots=True)
class Seller:
    """The company: the place it is established in, and everything it is registered for."""

    place: Place
    registrations: tuple[Registration, ...] = ()

    def registrations_on(self, day: date) -> tuple[Registration, ...]:
        """Those that hold on that day."""
        return tuple(held for held in self.registrations if day in held.validity)


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why the buyer pays no tax where it is, and the certificate that says so."""

    reason: str
    certificate: str | None = None
    validity: Validity = ALWAYS


@dataclass(frozen=True, slots=True)
class Buyer:
    """The organization; `place` None means that nobody asked it."""

    place: Place | None
    tax_id: TaxIdStatus = TaxIdStatus.NONE
    exemption: Exemption | None = None


def tax_id_status(
    tax_id: str | None, country: str | None, *, confirmed: bool | None, needs_confirming: bool
) -> TaxIdStatus:
    """What a tax id proves; `confirmed` is its register's answer (VIES in the EU), None unasked.

    Regulation (EU) 282/2011, Article 18, lets a seller trust an id that the register confirms;
    without `needs_confirming` right check digits are enough.
    """
    if tax_id is None:
        return TaxIdStatus.NONE
    try:
        compact_tax_id(tax_id, country)
    except InvalidInput:
        return TaxIdStatus.INVALID
    if confirmed is None:
        return TaxIdStatus.UNCONFIRMED if needs_confirming else TaxIdStatus.VALID
    return TaxIdStatus.VALID if confirmed else TaxIdStatus.INVALID
