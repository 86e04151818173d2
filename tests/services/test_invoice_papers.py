"""Final invoices and credit notes as documents, and as electronic invoices of the books."""

import io
from datetime import date

import pytest

from builders import CATALOG, an_organization, at, open_books
from creditctl.context import Context
from creditctl.documents.document import Document, Kind
from creditctl.errors import InvalidInput, InvoiceNotFound, NotFound
from creditctl.rules.units import Money
from creditctl.services.credit_note_document import credit_note_document, show_credit_note
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.demo import run_main_job
from creditctl.services.documents import rendered
from creditctl.services.invoice_document import document_named, invoice_document
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.org_facts import OrgFacts
from creditctl.services.org_tax import TaxStanding
from creditctl.services.orgs import update_organization_facts
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.reversals import ReverseRequest, reverse_grant
from creditctl.services.settling import SettleRequest, settle
from documents.schematron import broken_rules
from invoices import GERMAN_SELLER, OCTOBER, final, sold_in_germany, used

NUMBER = "INV-2026-000001"
GERMAN = OrgFacts(country="DE", street="Kurze Gasse 2", postcode="80331", city="München")


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: acme of Munich used 10,000 credits in October: 100.00 and 19.00 of tax."""
    sold_in_germany(at(context, "2026-10-01T00:00:00Z"))
    return used_by_acme(context)


@pytest.fixture
def addressed(context: Context) -> Context:
    """The same, and the seller's address is told in parts, as electronic invoices want it."""
    parts = 'street = "Lange Gasse 1"\npostcode = "10115"\ncity = "Berlin"'
    seller = GERMAN_SELLER.replace('address = ["Lange Gasse 1", "10115 Berlin"]', parts)
    open_books(at(context, "2026-10-01T00:00:00Z"), CATALOG + seller)
    return used_by_acme(context)


def used_by_acme(context: Context) -> Context:
    october = at(context, "2026-10-01T00:00:00Z")
    an_organization(october)
    update_organization_facts(october, "acme", GERMAN)
    used(context, ("2026-10-10T00:00:00Z", 10_000))
    return at(context, "2026-11-10T00:00:00Z")


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def credited(context: Context, amount: str | None = None, line: int | None = None) -> str:
    request = CreditNoteRequest(
        invoice=NUMBER,
        reason="outage",
        amount=usd(amount) if amount else None,
        line=line,
    )
    return issue_credit_note(context, request).number


def test_a_final_invoice_says_everything_that_was_frozen(books: Context) -> None:
    final(books)
    update_organization_facts(books, "acme", OrgFacts(legal_name="Renamed", street="Elsewhere 9"))
    document = invoice_document(books, NUMBER)
    assert (document.kind, document.number) == (Kind.INVOICE, NUMBER)
    assert (document.issued_on, document.due_on) == (date(2026, 11, 10), date(2026, 11, 24))
    assert (document.starts_on, document.ends_on) == (date(2026, 10, 1), date(2026, 10, 31))
    assert (document.buyer.name, document.buyer.lines) == (
        "acme",
        ("Kurze Gasse 2", "80331 München"),
    )
    assert document.rows[0].description == "Rows API (1 request)"
    (tax,) = document.taxes
    figures = (document.net, document.tax, tax.taxable, document.total, document.due)
    assert [str(figure) for figure in figures] == ["100.00", "19.00", "100.00", "119.00", "119.00"]


