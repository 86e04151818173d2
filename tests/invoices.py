"""Invoices for tests: a month that is used, drafted and made final."""

from builders import CATALOG, at, open_books, use
from creditctl.context import Context
from creditctl.rules.periods import parse_month
from creditctl.services.finalizing import FinalizeRequest, FinalizeRun, finalize_invoices
from creditctl.services.invoices import Invoice, show_invoice
from creditctl.services.invoicing import generate_invoices

GERMAN_SELLER = """
[seller]
legal_name = "Example GmbH"
address = ["Lange Gasse 1", "10115 Berlin"]
country = "DE"
tax_id = "DE136695976"

[[seller.registrations]]
country = "DE"

[[taxes]]
country = "DE"
name = "VAT"
percent = 19
valid_from = 2021-01-01
"""
OCTOBER = "2026-10"


def used(context: Context, *rows: tuple[str, int], slug: str = "acme") -> None:
    """Usage at these times; a row costs a credit, 0.01 USD beyond all credits."""
    for time, count in rows:
        use(at(context, time), slug, count)


def drafted(context: Context, month: str = OCTOBER, slug: str = "acme") -> Invoice:
    """The draft of a month, made anew."""
    generate_invoices(context, parse_month(month))
    return show_invoice(context, slug, parse_month(month))


def finalized(context: Context, month: str = OCTOBER, **request: object) -> FinalizeRun:
    """Make the month's drafts final, whenever it is."""
    wanted = {"month": month, "at_once": True} | request
    return finalize_invoices(context, FinalizeRequest(**wanted))  # type: ignore[arg-type]


def final(context: Context, month: str = OCTOBER, slug: str = "acme") -> Invoice:
    """The month's invoice of an organization, drafted and made final."""
    drafted(context, month, slug)
    finalized(context, month, organization=slug)
    return show_invoice(context, slug, parse_month(month))


def sold_in_germany(context: Context, catalog: str = CATALOG) -> None:
    """Open the books of a German seller."""
    open_books(context, catalog + GERMAN_SELLER)
