"""What a document must say about tax that it does not charge, and EN 16931's codes for it."""

from datetime import date

from creditctl.rules.tax.parties import Buyer, Seller
from creditctl.rules.tax.places import is_in_eu_vat_area
from creditctl.rules.tax.treatment import Treatment

_DIRECTIVE = "Directive 2006/112/EC"

CATEGORY_CODES = {
    Treatment.DOMESTIC: "S",
    Treatment.EU_DESTINATION: "S",
    Treatment.EU_ORIGIN: "S",
    Treatment.REVERSE_CHARGE: "AE",
    Treatment.EXPORT: "O",
    Treatment.EXEMPT: "E",
    Treatment.NOT_REGISTERED: "O",
}
"""UNTDID 5305 as EN 16931 uses it: standard, reverse charge, outside the scope, exempt."""

EXEMPTION_CODES = {
    Treatment.REVERSE_CHARGE: "VATEX-EU-AE",
    Treatment.EXPORT: "VATEX-EU-O",
    Treatment.NOT_REGISTERED: "VATEX-EU-O",
}
"""EN 16931's reasons; that of an exemption is its certificate's, in words."""


def notice(treatment: Treatment, seller: Seller, buyer: Buyer, day: date) -> str | None:
    """The sentence a document needs, or None where tax is charged and speaks for itself."""
    match treatment:
        case Treatment.REVERSE_CHARGE:
            return _reverse_charge(buyer, day)
        case Treatment.EXPORT:
            return _export(seller, buyer, day)
        case Treatment.EXEMPT:
            return _exempt(buyer)
        case Treatment.NOT_REGISTERED:
            where = f" in {buyer.place}" if buyer.place else ""
            return f"No tax charged: the seller is not registered for tax{where}."
        case _:
            return None


def _reverse_charge(buyer: Buyer, day: date) -> str:
    """Article 226(11a) asks for the words "Reverse charge"."""
    if buyer.place and is_in_eu_vat_area(buyer.place, day):
        return f"Reverse charge: VAT is payable by the recipient (Article 196, {_DIRECTIVE})."
    return "Reverse charge: the recipient accounts for the tax."


def _export(seller: Seller, buyer: Buyer, day: date) -> str:
    if seller.place.country == "IN":
        # Rule 46 of the CGST Rules 2017 prescribes the words.
        return (
            "SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING "
            "WITHOUT PAYMENT OF INTEGRATED TAX"
        )
    if is_in_eu_vat_area(seller.place, day):
        return (
            f"Not subject to EU VAT: supplied in {buyer.place} (Articles 44 and 58, {_DIRECTIVE})."
        )
    return f"No tax charged: supplied in {buyer.place}, outside {seller.place.country}."


def _exempt(buyer: Buyer) -> str:
    exemption = buyer.exemption
    if exemption is None:
        raise ValueError("a buyer without an exemption is not exempt")
    proof = f" (certificate {exemption.certificate})" if exemption.certificate else ""
    return f"Tax exempt: {exemption.reason}{proof}."