def test_what_arrived_and_was_credited_is_taken_off_what_is_due(books: Context) -> None:
    final(books)
    part = PayRequest(invoice=NUMBER, reference="b1", reason="bank", amount=usd("50"))
    pay_invoice(books, part)
    number = credited(books, "11.90")
    document = invoice_document(books, NUMBER)
    assert (str(document.paid), str(document.credited), str(document.due)) == (
        "50.00",
        "11.90",
        "57.10",
    )
    payments, notes = document.appendices
    assert payments.rows == (("b1", date(2026, 11, 10), usd("50")),)
    assert notes.rows == ((number, date(2026, 11, 10), usd("11.90")),)
    text = rendered(books, document, "text").decode()
    sums = [line.split() for line in text.replace("$", "").splitlines() if ":  " in line]
    assert sums == [
        ["Net:", "100.00"],
        ["VAT", "DE", "19%", "on", "100.00:", "19.00"],
        ["Total:", "119.00"],
        ["Paid:", "50.00"],
        ["Amount", "due:", "69.00"],
        ["Credited:", "11.90"],
        ["Due", "after", "credit", "notes:", "57.10"],
    ]


def test_page_and_electronic_invoice_agree_about_what_is_due_after_a_credit_note(
    addressed: Context,
) -> None:
    final(addressed)
    part = PayRequest(invoice=NUMBER, reference="b1", reason="bank", amount=usd("50"))
    pay_invoice(addressed, part)
    before = rendered(addressed, invoice_document(addressed, NUMBER), "cii")
    credited(addressed, "11.90")
    document = invoice_document(addressed, NUMBER)
    valid(addressed, document)
    # 119.00 less what was paid; the credit note is an electronic document of its own.
    cii, ubl = (rendered(addressed, document, syntax).decode() for syntax in ("cii", "ubl"))
    assert "<ram:TotalPrepaidAmount>50.00<" in cii
    assert "<ram:DuePayableAmount>69.00<" in cii
    assert '<cbc:PrepaidAmount currencyID="USD">50.00<' in ubl
    assert '<cbc:PayableAmount currencyID="USD">69.00<' in ubl
    assert cii.encode() == before
    import facturx
    import pypdf

    name, carried = facturx.get_xml_from_pdf(pdf := rendered(addressed, document, "facturx"))
    assert (name, carried) == ("factur-x.xml", before)
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    for words in ("Amount due $69.00", "Credited $11.90", "Due after credit notes $57.10"):
        assert words in page


def test_an_invoice_that_was_credited_in_full_has_nothing_left_on_its_page(
    addressed: Context,
) -> None:
    final(addressed)
    credited(addressed)
    document = invoice_document(addressed, NUMBER)
    valid(addressed, document)
    assert "<ram:DuePayableAmount>119.00<" in rendered(addressed, document, "cii").decode()
    text = " ".join(rendered(addressed, document, "text").decode().split())
    assert "Amount due: $119.00 Credited: $119.00 Due after credit notes: $0.00" in text


def test_a_void_invoice_says_so_and_nothing_is_due(books: Context) -> None:
    final(books)
    void_invoice(books, VoidRequest(invoice=NUMBER, reason="wrong"))
    document = invoice_document(books, NUMBER)
    assert (document.is_void, document.due) == (True, None)
    assert rendered(books, document, "text").startswith(b"Invoice INV-2026-000001 (Void)")
    assert b'class="draft">Void<' in rendered(books, document, "html")
    for format_name in ("cii", "ubl", "facturx"):
        with pytest.raises(InvalidInput, match=f"{NUMBER} is void, which EN 16931 cannot say"):
            rendered(books, document, format_name)


def test_a_credit_note_is_a_document_of_its_own(books: Context) -> None:
    final(books)
    number = credited(books, "11.90")
    document = document_named(books, number)
    assert (document.kind, document.number, document.corrects) == (
        Kind.CREDIT_NOTE,
        "CN-2026-000001",
        NUMBER,
    )
    (row,) = document.rows
    assert (row.description, str(row.amount)) == ("outage", "10.00")
    assert (str(document.net), str(document.tax), str(document.total)) == ("10.00", "1.90", "11.90")
    assert show_credit_note(books, number).due == usd("107.10")
    whole = credit_note_document(books, credited(at(books, "2026-11-11T00:00:00Z"), line=None))
    assert str(whole.total) == "107.10"
    with pytest.raises(NotFound, match="no credit note"):
        document_named(books, "CN-2026-000009")
    with pytest.raises(InvoiceNotFound):
        document_named(books, "INV-2026-000009")


