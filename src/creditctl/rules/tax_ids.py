"""Tax ids: checked by their country's rules and kept in one form, so that two can be compared."""

import re

from creditctl.errors import InvalidInput

_KINDS = ("vat", "gstin", "abn", "uid", "ein", "tin", "cn", "uen", "cnpj", "bn", "idnr")
"""Kinds of number that companies are taxed by, the most usual first."""

_ANY = re.compile(r"[A-Z0-9]{4,20}", re.ASCII)


def compact_tax_id(text: str, country: str | None) -> str:
    """The id without spaces and dots, its country before it: `DE136695976`.

    Check digits are verified by python-stdnum where it knows the country. Raises InvalidInput.
    """
    from stdnum import get_cc_module
    from stdnum.exceptions import ValidationError

    if country is None:
        raise InvalidInput(
            "a tax id means nothing without its country", hint="add --country, such as DE"
        )
    known = [module for kind in _KINDS if (module := get_cc_module(country.lower(), kind))]
    for module in known:
        # Some countries write their code before the number, others do not know it.
        for candidate in (text, text.strip().upper().removeprefix(country)):
            try:
                number = str(module.validate(candidate))
            except ValidationError:
                continue
            return country + number.upper().removeprefix(country)
    number = re.sub(r"[\s./-]", "", text).upper()
    if known or not _ANY.fullmatch(number):
        raise InvalidInput(
            f"{text!r} is no tax id of {country}", hint="check the digits, and --country"
        )
    return country + number.removeprefix(country)
