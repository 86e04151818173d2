"""Numbers, money, days and labels of a locale; CLDR by Babel, exact: no float is made."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Self
from unicodedata import category

from creditctl.documents.labels import label
from creditctl.errors import DriverMissing, InvalidInput
from creditctl.rules.currencies import currency_exponent
from creditctl.rules.units import Credits, Money

_MARKS = "SZ"
"""Symbols such as $, and separators."""


@dataclass(frozen=True, slots=True)
class Localized:
    """How one locale writes; make it with `of`."""

    locale: Any
    """A `babel.Locale`."""

    @classmethod
    def of(cls, name: str) -> Self:
        """The locale of a name such as `de` or `fr-CH`; raises InvalidInput, DriverMissing."""
        try:
            from babel import Locale, UnknownLocaleError
        except ImportError:
            raise DriverMissing(
                "documents need the package babel", hint="pip install 'creditctl[pdf]'"
            ) from None
        try:
            return cls(Locale.parse(name.replace("-", "_")))
        except (ValueError, UnknownLocaleError):
            raise InvalidInput(
                f"documents: {name!r} is no locale", hint="write it like en, de or fr-CH"
            ) from None

    @property
    def language(self) -> str:
        """Such as `de`."""
        return str(self.locale.language)

    @property
    def region(self) -> str | None:
        """Such as `CH`, where the name had one."""
        return self.locale.territory or None

    @property
    def is_right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return str(self.locale.text_direction) == "rtl"

    def label(self, word: str) -> str:
        """The label for a word of `labels`."""
        return label(self.language, word)

    def country(self, code: str) -> str:
        """The name of a country, by its ISO 3166 code."""
        return str(self.locale.territories.get(code, code))

    def number(self, number: Decimal | int | Credits) -> str:
        """A quantity with all its places, such as 1.200,5."""
        from babel.numbers import format_decimal

        exact = Decimal(str(number)) if isinstance(number, Credits) else Decimal(number)
        written: str = format_decimal(
            exact, locale=self.locale, decimal_quantization=False, numbering_system="latn"
        )
        return self._readable(written)

    def amount(self, money: Money) -> str:
        """An amount without its currency, with the places of ISO 4217, such as 1.200,50."""
        return self._in_places(money, self.locale.decimal_formats[None].pattern.partition(";")[0])

    def money(self, money: Money) -> str:
        """An amount with its currency's sign, such as 1.200,50 €."""
        from babel.numbers import get_currency_symbol

        written = self._in_places(money, self.locale.currency_formats["standard"].pattern)
        sign = get_currency_symbol(money.currency, self.locale)
        # CLDR, currencySpacing: a code or an abbreviation does not touch the digits.
        if category(sign[-1])[0] not in _MARKS:
            written = re.sub(rf"{re.escape(sign)}(?=\d)", f"{sign}\u00a0", written)
        if category(sign[0])[0] not in _MARKS:
            written = re.sub(rf"(?<=\d){re.escape(sign)}", f"\u00a0{sign}", written)
        return written

    def percent(self, percent: Decimal) -> str:
        """A rate given in percent, such as 19 %."""
        from babel.numbers import format_percent

        written: str = format_percent(
            percent.scaleb(-2),
            locale=self.locale,
            decimal_quantization=False,
            numbering_system="latn",
        )
        return self._readable(written)

    def day(self, day: date) -> str:
        """A day as it is written out, such as 3. November 2026."""
        from babel.dates import format_date

        written: str = format_date(day, format="long", locale=self.locale)
        return written

    def short_day(self, day: date) -> str:
        """The same for tables, such as 03.11.2026; the year has four digits."""
        from babel.dates import format_date

        written: str = format_date(day, format="medium", locale=self.locale)
        return written

    def _in_places(self, money: Money, text: str) -> str:
        from babel.numbers import parse_pattern

        places = currency_exponent(money.currency)
        pattern: Any = parse_pattern(text)
        # CLDR's digits differ from ISO 4217 for some currencies: the books' are ISO's.
        pattern.frac_prec = (places, places)
        written: str = pattern.apply(
            Decimal(str(money)),
            self.locale,
            currency=money.currency,
            currency_digits=False,
            numbering_system="latn",
        )
        return self._readable(written)

    def _readable(self, written: str) -> str:
        """From right to left, a sign would move behind its number (CLDR, minusSign)."""
        return written.replace("-", "\u200e-") if self.is_right_to_left else written