def test_a_credit_note_of_a_line_names_the_line(books: Context) -> None:
    final(books)
    (row,) = credit_note_document(books, credited(books, line=1)).rows
    assert row.description == "Rows API: outage"


def valid(context: Context, document: Document) -> None:
    """It breaks neither the XSD, which the library checks, nor a rule of the standard."""
    for syntax in ("cii", "ubl"):
        assert broken_rules(rendered(context, document, syntax), syntax) == []
    assert rendered(context, document, "facturx").startswith(b"%PDF-")


@pytest.fixture
def company(context: Context) -> Context:
    """finfeedapi of Dublin on 10 November, with the tax ids that its buyers gave."""
    run_main_job(context, "finfeedapi")
    return at(context, "2026-11-10T00:00:00Z")


def test_the_sample_companys_invoices_are_valid_electronic_invoices(company: Context) -> None:
    standard = final(company, OCTOBER, "atlas-research")
    assert (standard.treatment, str(standard.taxes[0].percent)) == ("eu_origin", "23")
    valid(company, invoice_document(company, str(standard.number)))
    note = issue_credit_note(
        company,
        CreditNoteRequest(invoice=str(standard.number), reason="outage", amount=usd("1.23")),
    )
    valid(company, credit_note_document(company, note.number))


def test_a_reverse_charge_of_the_sample_company_is_valid_and_so_is_its_credit_note(
    company: Context,
) -> None:
    confirmed = TaxStanding(tax_id_confirmed=True)
    tax_id = OrgFacts(tax_id="DE136695976")
    update_organization_facts(company, "atlas-research", tax_id, confirmed)
    invoice = final(company, OCTOBER, "atlas-research")
    assert (invoice.treatment, str(invoice.tax)) == ("reverse_charge", "0.00")
    document = invoice_document(company, str(invoice.number))
    assert "Reverse charge" in document.notices[0]
    valid(company, document)
    request = CreditNoteRequest(invoice=str(invoice.number), reason="all of it")
    valid(company, credit_note_document(company, issue_credit_note(company, request).number))


def test_an_export_of_the_sample_company_is_valid(company: Context) -> None:
    invoice = final(company, OCTOBER, "zenith-traders")
    assert invoice.treatment == "export"
    valid(company, invoice_document(company, str(invoice.number)))


@pytest.mark.parametrize(
    ("slug", "treatment"),
    [("atlas-research", "eu_origin"), ("zenith-traders", "export")],
)
def test_a_credit_note_of_a_receipt_is_a_valid_electronic_one(
    company: Context, slug: str, treatment: str
) -> None:
    total = Money.parse("50", "USD")
    order = buy(company, BuyRequest(organization=slug, total=total, reason="test"))
    assert order.treatment == treatment
    paid = settle(company, SettleRequest(purchase=order.id, reference="bank", reason="test"))
    request = ReverseRequest(grant=str(paid.grant), reason="wrong organization")
    (note,) = reverse_grant(company, request).credit_notes
    document = credit_note_document(company, note.number)
    assert document.corrects == paid.receipt
    valid(company, document)


def test_what_an_electronic_invoice_lacks_is_named(books: Context) -> None:
    october = at(books, "2026-10-01T00:00:00Z")
    an_organization(october, "beta")
    update_organization_facts(october, "beta", OrgFacts(country="DE"))
    used(books, ("2026-10-10T00:00:00Z", 10), slug="beta")
    invoice = final(books, slug="beta")
    document = invoice_document(books, str(invoice.number))
    with pytest.raises(InvalidInput, match=r"seller\.address\.city.*buyer\.address\.postcode"):
        rendered(books, document, "cii")
