"""Documents from the books: receipts, order forms and invoices in the company's style."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import pytest

from builders import an_organization, at, open_books, use
from creditctl.context import Context
from creditctl.documents.document import Document, Kind
from creditctl.errors import Conflict, FileMissing, InvalidInput, NotFound
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Credits, Money
from creditctl.services.documents import FORMATS, rendered, style_of, write_document
from creditctl.services.invoice_document import invoice_document
from creditctl.services.invoicing import generate_invoices
from creditctl.services.order_document import order_document
from creditctl.services.purchases import BuyRequest, buy
from creditctl.services.receipt_document import receipt_document
from creditctl.services.settling import SettleRequest, settle
from creditctl.store.engine import unit_of_work
from creditctl.store.queries.orgs import find_organization, update_organization
from documents.samples import an_invoice
from documents.test_pdf import PNG
from orders import a_draft, a_line, signed
from selling import applied

SELLER = ("Example GmbH", ("Lange Gasse 1", "10115 Berlin"), "DE", "DE136695976")


@pytest.fixture
def shop(context: Context, tmp_path: Path) -> Context:
    """Example GmbH of Berlin, and an organization in New York."""
    applied(context, tmp_path)
    an_organization(context, "acme")
    known(context, legal_name="Acme Inc.", country="US", region="NY", tax_id="12-3456789")
    return context


def known(context: Context, **columns: object) -> None:
    with unit_of_work(context.database) as unit:
        update_organization(unit, find_organization(unit, "acme").id, **columns)


def a_receipt(context: Context, money: str, **more: str) -> Document:
    amount, currency = money[:-3], money[-3:]
    request = BuyRequest(
        organization="acme", reason="test", total=Money.parse(amount, currency), **more
    )
    purchase = buy(context, request).id
    settle(context, SettleRequest(purchase=purchase, reference="b1", reason="bank"))
    return receipt_document(context, purchase)


def styled(context: Context, **settings: str) -> Context:
    documents = MappingProxyType(settings)
    return replace(context, settings=replace(context.settings, documents=documents))


def test_a_receipt_has_seller_buyer_taxes_and_the_net_price_where_tax_comes_on_top(
    shop: Context,
) -> None:
    receipt = a_receipt(shop, "105USD", reference="PO-7")
    # Texas and New York: 6.25 % of 80 % is 5 % in all; 105 / 1.05 = 100.
    assert (receipt.kind, receipt.number) == (Kind.RECEIPT, "R-2026-000001")
    assert (receipt.issued_on, receipt.dated) == (date(2026, 11, 1), date(2026, 11, 1))
    seller = receipt.seller
    assert (seller.name, seller.lines, seller.address.country, seller.tax_id) == SELLER
    buyer = receipt.buyer
    assert (buyer.name, buyer.address.region, buyer.tax_id) == ("Acme Inc.", "NY", "12-3456789")
    (row,) = receipt.rows
    assert (row.description, row.quantity, row.unit_price, str(row.amount)) == (
        "API credits",
        Credits.parse("10000"),
        Decimal("0.01"),
        "100.00",
    )
    (tax,) = receipt.taxes
    assert (tax.name, tax.place, str(tax.taxable), str(tax.tax)) == (
        "Sales tax",
        "US-NY",
        "80.00",
        "5.00",
    )
    assert not receipt.prices_include_tax
    assert (str(receipt.net), str(receipt.total), str(receipt.due)) == ("100.00", "105.00", "0.00")
    assert dict(receipt.references)["reference"] == "PO-7"


def test_where_prices_include_the_tax_the_line_is_what_was_advertised(shop: Context) -> None:
    known(shop, country="DE", region=None, tax_id=None)
    receipt = a_receipt(shop, "50EUR")
    (row,) = receipt.rows
    assert receipt.prices_include_tax
    assert (str(row.amount), str(receipt.net), str(receipt.tax)) == ("50.00", "42.02", "7.98")
    assert "Amount with tax (EUR)" in rendered(shop, receipt, "text").decode()


def test_a_receipt_without_tax_says_why(shop: Context) -> None:
    known(shop, country="JP", region=None, tax_id=None)
    receipt = a_receipt(shop, "50USD")
    (notice,) = receipt.notices
    assert "EU VAT" in notice
    assert " ".join(notice.split()) in " ".join(rendered(shop, receipt, "text").decode().split())


def test_a_receipt_of_a_company_that_never_named_itself_has_no_seller(
    context: Context,
) -> None:
    open_books(context)
    an_organization(context, "acme")
    receipt = a_receipt(context, "50USD")
    assert receipt.seller.name == ""
    for format_name in ("pdf", "html", "text"):
        assert rendered(context, receipt, format_name)


def test_an_unpaid_purchase_has_no_receipt(shop: Context) -> None:
    request = BuyRequest(organization="acme", reason="test", total=Money.parse("50", "USD"))
    with pytest.raises(Conflict):
        receipt_document(shop, buy(shop, request).id)
    with pytest.raises(NotFound):
        receipt_document(shop, "pur_none")


def test_an_order_form_is_a_draft_until_it_is_signed(shop: Context) -> None:
    lines = (a_line(times=12), a_line("500"))
    order = a_draft(shop, *lines, po_number="PO-9", terms="Net 30.")
    draft = order_document(shop, order)
    assert (draft.is_draft, draft.signer, draft.terms) == (True, None, "Net 30.")
    assert dict(draft.references) == {"order": order, "version": "1", "po_number": "PO-9"}
    assert [str(row.amount) for row in draft.rows] == ["9.60", "4.00"]
    assert draft.rows[0].description == "API credits, from 2026-11-01, no expiry"
    (table,) = draft.appendices
    assert table.columns == ("day", "line", "credits", "amount")
    assert len(table.rows) == 13
    assert (draft.seller.name, draft.buyer.name) == ("Example GmbH", "Acme Inc.")
    final = order_document(shop, signed(shop, order))
    assert (final.number, final.signer, final.signed_on) == (
        order,
        "Ann Example",
        date(2026, 11, 1),
    )


def test_an_order_form_that_delivers_at_once_needs_no_table_of_instalments(shop: Context) -> None:
    assert order_document(shop, a_draft(shop)).appendices == ()


def test_an_invoice_of_the_books_is_a_draft_with_its_lines(shop: Context) -> None:
    use(at(shop, "2026-10-20T10:00:00Z"), "acme", path="/quotes", requests=10)
    generate_invoices(shop, parse_month("2026-10"))
    draft = invoice_document(shop, "acme", parse_month("2026-10"))
    assert (draft.kind, draft.is_draft, draft.due) == (Kind.INVOICE, True, None)
    assert (draft.starts_on, draft.ends_on) == (date(2026, 10, 1), date(2026, 10, 31))
    assert draft.rows[0].description.endswith("(10 requests)")
    assert draft.net is not None
    assert sum(row.amount.minor for row in draft.rows if row.amount) == draft.net.minor
    assert b"Draft" in rendered(shop, draft, "html")


def test_a_document_is_written_whole_or_not_at_all(context: Context, tmp_path: Path) -> None:
    target = tmp_path / "invoice.pdf"
    written = write_document(context, an_invoice(), target, "pdf")
    assert written.bytes == target.stat().st_size
    assert (written.kind, written.number) == ("invoice", "RE-2026-000042")
    before = target.read_bytes()
    with pytest.raises(InvalidInput):
        write_document(context, an_invoice(), target, "pdf", locale="klingon")
    with pytest.raises(FileMissing):
        write_document(context, an_invoice(), tmp_path / "none" / "x.pdf", "pdf")
    assert target.read_bytes() == before
    assert list(tmp_path.glob("tmp*")) == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_an_invoice(name: str, context: Context) -> None:
    assert rendered(context, an_invoice(), name)


def test_a_format_that_is_none_is_refused(context: Context) -> None:
    with pytest.raises(InvalidInput, match="no document is 'docx'"):
        rendered(context, an_invoice(), "docx")


def test_the_settings_make_the_style(context: Context, tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(PNG)
    settings = {
        "locale": "de",
        "paper": "letter",
        "logo": str(logo),
        "footer": "HRB 4711",
        "payment": "Bank Köln\nBIC BYLADEM1001",
        "iban": "DE02 1203 0000 0000 2020 51",
        "pdfa": "True",
        "fonts": str(tmp_path),
    }
    style = style_of(settings)
    assert (style.locale, style.paper, style.pdfa, style.logo) == ("de", "letter", True, PNG)
    assert style.iban == "DE02120300000000202051"
    assert style.payment_lines[-1] == "IBAN DE02 1203 0000 0000 2020 51"
    assert rendered(styled(context, **settings), an_invoice(), "pdf").startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"colour": "red"}, "unknown setting 'colour'"),
        ({"paper": "a5"}, "no paper is 'a5'"),
        ({"pdfa": "perhaps"}, "pdfa is true or false"),
        ({"iban": "DE02120300000000202052"}, "is no IBAN"),
        ({"logo": "/nowhere/logo.png"}, "logo /nowhere/logo.png"),
        ({"logo": "/dev/zero"}, "logo /dev/zero holds more than 1,000,000 bytes"),
        ({"fonts": "/nowhere"}, "fonts /nowhere is no folder"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings: dict[str, str], told: str) -> None:
    with pytest.raises((InvalidInput, FileMissing), match=told):
        style_of(settings)
