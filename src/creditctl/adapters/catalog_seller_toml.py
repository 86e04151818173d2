"""The `[seller]` of a catalog file: who sells, and where it is registered for tax."""

import re
from collections.abc import Iterable, Iterator

from creditctl.adapters.catalog_tax_toml import meet, tax_country, tax_regions, validity_of
from creditctl.adapters.toml_source import TomlTable
from creditctl.errors import InvalidInput
from creditctl.rules.catalog import SellerSpec
from creditctl.rules.tax.parties import Registration, Scheme
from creditctl.rules.tax.rates import TaxRate
from creditctl.rules.tax_ids import compact_tax_id

_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_REGION = re.compile(r"[A-Z0-9]{1,3}", re.ASCII)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+")


def seller_of(
    table: TomlTable, currencies: frozenset[str], taxes: tuple[TaxRate, ...]
) -> SellerSpec:
    """The company that sells; raises CatalogInvalid.

    `currencies` are those that something has a price in. A registration needs a rate of its
    country: a sale there would be refused for want of one.
    """
    country = _written_like(table, "country", _COUNTRY, "DE", needed=True)
    seller = SellerSpec(
        legal_name=_line(table, "legal_name", table.text("legal_name")),
        address=tuple(_line(table, "address", line) for line in table.texts("address", ())),
        country=country,
        region=_written_like(table, "region", _REGION, "NY"),
        tax_id=_tax_id(table, country),
        email=_written_like(table, "email", _EMAIL, "billing@example.com"),
        prices_include_tax=_inclusion(table, currencies),
        trusts_check_digits=table.flag("trusts_check_digits", default=False),
        registrations=_registrations(table, taxes),
        street=_line_or_none(table, "street"),
        postcode=_line_or_none(table, "postcode"),
        city=_line_or_none(table, "city"),
        phone=_line_or_none(table, "phone"),
        bank=tuple(_line(table, "bank", line) for line in table.texts("bank", ())),
    )
    table.finish()
    return seller


def _line(table: TomlTable, key: str, text: str) -> str:
    if not text.strip() or not text.isprintable():
        table.refuse(key, "must be a line of text, and not empty")
    return text


def _line_or_none(table: TomlTable, key: str) -> str | None:
    text: str | None = table.text(key, None)
    return None if text is None else _line(table, key, text)


def _written_like(
    table: TomlTable, key: str, pattern: re.Pattern[str], example: str, *, needed: bool = False
) -> str:
    text: str = table.text(key, ... if needed else None)
    if text is not None and not pattern.fullmatch(text):
        table.refuse(key, f"{text!r} does not look like one: write it like {example}")
    return text


def _tax_id(table: TomlTable, country: str) -> str | None:
    text: str | None = table.text("tax_id", None)
    if text is None:
        return None
    try:
        return compact_tax_id(text, country)
    except InvalidInput as problem:
        table.refuse("tax_id", problem.detail)


def _inclusion(table: TomlTable, currencies: frozenset[str]) -> bool | tuple[str, ...]:
    """True, false, or the currencies in which prices contain the tax."""
    key = "prices_include_tax"
    words = 'true, false or currencies such as ["EUR"]'
    value = table.value(key, object, words, False)
    if isinstance(value, bool):
        return value
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        table.refuse(key, f"must be {words}")
    for code in value:
        if code not in currencies:
            table.refuse(key, f"nothing has a price in {code!r}: {', '.join(sorted(currencies))}")
    return tuple(value) or False


def _registrations(table: TomlTable, taxes: tuple[TaxRate, ...]) -> tuple[Registration, ...]:
    found: list[Registration] = []
    for entry in table.tables("registrations"):
        for registration in _registrations_of(entry):
            _refuse_second(entry, registration, found)
            _refuse_without_rates(entry, registration, taxes)
            found.append(registration)
    return tuple(found)


def _registrations_of(table: TomlTable) -> Iterator[Registration]:
    country = tax_country(table)
    regions = tax_regions(table, country)
    scheme = Scheme(table.choice("scheme", tuple(Scheme), Scheme.FULL))
    names = table.texts("taxes", ())
    validity = validity_of(table, None)
    table.finish()
    for region in regions or (None,):
        yield Registration(country, region, scheme, names, validity)


def _refuse_second(table: TomlTable, one: Registration, earlier: Iterable[Registration]) -> None:
    for other in earlier:
        same = (one.country, one.region, one.scheme) == (other.country, other.region, other.scheme)
        if same and one.taxes == other.taxes and meet(one.validity, other.validity):
            table.refuse("country", "is registered like this on these days already")


def _refuse_without_rates(table: TomlTable, one: Registration, taxes: tuple[TaxRate, ...]) -> None:
    if one.scheme is Scheme.ONE_STOP_SHOP:
        return  # Which member states its buyers live in, nobody knows before the sale.
    here = [rate for rate in taxes if rate.country == one.country]
    here = [rate for rate in here if one.region is None or rate.region in (None, one.region)]
    if not here:
        table.refuse("country", "has no rate: add it under [[taxes]], a rate of 0 too")
    for name in one.taxes:
        if name not in {rate.name for rate in here}:
            table.refuse("taxes", f"{name!r} has no rate under [[taxes]]")
