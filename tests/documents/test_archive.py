"""Archives keep what PDF/A-3b demands, by a published validator, and what Factur-X adds."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import page
import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from creditctl.documents.document import Document
from creditctl.documents.einvoice import cii_xml, facturx_pdf
from creditctl.documents.pdf import render_pdf
from creditctl.documents.style import Style
from documents.samples import a_reverse_charge, an_invoice
from documents.test_pdf import SVG

NAMES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "fx": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    "pdfaid": "http://www.aiim.org/pdfa/ns/id/",
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "pdf": "http://ns.adobe.com/pdf/1.3/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
}
FILES: dict[str, Callable[[], tuple[Document, Style]]] = {
    "german": lambda: (an_invoice(), Style(locale="de", logo=SVG)),
    "reverse-charge": lambda: (a_reverse_charge(), Style(locale="fr")),
}


@pytest.fixture(params=FILES, scope="module")
def made(request: pytest.FixtureRequest) -> tuple[Document, bytes]:
    document, style = FILES[request.param]()
    return document, facturx_pdf(document, style)


def reader(made: tuple[Document, bytes]) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made[1]), strict=True)


def xmp_of(pdf: pypdf.PdfReader) -> Any:
    stream = pdf.trailer["/Root"]["/Metadata"]
    assert "/Filter" not in stream
    from lxml import etree

    return etree.fromstring(stream.get_data())


def said(xmp: Any, name: str) -> str:
    """A property's text, whether it is an element or an attribute."""
    found = xmp.xpath(
        f"//rdf:Description/{name}//text() | //rdf:Description/@{name}", namespaces=NAMES
    )
    return "".join(found).strip()


def test_it_says_part_and_conformance_and_what_it_carries(made: tuple[Document, bytes]) -> None:
    xmp = xmp_of(reader(made))
    wanted = {
        "pdfaid:part": "3",
        "pdfaid:conformance": "B",
        "fx:DocumentType": "INVOICE",
        "fx:DocumentFileName": "factur-x.xml",
        "fx:Version": "1.0",
        "fx:ConformanceLevel": "EN 16931",
    }
    assert {name: said(xmp, name) for name in wanted} == wanted


def test_its_metadata_are_the_same_in_both_places(made: tuple[Document, bytes]) -> None:
    pdf = reader(made)
    xmp, info = xmp_of(pdf), pdf.metadata
    assert info is not None
    pairs = {
        "dc:title": info.title,
        "dc:creator": info.author,
        "dc:description": info.subject,
        "pdf:Keywords": info.get("/Keywords") or None,
        "xmp:CreatorTool": info.creator,
    }
    assert {name: said(xmp, name) or None for name in pairs} == pairs
    for name, day in (
        ("xmp:CreateDate", info.creation_date),
        ("xmp:ModifyDate", info.modification_date),
    ):
        assert day is not None
        assert said(xmp, name)[:19] == day.isoformat()[:19]


def test_the_properties_of_factur_x_are_declared(made: tuple[Document, bytes]) -> None:
    """PDF/A knows no property that a file does not describe."""
    xmp = xmp_of(reader(made))
    schema = f"//pdfaExtension:schemas//*[pdfaSchema:namespaceURI='{NAMES['fx']}']"
    assert xmp.xpath(f"string({schema}/pdfaSchema:prefix)", namespaces=NAMES) == "fx"
    declared = xmp.xpath(f"{schema}//pdfaProperty:name/text()", namespaces=NAMES)
    used = {one.tag.rpartition("}")[2] for one in xmp.xpath("//fx:*", namespaces=NAMES)}
    assert (
        used
        == set(declared)
        == {
            "ConformanceLevel",
            "DocumentFileName",
            "DocumentType",
            "Version",
        }
    )


def test_the_invoice_in_it_is_a_described_alternative(made: tuple[Document, bytes]) -> None:
    pdf = reader(made)
    root = pdf.trailer["/Root"]
    (named,) = (root["/AF"][0].get_object(),)
    assert len(root["/AF"]) == 1
    assert named["/Type"] == "/Filespec"
    assert (named["/F"], named["/UF"]) == ("factur-x.xml", "factur-x.xml")
    assert named["/AFRelationship"] == "/Alternative"
    assert named["/Desc"]
    names = root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert [names[0], names[1].get_object()] == ["factur-x.xml", named]
    file = named["/EF"]["/F"].get_object()
    assert named["/EF"]["/UF"].get_object() == file
    assert (file["/Type"], file["/Subtype"]) == ("/EmbeddedFile", "/text/xml")
    content, facts = file.get_data(), file["/Params"]
    assert content == cii_xml(made[0])
    assert facts["/Size"] == len(content)
    assert str(facts["/ModDate"]).startswith(f"D:{made[0].dated:%Y%m%d}")
    if "/CheckSum" in facts:
        checksum = facts["/CheckSum"]
        digest = hashlib.md5(content, usedforsecurity=False).digest()
        assert getattr(checksum, "original_bytes", checksum) == digest


def failed_rules(pdf: bytes) -> list[str]:
    """What the validator finds against PDF/A-3b (ISO 19005-3)."""
    report = page.validate_pdf_bytes(pdf, profile=page.ValidationProfile.PDF_A_3B)
    assert report.rules.total > 100
    assert report.is_compliant == (not report.failures)
    return [failure.rule_id for failure in report.failures]


def test_an_electronic_invoice_is_pdf_a(made: tuple[Document, bytes]) -> None:
    assert failed_rules(made[1]) == []


@pytest.mark.parametrize("name", FILES)
def test_a_document_for_archives_is_pdf_a_and_another_does_not_say_so(name: str) -> None:
    document, style = FILES[name]()
    assert failed_rules(render_pdf(document, replace(style, pdfa=True))) == []
    assert failed_rules(render_pdf(document, style)) == ["PDFA3B-ID-SCHEMA-001"]


def without_its_font(root: DictionaryObject) -> None:
    fonts = root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
    (inner,) = next(iter(fonts.values()))["/DescendantFonts"]
    descriptor = inner["/FontDescriptor"]
    for name in {"/FontFile2", "/FontFile3"} & set(descriptor):
        del descriptor[name]


def with_a_script(root: DictionaryObject) -> None:
    script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("1")}
    root[NameObject("/OpenAction")] = DictionaryObject(script)


def with_a_file_of_no_relation(root: DictionaryObject) -> None:
    del root["/AF"][0].get_object()["/AFRelationship"]


@pytest.mark.parametrize("broken", [without_its_font, with_a_script, with_a_file_of_no_relation])
def test_a_broken_archive_is_found(
    made: tuple[Document, bytes], broken: Callable[[DictionaryObject], None]
) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(made[1]))
    assert failed_rules(written(writer)) == []
    broken(writer.root_object)
    assert failed_rules(written(writer))


def written(writer: pypdf.PdfWriter) -> bytes:
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
