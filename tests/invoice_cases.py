"""Worked invoices from their table: what happens, in steps, through the real services."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

from builders import CATALOG, give, open_books, use
from creditctl.context import Context
from creditctl.rules.instants import parse_instant
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits
from creditctl.services.grants import NewGrant, add_grant
from creditctl.services.invoices import Invoice, show_invoice
from creditctl.services.invoicing import generate_invoices
from creditctl.services.limits_check import check_limits
from creditctl.services.merging import MergeRequest, merge_organizations
from creditctl.services.org_facts import NO_FACTS, OrgFacts
from creditctl.services.orgs import create_organization, update_organization_facts
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.subscription_changes import ChangeRequest, change_subscription
from creditctl.services.subscriptions import create_subscription
from creditctl.services.waivers import WaiveRequest, waive
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.queries.catalog import product_ids
from creditctl.store.queries.orgs import find_organization
from invoices import GERMAN_SELLER, final
from orders import a_line, an_order
from plans import CATALOG as PLANS

FILE = Path(__file__).parent / "examples/invoices/cases.toml"
CASES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {case["name"]: case for case in tomllib.loads(FILE.read_text())["case"]}
)

_CANADIAN_SELLER = """
[seller]
legal_name = "Example Inc."
address = ["1 Rue Exemple", "Montreal"]
country = "CA"
region = "QC"

[[seller.registrations]]
country = "CA"
taxes = ["GST"]

[[seller.registrations]]
country = "CA"
regions = ["QC"]
taxes = ["QST"]

[[taxes]]
country = "CA"
name = "GST"
percent = 5
valid_from = 2021-01-01

[[taxes]]
country = "CA"
regions = ["QC"]
name = "QST"
percent = "9.975"
valid_from = 2021-01-01
"""
_TRUSTING = GERMAN_SELLER.replace(
    'tax_id = "DE136695976"', 'tax_id = "DE136695976"\ntrusts_check_digits = true'
)
_SELLERS = {
    "": "",
    "DE": _TRUSTING,
    "DE, inclusive": _TRUSTING.replace(
        "trusts_check_digits", 'prices_include_tax = ["EUR"]\ntrusts_check_digits'
    ),
    "CA": _CANADIAN_SELLER,
}
_PRICES = '[list_prices]\nEUR = "0.0092"\nJPY = "1.5"\nKWD = "0.0031"\n[tiers]'


def run_case(context: Context, case: Mapping[str, Any]) -> tuple[Context, Invoice | None]:
    """Take every step, draft the month, and show the invoice, if there is one; with the time."""
    settings = replace(context.settings, invoice_minimum={"USD": case.get("minimum", 0)})
    context = replace(context, settings=settings)
    begin = min(_time(step) for step in case["steps"])
    start = replace(context, now=begin - timedelta(days=1))
    open_books(start, _catalog(case.get("seller", "")))
    facts = {name: case.get(name) for name in ("country", "region", "currency", "tax_id")}
    device = "phone" if case.get("guest") else None
    create_organization(start, "acme", OrgFacts(**facts), device_id=device)
    if any(step.endswith("beta") for step in case["steps"]):
        create_organization(start, "beta")
    for step in case["steps"]:
        _, verb, *words = step.split(" ")
        _STEPS[verb](replace(context, now=_time(step)), *words)
    month = parse_month(case["month"])
    after = replace(context, now=month.ends_at + timedelta(days=4))
    run = generate_invoices(after, month)
    assert run.parked == ()
    made = any(row.organization == "acme" for row in run.invoices)
    return after, show_invoice(after, "acme", month) if made else None


def _time(step: str) -> Any:
    return parse_instant(step.split(" ", 1)[0])


def _catalog(seller: str) -> str:
    plans = PLANS[PLANS.index("[plans.small]") : PLANS.index("[guest]")]
    text = CATALOG.replace("[tiers]", _PRICES).replace("[guest]", f"{plans}[guest]")
    return text.replace("2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z") + _SELLERS[seller]


def _used(context: Context, rows: str, slug: str = "acme") -> None:
    use(context, slug, int(rows))


def _bought(context: Context, credits: str) -> None:
    _granted(context, "purchase", credits, unit_cost=Decimal("0.01"), currency="USD")
    check_limits(context)


def _restricted(context: Context, credits: str, product: str) -> None:
    with reading(context.database) as unit:
        product_id = product_ids(unit)[product]
    _granted(context, "order_form", credits, product_id=product_id)


def _granted(context: Context, source: str, credits: str, **terms: Any) -> None:
    amount = Credits.parse(credits)
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, "acme").id
        new = NewGrant(organization_id=owner, source=source, amount=amount, reason="test", **terms)
        add_grant(unit, context, new)


def _unwound(context: Context) -> None:
    with unit_of_work(context.database) as unit:
        grant = str(unit.fetch_value("SELECT public_id FROM credit_grant ORDER BY id LIMIT 1"))
    reverse_grant(context, ReverseRequest(grant=grant, reason="charged back", unwind=True))


def _ordered(context: Context, credits: str, times: str) -> None:
    an_order(context, a_line(credits, times=int(times)))


_STEPS: Mapping[str, Callable[..., object]] = {
    "plan": lambda context, plan: create_subscription(context, "acme", plan),
    "change": lambda context, plan: change_subscription(
        context, ChangeRequest(organization="acme", plan=plan, reason="grew")
    ),
    "use": _used,
    "third": lambda context, count: use(context, "acme", path="/third", requests=int(count)),
    "buy": _bought,
    "give": lambda context, credits: give(context, "acme", credits),
    "restrict": _restricted,
    "check": check_limits,
    "waive": lambda context, credits: waive(
        context,
        WaiveRequest(organization="acme", reason="outage", amount=Credits.parse(credits)),
    ),
    "merge": lambda context, other: merge_organizations(
        context, MergeRequest(source=other, target="acme", reason="same")
    ),
    "align": lambda context: update_organization_facts(context, "acme", NO_FACTS, aligned=True),
    "order": _ordered,
    "unwind": _unwound,
    "draft": lambda context, month: generate_invoices(context, parse_month(month)),
    "final": final,
}
