"""Factur-X files keep what PDF/A-3b and Factur-X demand of a file, read from the file itself.

veraPDF, where it is on the path, checks all of PDF/A; what is checked here needs no Java.
"""

import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from creditctl.documents.document import Document
from creditctl.documents.einvoice import cii_xml, facturx_pdf
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


def objects(pdf: pypdf.PdfReader) -> Iterator[Any]:
    """Every dictionary that the trailer leads to, once."""
    seen: set[tuple[int, int]] = set()
    waiting: list[Any] = [pdf.trailer]
    while waiting:
        one = waiting.pop()
        if isinstance(one, IndirectObject):
            if (one.idnum, one.generation) in seen:
                continue
            seen.add((one.idnum, one.generation))
            one = one.get_object()
        if isinstance(one, DictionaryObject):
            yield one
            waiting += [one.raw_get(name) for name in one]
        elif isinstance(one, ArrayObject):
            waiting += list(one)


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


def test_its_colours_mean_the_same_everywhere(made: tuple[Document, bytes]) -> None:
    intents = [one.get_object() for one in reader(made).trailer["/Root"]["/OutputIntents"]]
    (archive,) = [one for one in intents if one["/S"] == "/GTS_PDFA1"]
    profile = archive["/DestOutputProfile"].get_object()
    assert profile["/N"] == 3
    assert profile.get_data()[36:40] == b"acsp"
    assert archive["/OutputConditionIdentifier"]


def test_every_font_is_in_it(made: tuple[Document, bytes]) -> None:
    every = list(objects(reader(made)))
    fonts = [one for one in every if one.get("/Type") == "/Font" and "/FontDescriptor" in one]
    assert fonts
    for font in fonts:
        descriptor = font["/FontDescriptor"]
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
    composed = [one for one in every if one.get("/Subtype") == "/Type0"]
    assert all("/ToUnicode" in one and "/DescendantFonts" in one for one in composed)
    # No font stands without a description: one of the standard 14 is not in the file.
    simple = {"/Type1", "/TrueType", "/MMType1"}
    assert all("/FontDescriptor" in one for one in every if one.get("/Subtype") in simple)


def test_nothing_in_it_is_hidden_runs_or_lies_elsewhere(made: tuple[Document, bytes]) -> None:
    pdf = reader(made)
    assert not pdf.is_encrypted
    assert pdf.trailer["/ID"][0]
    assert made[1].startswith(b"%PDF-1.")
    assert made[1].splitlines()[1][:1] == b"%"
    assert all(byte > 127 for byte in made[1].splitlines()[1][1:5])
    for one in objects(pdf):
        assert not {"/JS", "/JavaScript", "/AA", "/OpenAction", "/XFA", "/Launch"} & set(one)
        assert one.get("/S") not in ("/JavaScript", "/Launch", "/Sound", "/Movie", "/ImportData")
        # The content of a stream stands in the file, and LZW is not allowed.
        assert "/FFilter" not in one
        assert "/LZWDecode" not in str(one.get("/Filter"))
        assert one.get("/Type") != "/Annot" or int(one.get("/F", 0)) & 4


def test_verapdf_finds_nothing(made: tuple[Document, bytes], tmp_path: Path) -> None:
    program = shutil.which("verapdf")
    if program is None:
        pytest.skip("verapdf is not installed")
    path = tmp_path / "invoice.pdf"
    path.write_bytes(made[1])
    answer = subprocess.run(
        [program, "--flavour", "3b", "--format", "json", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    (job,) = json.loads(answer.stdout)["report"]["jobs"]
    results = job["validationResult"]
    found = results[0] if isinstance(results, list) else results
    assert found["compliant"], found["details"]
