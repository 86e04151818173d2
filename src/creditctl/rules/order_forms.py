"""Order forms: what is agreed before credits are sold by contract (DESIGN 3.4, [FF])."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from creditctl.rules.units import Credits, Money

MONTHS_EVERY = {"month": 1, "quarter": 3, "year": 12}
SPLITS = ("both", "credits", "money")
"""What a schedule splits: credits and money, or one of them while the other comes at the start."""

MOST_TIMES = 120
LONGEST_DAYS, LONGEST_MONTHS = 36_500, 1_200


class LineProblem(Exception):
    """A line that cannot be; its caller says where the line stands."""

    def __init__(self, field: str, words: str) -> None:
        self.field = field
        self.words = words
        super().__init__(f"{field}: {words}")


@dataclass(frozen=True, slots=True)
class Offer:
    """What the catalog says that order forms build on."""

    currency: str
    list_price: Decimal
    products: tuple[str, ...]
    list_prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Those of further currencies."""

    def list_price_in(self, currency: str) -> Decimal | None:
        """Money for a credit in that currency, where the catalog says it."""
        return self.list_price if currency == self.currency else self.list_prices.get(currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Equal instalments: `times` of them, the first on the line's start."""

    times: int
    every: str = "month"
    splits: str = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An instalment written out: what is delivered, what is billed, or both, on a day."""

    on: date
    credits: Credits | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineTerms:
    """A line as it was agreed; priced by `unit_price` or by `discount` (percent off the list)."""

    credits: Credits
    starts_on: date
    unit_price: Decimal | None = None
    discount: Decimal | None = None
    product: str | None = None
    expires_on: date | None = None
    expires_after_days: int | None = None
    expires_after_months: int | None = None
    schedule: Schedule | None = None
    parts: tuple[Part, ...] = ()

    @property
    def expiry(self) -> str | None:
        """When credits expire, in words; counted from the day on which each part is delivered."""
        if self.expires_on is not None:
            return self.expires_on.isoformat()
        if self.expires_after_days is not None:
            return f"{self.expires_after_days} days"
        if self.expires_after_months is not None:
            return f"{self.expires_after_months} months"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTerms:
    """All that an order form says, before it is signed."""

    currency: str
    lines: tuple[LineTerms, ...]
    po_number: str | None = None
    terms: str | None = None


@dataclass(frozen=True, slots=True)
class Instalment:
    """What is delivered and billed at one time; one of both may be nothing."""

    due_at: datetime
    credits: Credits
    amount: Money
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with its exact price per credit and its instalments, in the order of their days.

    The credits of the instalments sum to the line's, their amounts to `price`.
    """

    terms: LineTerms
    list_price: Decimal | None
    unit_price: Decimal
    price: Money
    instalments: tuple[Instalment, ...]
