"""What EN 16931 calls the parts of an invoice, by business term (BT) and group (BG).

EN 16931-1:2017 as Factur-X 1.0 (profile EN 16931) and UBL 2.1 write it. Amounts and quantities go
out as exact decimal text.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from creditctl.documents.document import Document, Kind, Party, Row
from creditctl.documents.sheet import printable
from creditctl.documents.style import PLAIN, Style
from creditctl.errors import InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.tax.words import CATEGORY_CODES, EXEMPTION_CODES
from creditctl.rules.units import Money

TYPE_CODES = {Kind.INVOICE: "380", Kind.CREDIT_NOTE: "381"}
"""UNTDID 1001, BT-3."""

_MOST_PLACES = 2
"""BR-DEC: amounts have at most two decimal places."""

_ONE = "C62"
"""UN/ECE Recommendation 20: a number of things, here of credits or requests."""

_CREDIT_TRANSFER = "58"
"""UNTDID 4461: SEPA credit transfer, BT-81."""

_EMAIL = "EM"
"""The scheme of an electronic address that is an e-mail's (BT-34, BT-49)."""

_STANDARD, _ZERO, _OUTSIDE = "S", "Z", "O"


def invoice_fields(document: Document, style: Style = PLAIN) -> dict[str, Any]:
    """The invoice or credit note by the standard's terms, as the library factur-x takes them.

    A credit note's amounts are above zero here, whatever sign the document gives them. Raises
    InvalidInput naming what is missing or cannot be said.
    """
    _check(document)
    sign = -1 if document.kind is Kind.CREDIT_NOTE and document.total.minor < 0 else 1
    rates = [_rate_of(document, row) for row in document.rows]
    fields: dict[str, Any] = {
        "BT-1": document.number,
        "BT-2": document.issued_on,
        "BT-3": TYPE_CODES[document.kind],
        "BT-5": document.currency,
        "BG-4": _party(document.seller, document, "seller"),
        "BG-7": _party(document.buyer, document, "buyer"),
        "BG-1": [{"BT-22": notice} for notice in document.notices],
        "BG-23": _breakdown(document, sign),
        "BG-25": [
            _line(number, row, _category(document, rate), rate, sign)
            for number, (row, rate) in enumerate(zip(document.rows, rates, strict=True), start=1)
        ],
        **_totals(document, sign),
        **_terms(document, style),
    }
    return {
        name: _printable(value) for name, value in fields.items() if value not in (None, [], "")
    }


def _printable(value: Any) -> Any:
    """XML has no control characters: they are spelled out, as on the other documents."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _printable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_printable(member) for member in value]
    return value


def _check(document: Document) -> None:
    if document.kind not in TYPE_CODES:
        raise InvalidInput(
            f"a {document.kind.replace('_', ' ')} is no electronic invoice",
            hint="EN 16931 knows invoices and credit notes",
        )
    if document.is_void:
        raise InvalidInput(
            f"{document.number} is void, which EN 16931 cannot say: whoever reads it would pay it",
            hint="the PDF, HTML and text say that it is void",
        )
    treatment = document.treatment
    needed = {
        "number": document.number,
        "issued_on": document.issued_on,
        "rows": document.rows,
        "net": document.net,
        "tax": document.tax,
        "treatment": treatment,
        "seller.tax_id": document.seller.tax_id,
        **_needed_of(document.seller, "seller"),
        **_needed_of(document.buyer, "buyer"),
    }
    if treatment is Treatment.REVERSE_CHARGE:
        needed["buyer.tax_id"] = document.buyer.tax_id  # BR-AE-02
    if treatment is Treatment.EXEMPT:
        needed["notices"] = document.notices  # BR-E-10: the reason in words
    if document.kind is Kind.INVOICE and document.payable.minor > 0:
        needed["due_on"] = document.due_on or document.terms  # BR-CO-25
    if document.kind is Kind.CREDIT_NOTE:
        needed["corrects"] = document.corrects
    missing = [name for name, value in needed.items() if value in (None, "", ())]
    if missing:
        raise InvalidInput(
            f"an electronic invoice needs {', '.join(missing)}",
            hint="a draft gets its number and days by 'creditctl invoice finalize', parties their "
            "addresses by 'creditctl orgs update' and the catalog",
        )
    _check_amounts(document)


def _needed_of(party: Party, name: str) -> dict[str, Any]:
    """Directive 2006/112/EC, Article 226(5): the full name and address of both."""
    address = party.address
    return {
        f"{name}.name": party.name,
        f"{name}.address.city": address.city,
        f"{name}.address.postcode": address.postcode,
        f"{name}.address.country": address.country,
    }


def _check_amounts(document: Document) -> None:
    """What the standard cannot say, before a validator finds it."""
    if currency_exponent(document.currency) > _MOST_PLACES:
        raise InvalidInput(
            f"EN 16931 has no amounts in {document.currency}: it has two decimal places",
            hint="send the PDF without an electronic invoice",
        )
    if document.prices_include_tax:
        raise InvalidInput(
            "EN 16931 states lines before tax; this document's lines include it",
            hint="make the document with net lines",
        )
    amounts = [row.amount for row in document.rows]
    if None in amounts or _sum(amounts) != _minor(document.net):
        raise InvalidInput("the lines do not sum to the net", hint="give every line its amount")
    for percent in {tax.percent for tax in document.taxes}:
        same = [tax for tax in document.taxes if tax.percent == percent]
        lines = _sum(row.amount for row in document.rows if _rate_of(document, row) == percent)
        if len(same) > 1 or same[0].taxable.minor != lines:
            raise InvalidInput(
                "EN 16931 knows one VAT on the whole of each line",
                hint="this document has taxes that it cannot say: send the PDF alone",
            )


def _rate_of(document: Document, row: Row) -> Decimal | None:
    """The row's rate in percent; None where no tax is charged."""
    if not document.taxes:
        return None
    if row.tax_percent is not None:
        return row.tax_percent
    if len(document.taxes) > 1:
        raise InvalidInput(
            f"EN 16931 knows one VAT on each line; {row.description!r} bears several taxes",
            hint="send the PDF without an electronic invoice",
        )
    return document.taxes[0].percent


