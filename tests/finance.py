"""Paid credits, gifts and plans in small numbers, for the tests of finance."""

from builders import at, give, open_books, use
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.closed_months import close_months
from creditctl.services.limits_check import check_limits
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.settling import SettleRequest, settle
from creditctl.services.subscriptions import create_subscription
from creditctl.services.waivers import WaiveRequest, waive
from creditctl.store.engine import unit_of_work
from orders import a_line, an_order

CATALOG = """
[catalog]
name = "finance"
currency = "USD"
list_price = "0.01"
effective_from = 2026-01-01

[list_prices]
EUR = "0.008"
JPY = "2"
KWD = "0.003"

[products.rows]
title = "Rows"
[[products.rows.endpoints]]
method = "GET"
path = "/rows"
data = { per = 1, unit = "rows", credits = 1 }

[products.maps]
title = "Maps"
[[products.maps.endpoints]]
method = "GET"
path = "/maps"
data = { per = 1, unit = "tiles", credits = 1 }

[packages.three]
title = "Three"
credits = 3
price = "10.00"
lifetime_days = 30

[packages.hundred]
title = "Hundred"
credits = 100
price = "1.00"
prices = { EUR = "0.90" }

[plans.monthly]
title = "Monthly"
fee = "49.00"
allowance = 10

[plans.annual]
title = "Annual"
fee = "100.00"
interval = "year"
allowance = 10
"""
"""Three credits for $10.00 do not divide; a hundred for $1.00 do."""

TAXED = f"""{CATALOG}
[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE136695976"
email = "billing@example.com"

[[seller.registrations]]
country = "DE"

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01
"""
"""The same sold by a German seller."""


def bought(
    context: Context, slug: str, *, package: str | None = None, amount: str | None = None
) -> str:
    """Buy a package, or credits for `7.50 EUR`, paid at once; returns the grant's id."""
    total = Money.parse(*amount.split(" ")) if amount else None
    order = buy(context, BuyRequest(organization=slug, package=package, total=total, reason="test"))
    paid = settle(context, SettleRequest(purchase=order.id, reference="bank", reason="test"))
    assert paid.grant is not None
    assert paid.credits > Credits(0)
    return paid.grant


def closed(context: Context, month: str) -> list[str]:
    """Close the books of a month, and of those before it."""
    with unit_of_work(context.database) as unit:
        return close_months(unit, context, parse_month(month), "month end")


def eventful(context: Context) -> Context:
    """September to November with everything that can happen, in four currencies."""
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, TAXED)
    create_organization(opened, "berlin-labs", facts=OrgFacts(country="DE"))
    create_organization(opened, "404-media", facts=OrgFacts(country="US"))
    bought(opened, "berlin-labs", package="three")
    mistake = bought(opened, "404-media", amount="4 EUR")
    bought(opened, "404-media", amount="1000 JPY")
    bought(opened, "404-media", amount="1.234 KWD")
    give(opened, "berlin-labs", "7", expires_at=at(context, "2026-09-25T00:00:00Z").now)
    create_subscription(opened, "berlin-labs", "monthly")
    use(at(context, "2026-09-20T00:00:00Z"), "berlin-labs", 18)
    use(at(context, "2026-09-21T00:00:00Z"), "404-media", 600)
    october = at(context, "2026-10-05T00:00:00Z")
    reverse_grant(october, ReverseRequest(grant=mistake, reason="wrong amount", unwind=True))
    use(october, "berlin-labs", 25, path="/maps")
    bought(at(context, "2026-10-06T00:00:00Z"), "berlin-labs", package="three")
    an_order(at(context, "2026-11-02T00:00:00Z"), a_line("1200", times=3), slug="404-media")
    late = at(context, "2026-11-10T00:00:00Z")
    check_limits(late)
    waive(late, WaiveRequest(organization="berlin-labs", reason="an outage"))
    # What ended on the 10th is booked after its grace.
    check_limits(at(context, "2026-11-30T00:00:00Z"))
    return at(context, "2026-11-30T12:00:00Z")
