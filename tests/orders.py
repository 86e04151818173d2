"""Order forms for tests: drafted, signed and put in force in one line."""

from datetime import date
from decimal import Decimal
from typing import Any

from creditctl.context import Context
from creditctl.rules.order_forms import LineTerms, OrderTerms, Schedule
from creditctl.rules.units import Credits
from creditctl.services.money_verbs import NO_RAILS, Rails
from creditctl.services.order_drafts import AmendRequest, DraftRequest, amend_order, create_order
from creditctl.services.order_outcomes import ActivatedOrder
from creditctl.services.order_steps import ActivateRequest, SignRequest, activate, sign

NOVEMBER = date(2026, 11, 1)


def a_line(credits: str = "1200", *, times: int = 1, **terms: Any) -> LineTerms:
    """Credits at 0.008 from November on, in as many months."""
    splits, every = terms.pop("splits", "both"), terms.pop("every", "month")
    schedule = Schedule(times=times, every=every, splits=splits)
    defaults = {"starts_on": NOVEMBER, "unit_price": Decimal("0.008"), "schedule": schedule}
    return LineTerms(credits=Credits.parse(credits), **(defaults | terms))


def a_draft(context: Context, *lines: LineTerms, slug: str = "acme", **terms: Any) -> str:
    """The id of a new draft."""
    agreed = OrderTerms(**{"currency": "USD", "lines": lines or (a_line(),)} | terms)
    return create_order(context, DraftRequest(organization=slug, terms=agreed)).id


def signed(context: Context, order: str) -> str:
    """The same, signed by Ann."""
    return sign(context, SignRequest(order=order, signer="Ann Example")).id


def a_signed_order(context: Context, *lines: LineTerms, slug: str = "acme", **terms: Any) -> str:
    """The id of a signed order form."""
    return signed(context, a_draft(context, *lines, slug=slug, **terms))


def in_force(context: Context, order: str, rails: Rails = NO_RAILS) -> ActivatedOrder:
    """Activate a signed order form."""
    return activate(context, ActivateRequest(order=order, reason="deal"), rails)


def an_order(context: Context, *lines: LineTerms, slug: str = "acme", **terms: Any) -> str:
    """The id of an order form in force."""
    return in_force(context, a_signed_order(context, *lines, slug=slug, **terms)).id


def an_amendment(context: Context, order: str, *lines: LineTerms) -> str:
    """The id of a draft that amends the order form."""
    agreed = OrderTerms(currency="USD", lines=lines or (a_line(),))
    return amend_order(context, AmendRequest(order=order, terms=agreed, reason="grew")).id
