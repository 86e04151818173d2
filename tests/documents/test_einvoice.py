"""EN 16931: XSD by the library, the Schematron rules by Saxon, and broken invoices that fail."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from creditctl.documents.document import Address, Document, DocumentTax, Kind, Row
from creditctl.documents.einvoice import cii_xml, facturx_pdf, ubl_xml
from creditctl.documents.style import Style
from creditctl.errors import DriverMissing, InvalidInput
from creditctl.rules.tax.treatment import Treatment
from creditctl.rules.units import Money
from documents.samples import BUYER, ROWS, SELLER, a_reverse_charge, an_invoice, eur
from documents.schematron import broken_rules

WRITERS = {"cii": cii_xml, "ubl": ubl_xml}
TRANSFER = Style(iban="DE02120300000000202051")


def untaxed(treatment: Treatment, notice: str, **changes: Any) -> Document:
    return a_reverse_charge(treatment=treatment, notices=(notice,), **changes)


def a_credit_note() -> Document:
    """206.87 net and 39.31 tax given back, as the books keep it: below zero."""
    (tax,) = an_invoice().taxes
    return an_invoice(
        kind=Kind.CREDIT_NOTE,
        number="GS-2026-000001",
        corrects="RE-2026-000042",
        rows=(Row(description="Correction of November", amount=eur("-206.87")),),
        net=eur("-206.87"),
        tax=eur("-39.31"),
        total=eur("-246.18"),
        taxes=(replace(tax, taxable=eur("-206.87"), tax=eur("-39.31")),),
        paid=None,
        due_on=None,
    )


def two_rates() -> Document:
    rows = (
        Row(description="Standard", amount=eur("100.00"), tax_percent=Decimal(19)),
        Row(description="Reduced", amount=eur("50.00"), tax_percent=Decimal(7)),
    )
    taxes = tuple(
        DocumentTax(
            name="VAT", place="DE", percent=Decimal(percent), taxable=eur(net), tax=eur(tax)
        )
        for percent, net, tax in ((19, "100.00", "19.00"), (7, "50.00", "3.50"))
    )
    return an_invoice(
        rows=rows, taxes=taxes, net=eur("150.00"), tax=eur("22.50"), total=eur("172.50")
    )


def in_yen() -> Document:
    def yen(minor: int) -> Money:
        return Money(minor, "JPY")

    return untaxed(
        Treatment.EXPORT,
        "No tax charged: supplied in JP, outside DE.",
        currency="JPY",
        rows=(Row(description="Plan", amount=yen(1500)),),
        net=yen(1500),
        tax=yen(0),
        total=yen(1500),
        paid=yen(0),
    )


SAMPLES = {
    "domestic": an_invoice(),
    "partly paid": an_invoice(paid=eur("46.18")),
    "with terms, without a due date": an_invoice(due_on=None, terms="Net 30."),
    "reverse charge": a_reverse_charge(),
    "export": untaxed(Treatment.EXPORT, "Not subject to EU VAT: supplied in US (Article 44)."),
    "not registered": untaxed(Treatment.NOT_REGISTERED, "No tax charged: not registered."),
    "exempt": untaxed(Treatment.EXEMPT, "Tax exempt: charity (certificate C-17)."),
    "two rates": two_rates(),
    "credit note": a_credit_note(),
    "no minor units": in_yen(),
}


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", SAMPLES)
def test_an_invoice_breaks_no_rule_of_the_standard(name: str, syntax: str) -> None:
    assert broken_rules(WRITERS[syntax](SAMPLES[name], TRANSFER), syntax) == []


BROKEN = [
    ("cii", b"<ram:GrandTotalAmount>246.18<", b"<ram:GrandTotalAmount>246.19<", "BR-CO-15"),
    ("cii", b"<ram:CalculatedAmount>39.31<", b"<ram:CalculatedAmount>19.31<", "BR-S-09"),
    ("cii", b"<ram:CountryID>FR<", b"<ram:CountryID>ZZ<", "'ram:CountryID' is not allowed"),
    ("ubl", b">246.18</cbc:TaxInclusiveAmount>", b">246.19</cbc:TaxInclusiveAmount>", "BR-CO-15"),
    ("ubl", b">567.87</cbc:LineExtensionAmount>", b">1</cbc:LineExtensionAmount>", "BR-CO-10"),
]


@pytest.mark.parametrize(("syntax", "right", "wrong", "rule"), BROKEN)
def test_a_broken_invoice_fails_by_the_rule_it_breaks(
    syntax: str, right: bytes, wrong: bytes, rule: str
) -> None:
    document = a_reverse_charge() if b"FR" in right else an_invoice()
    xml = WRITERS[syntax](document)
    assert xml.count(right) == 1
    broken = broken_rules(xml.replace(right, wrong), syntax)
    assert any(rule in found for found in broken)


def test_the_librarys_own_check_is_not_to_be_trusted_without_its_server() -> None:
    import facturx

    xml = cii_xml(an_invoice()).replace(b"Amount>246.18<", b"Amount>999.99<")
    assert broken_rules(xml, "cii") != []
    # Nobody listens there: it calls the broken invoice valid, which is why we run the rules.
    assert facturx.xml_check_schematron(xml, saxon_server_url="http://127.0.0.1:9/transform")


def test_an_invoice_of_another_shape_fails_by_the_xsd() -> None:
    import facturx

    xml = cii_xml(an_invoice())
    assert facturx.xml_check_xsd(xml)
    with pytest.raises(Exception, match="not valid against"):
        facturx.xml_check_xsd(xml.replace(b"ram:CountryID", b"ram:CountryIdentifier"))


def test_amounts_and_quantities_are_the_documents_own() -> None:
    text = cii_xml(an_invoice(), TRANSFER).decode()
    for words in (
        ">61725.5</ram:BilledQuantity>",
        "<ram:ChargeAmount>0.0092</ram:ChargeAmount>",
        ">-50000</ram:BilledQuantity>",
        "<ram:LineTotalAmount>-460.00</ram:LineTotalAmount>",
        "<ram:DuePayableAmount>246.18</ram:DuePayableAmount>",
        "<ram:IBANID>DE02120300000000202051</ram:IBANID>",
        "<ram:IssuerAssignedID>PO-7</ram:IssuerAssignedID>",
        "<ram:TypeCode>380</ram:TypeCode>",
    ):
        assert words in text


@pytest.mark.parametrize("name", ["export", "not registered"])
def test_outside_the_scope_of_vat_the_seller_is_told_by_its_tax_id_as_it_is(name: str) -> None:
    cii = " ".join(cii_xml(SAMPLES[name]).decode().split())
    assert "<ram:SellerTradeParty> <ram:ID>DE136695976</ram:ID>" in cii
    ubl = " ".join(ubl_xml(SAMPLES[name]).decode().split())
    assert "<cac:PartyIdentification> <cbc:ID>DE136695976</cbc:ID>" in ubl


def test_a_credit_note_names_its_invoice_and_has_amounts_above_zero() -> None:
    text = ubl_xml(a_credit_note()).decode()
    assert ">381</cbc:CreditNoteTypeCode>" in text
    assert ">RE-2026-000042</cbc:ID>" in text
    assert ">246.18</cbc:PayableAmount>" in text
    assert ">-" not in text


def test_names_are_data_and_never_xml() -> None:
    name = "</ram:Name><x>&amp; ]]> \u202e\x07\ufffe\uffff"
    hostile = an_invoice(
        buyer=replace(an_invoice().buyer, name=name),
        rows=(replace(ROWS[0], description=name), *ROWS[1:]),
        references=(("po_number", name), ("reference", name)),
        notices=(name,),
        terms=name,
    )
    for syntax, write in WRITERS.items():
        xml = write(hostile)
        assert b"&lt;x&gt;" in xml
        assert b"\\u202e\\x07\\ufffe\\uffff" in xml
        assert broken_rules(xml, syntax) == []


NOWHERE = Address()


@pytest.mark.parametrize(
    ("document", "missing"),
    [
        (an_invoice(number=None), "number"),
        (an_invoice(issued_on=None), "issued_on"),
        (an_invoice(rows=()), "rows"),
        (an_invoice(tax=None), "tax"),
        (an_invoice(tax=None, net=None, number=None), "number, net, tax"),
        (an_invoice(treatment=None), "treatment"),
        (an_invoice(due_on=None), "due_on"),
        (an_invoice(seller=replace(SELLER, tax_id=None)), "seller.tax_id"),
        (an_invoice(seller=replace(SELLER, address=NOWHERE)), "seller.address.city"),
        (an_invoice(buyer=replace(BUYER, address=NOWHERE)), "buyer.address.country"),
        (a_reverse_charge(buyer=replace(BUYER, tax_id=None)), "buyer.tax_id"),
        (a_reverse_charge(treatment=Treatment.EXEMPT, notices=()), "notices"),
        (replace(a_credit_note(), corrects=None), "corrects"),
    ],
)
def test_what_is_missing_is_named(document: Document, missing: str) -> None:
    with pytest.raises(InvalidInput, match=f"an electronic invoice needs .*{missing}"):
        cii_xml(document)


def sales_tax(taxable: str) -> DocumentTax:
    return DocumentTax(
        name="Sales tax", place="US-TX", percent=Decimal(19), taxable=eur(taxable), tax=eur("39.31")
    )


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (an_invoice(kind=Kind.RECEIPT), "a receipt is no electronic invoice"),
        (an_invoice(currency="BHD"), "no amounts in BHD"),
        (an_invoice(prices_include_tax=True), "lines before tax"),
        (an_invoice(net=eur("206.88")), "do not sum to the net"),
        (an_invoice(taxes=(sales_tax("165.50"),)), "one VAT on the whole"),
        (an_invoice(taxes=(sales_tax("206.87"), sales_tax("206.87"))), "bears several taxes"),
    ],
)
def test_what_the_standard_cannot_say_is_refused(document: Document, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        ubl_xml(document)


def embedded(pdf: bytes) -> Any:
    import pypdf

    return pypdf.PdfReader(io.BytesIO(pdf))


def test_factur_x_is_a_pdf_a_3b_that_carries_the_same_xml() -> None:
    import facturx

    document = an_invoice()
    pdf = facturx_pdf(document, Style(locale="de"))
    name, xml = facturx.get_xml_from_pdf(pdf)
    assert name == "factur-x.xml"
    assert xml == cii_xml(document)
    root = embedded(pdf).trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    for words in (
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>B</pdfaid:conformance>",
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
        "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
    ):
        assert words in xmp
    assert root["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    assert "Gesamtbetrag" in embedded(pdf).pages[0].extract_text()


def test_factur_x_is_the_same_when_it_is_made_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    import facturx.facturx as library

    first = facturx_pdf(an_invoice())
    monkeypatch.setattr(library, "_get_pdf_timestamp", lambda _=None: "D:20310203040506+00'00'")
    monkeypatch.setattr(library, "_get_metadata_timestamp", lambda: "2031-02-03T04:05:06+00:00")
    assert facturx_pdf(an_invoice()) == first
    assert embedded(first).metadata.creation_date.date() == date(2026, 12, 1)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "facturx", None)
    with pytest.raises(DriverMissing, match="factur-x") as missing:
        cii_xml(an_invoice())
    assert missing.value.advice == "pip install 'creditctl[einvoice,pdf]'"
