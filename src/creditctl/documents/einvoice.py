"""Electronic invoices: EN 16931 as CII and UBL, and Factur-X, a PDF/A-3b that carries the CII.

The library checks what it writes against the XSD. It cannot check the Schematron rules: without a
Saxon server it says that all is well. Ours are checked by them in the tests.
"""

import re
from dataclasses import replace
from typing import Any

from creditctl.documents.document import Document
from creditctl.documents.en16931 import invoice_fields
from creditctl.documents.pdf import render_pdf
from creditctl.documents.sheet import laid_out
from creditctl.documents.style import PLAIN, Style
from creditctl.errors import DriverMissing, InvalidInput

PROFILE = "en16931"
_PDF_TIME = re.compile(rb"(D(?::|\\072))\d{14}")
"""A PDF's date; its colon may be written as an octal escape."""

_XMP_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def cii_xml(document: Document, style: Style = PLAIN) -> bytes:
    """UN/CEFACT Cross Industry Invoice; raises InvalidInput and DriverMissing."""
    return _generated(document, style, "factur-x")


def ubl_xml(document: Document, style: Style = PLAIN) -> bytes:
    """UBL 2.1 Invoice or CreditNote; raises InvalidInput and DriverMissing."""
    return _generated(document, style, "ubl-2.1")


def facturx_pdf(document: Document, style: Style = PLAIN) -> bytes:
    """The PDF/A-3b with the CII in it, byte-identical when made again.

    Raises InvalidInput and DriverMissing.
    """
    xml = cii_xml(document, style)
    sheet = laid_out(document, style)
    made: bytes = _library().generate_from_binary(
        render_pdf(document, replace(style, pdfa=True)),
        xml,
        flavor="factur-x",
        level=PROFILE,
        check_xsd=False,  # it was when it was made
        lang=sheet.language,
        pdf_metadata={
            "author": sheet.seller.name,
            # It would stand in one of the two places that a PDF has for it.
            "keywords": "",
            "title": sheet.headline,
            "subject": f"{sheet.seller.name}: {sheet.headline}",
        },
        afrelationship="alternative",
        xmp_compression=False,
    )
    # The library stamps with the real clock; texts of the same length move nothing in the file.
    day = document.dated
    stamped = _PDF_TIME.sub(rb"\g<1>%b000000" % f"{day:%Y%m%d}".encode(), made)
    return _XMP_TIME.sub(f"{day:%Y-%m-%d}T00:00:00+00:00".encode(), stamped)


def _generated(document: Document, style: Style, flavor: str) -> bytes:
    fields = invoice_fields(document, style)
    library = _library()
    try:
        made = library.generate_xml(fields, flavor=flavor, level=PROFILE, check_schematron=None)
    except Exception as problem:  # the library raises nothing more precise
        raise InvalidInput(f"the electronic invoice cannot be made: {problem}") from None
    return made if isinstance(made, bytes) else str(made).encode()


def _library() -> Any:
    try:
        import facturx
    except ImportError:
        raise DriverMissing(
            "electronic invoices need the package factur-x",
            hint="pip install 'creditctl[einvoice,pdf]'",
        ) from None
    return facturx
