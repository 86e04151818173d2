"""Docs cannot lie: what is generated is compared, what can be run is run."""

import re
from pathlib import Path

from house import catalog_reference, openapi_reference
from house.command_reference import TARGET, reference

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(#[^)]*)?\)")


def test_the_command_reference_is_what_the_commands_say() -> None:
    assert TARGET.read_text(encoding="utf-8") == reference()


def test_the_catalog_reference_is_what_the_schema_says() -> None:
    assert catalog_reference.TARGET.read_text(encoding="utf-8") == catalog_reference.page()


def test_the_openapi_document_is_what_the_gate_offers() -> None:
    assert openapi_reference.TARGET.read_text(encoding="utf-8") == openapi_reference.reference()


def test_every_link_between_documents_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link[1]}"
        for page in pages
        for link in LINK.finditer(page.read_text(encoding="utf-8"))
        if not (page.parent / link[1]).exists()
    ]
    assert broken == []


def test_the_readme_names_its_two_commands_for_ci() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for marker in ("demo", "tests"):
        assert re.search(rf"<!-- {marker} -->\n```sh\n[^\n]+\n```", readme)