def _category(document: Document, rate: Decimal | None) -> str:
    if rate is not None:
        return _STANDARD if rate else _ZERO
    if document.treatment is None:
        raise ValueError("checked before")
    code = CATEGORY_CODES[document.treatment]
    return _ZERO if code == _STANDARD else code


def _breakdown(document: Document, sign: int) -> list[dict[str, Any]]:
    """BG-23: one for each category and rate."""
    if document.taxes:
        return [
            {
                "BT-116": _amount(tax.taxable, sign),
                "BT-117": _amount(tax.tax, sign),
                "BT-118": _category(document, tax.percent),
                "BT-119": f"{tax.percent:f}",
            }
            for tax in document.taxes
        ]
    code = _category(document, None)
    untaxed = {
        "BT-116": _amount(document.net, sign),
        "BT-117": _amount(Money(0, document.currency), sign),
        "BT-118": code,
    }
    if code != _OUTSIDE:
        untaxed["BT-119"] = "0"
    if code != _ZERO and document.treatment is not None:
        untaxed["BT-120"] = " ".join(document.notices)
        untaxed["BT-121"] = EXEMPTION_CODES.get(document.treatment, "")
    return [{name: value for name, value in untaxed.items() if value}]


def _party(party: Party, document: Document, role: str) -> dict[str, Any]:
    address = party.address
    lines = address.lines
    first, second, third = (*lines[:2], " ".join(lines[2:]), "", "")[:3]
    fields: dict[str, Any] = {
        "name": party.name,
        "country_code": address.country,
        "city": address.city,
        "postcode": address.postcode,
        "addr_l1": first,
        "addr_l2": second,
        "addr_l3": third,
        "country_subdivision": address.region,
        "einvoicing_addr": party.email,
        "einvoicing_addr_schemeid": _EMAIL if party.email else None,
    }
    if document.treatment is not None and CATEGORY_CODES[document.treatment] != _OUTSIDE:
        fields["vat_identifier"] = party.tax_id
    elif role == "seller":
        # BR-O-02 bans VAT identifiers outside the scope of VAT, BR-CO-26 wants some identifier.
        fields["identifiers"] = {None: party.tax_id}
    return {name: value for name, value in fields.items() if value}


def _line(number: int, row: Row, category: str, rate: Decimal | None, sign: int) -> dict[str, Any]:
    """BG-25. A price is never below zero (BR-27): what is taken off has a quantity below zero."""
    quantity, price = _quantity_and_price(row)
    fields = {
        "BT-126": str(number),
        "BT-129": f"{quantity * sign:f}",
        "BT-130": _ONE,
        "BT-131": _amount(row.amount, sign),
        "BT-146": f"{price:f}",
        "BT-151": category,
        "BT-153": row.description,
    }
    if category != _OUTSIDE:
        fields["BT-152"] = f"{rate or Decimal(0):f}"
    return fields


def _quantity_and_price(row: Row) -> tuple[Decimal, Decimal]:
    if row.quantity is not None and row.unit_price is not None and row.unit_price >= 0:
        return Decimal(str(row.quantity)), row.unit_price
    amount = Decimal(str(row.amount))
    return Decimal(-1 if amount < 0 else 1), abs(amount)


def _totals(document: Document, sign: int) -> dict[str, str]:
    """A later credit note changes none of them: it is an electronic document of its own.

    BT-113 is for payments: whoever books both papers would take a credit note off twice.
    """
    totals = {
        "BT-106": _amount(document.net, sign),
        "BT-109": _amount(document.net, sign),
        "BT-110": _amount(document.tax, sign),
        "BT-112": _amount(document.total, sign),
        "BT-115": _amount(document.payable, sign),
    }
    return totals | ({"BT-113": _amount(document.paid, sign)} if document.paid else {})


def _terms(document: Document, style: Style) -> dict[str, Any]:
    references = dict(document.references)
    fields: dict[str, Any] = {
        "BT-9": document.due_on if document.kind is Kind.INVOICE else None,
        "BT-10": references.get("reference"),
        "BT-13": references.get("po_number"),
        "BT-20": document.terms,
        "BT-72": document.ends_on or document.issued_on,
        "BT-73": document.starts_on,
        "BT-74": document.ends_on,
    }
    if style.iban:
        fields |= {"BT-81": _CREDIT_TRANSFER, "BT-83": document.number, "BT-84": style.iban}
    if document.corrects:
        fields["BG-3"] = [{"BT-25": document.corrects}]
    return fields


def _amount(money: Money | None, sign: int) -> str:
    if money is None:
        raise ValueError("checked before")
    return str(money if sign > 0 else -money)


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor


def _sum(amounts: Iterable[Money | None]) -> int:
    return sum(money.minor for money in amounts if money is not None)
