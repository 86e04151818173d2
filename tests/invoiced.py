"""Three months with invoices and everything that becomes of them, for the tests of finance."""

from builders import at, open_books, use
from creditctl.context import Context
from creditctl.rules.units import Money
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.org_facts import OrgFacts
from creditctl.services.orgs import create_organization
from creditctl.services.subscriptions import create_subscription
from finance import TAXED, bought
from invoices import final

INCLUSIVE = TAXED.replace(
    'tax_id = "DE136695976"', 'tax_id = "DE136695976"\nprices_include_tax = true'
)
BERLIN, MEDIA = "berlin-labs", "404-media"


def pay(context: Context, invoice: str, amount: str, reference: str, **facts: object) -> None:
    """Record money of 20.00 USD and the like."""
    request = PayRequest(
        invoice=invoice,
        reference=reference,
        reason="statement",
        amount=Money.parse(amount, "USD"),
        **facts,  # type: ignore[arg-type]
    )
    pay_invoice(context, request)


def credit(context: Context, invoice: str, amount: str | None = None, **line: int) -> None:
    """Take a part of an invoice back, or all that is left."""
    money = None if amount is None else Money.parse(amount, "USD")
    issue_credit_note(
        context, CreditNoteRequest(invoice=invoice, reason="outage", amount=money, **line)
    )


def invoiced(context: Context, catalog: str = TAXED) -> Context:
    """Berlin pays in part, too much and is credited; 404's first invoice is void and made anew.

    September: 110 credits of each, of which Berlin bought 100; October: 300 of Berlin's, and its
    plan from the 10th on.
    """
    opened = at(context, "2026-09-10T12:00:00Z")
    open_books(opened, catalog)
    create_organization(opened, BERLIN, facts=OrgFacts(country="DE"))
    create_organization(opened, MEDIA, facts=OrgFacts(country="DE"))
    bought(opened, BERLIN, package="hundred")
    for slug in (BERLIN, MEDIA):
        use(at(context, "2026-09-20T00:00:00Z"), slug, 110)
    october = at(context, "2026-10-05T00:00:00Z")
    first = final(october, "2026-09", BERLIN).id
    wrong = final(october, "2026-09", MEDIA).id
    pay(october, first, "0.05", "a")
    create_subscription(at(context, "2026-10-10T00:00:00Z"), BERLIN, "monthly")
    use(at(context, "2026-10-20T00:00:00Z"), BERLIN, 310, path="/maps")
    november = at(context, "2026-11-05T00:00:00Z")
    second = final(november, "2026-10", BERLIN).id
    credit(november, second, "10.00")
    pay(november, second, "60.00", 'b; "c"')
    void_invoice(november, VoidRequest(invoice=wrong, reason="wrong address"))
    again = final(at(context, "2026-11-06T00:00:00Z"), "2026-09", MEDIA).id
    credit(at(context, "2026-11-07T00:00:00Z"), again)
    return at(context, "2026-11-30T12:00:00Z")
