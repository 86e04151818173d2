"""What an invoice is made of: the parts of every line sum to it."""

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.services.invoice_explanation import explain_invoice
from finance import CATALOG, bought
from invoices import final


def test_usage_repaid_after_its_month_is_explained_beside_what_was_drawn_in_it(
    context: Context,
) -> None:
    opened = at(context, "2026-10-05T00:00:00Z")
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG)
    an_organization(opened)
    bought(opened, "acme", package="hundred")
    use(at(context, "2026-10-20T00:00:00Z"), "acme", 130)
    bought(at(context, "2026-11-03T00:00:00Z"), "acme", package="hundred")
    invoice = final(at(context, "2026-11-05T00:00:00Z"), "2026-10", "acme")
    found = explain_invoice(context, invoice.id)
    drawn = [str(part.credits) for part in found.parts if part.source.startswith("grant_")]
    assert (found.closes, sorted(drawn)) == (True, ["-100", "-30"])
