"""Documents at the command line: a receipt and an order form as files, and their settings."""

import io
from pathlib import Path
from typing import Any

import pytest

from conftest import Cli
from selling import written


@pytest.fixture
def shop(sqlite_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(tmp_path)
    sqlite_cli(f"catalog apply {written(tmp_path)} --yes")
    sqlite_cli("orgs create acme --email billing@acme.example --country DE")
    return sqlite_cli


@pytest.fixture
def receipt(shop: Cli) -> str:
    order = shop("purchases create acme --amount 50EUR --reason ticket -o json").data["id"]
    done = shop(f"purchases settle {order} --reference b1 --reason bank -o json").data
    return str(done["receipt"])


def text_of(path: Path) -> str:
    import pypdf

    pages = pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages
    return " ".join(" ".join(page.extract_text().split()) for page in pages)


def configured(text: str) -> None:
    Path("creditctl.toml").write_text(text, encoding="utf-8")


def test_a_receipt_is_written_as_pdf_and_html(shop: Cli, receipt: str) -> None:
    made: Any = shop(f"purchases receipt {receipt} --pdf r.pdf -o json").data
    assert (made["file"], made["format"], made["number"]) == ("r.pdf", "pdf", receipt)
    text = text_of(Path("r.pdf"))
    for words in ("Example GmbH", "10115 Berlin", "R-2026-000001", "€50.00", "VAT DE 19%"):
        assert words in text
    shop(f"purchases receipt {receipt} --html r.html --locale de")
    assert '<html lang="de"' in Path("r.html").read_text(encoding="utf-8")


def test_a_file_is_not_replaced_unless_somebody_says_yes(shop: Cli, receipt: str) -> None:
    Path("r.pdf").write_text("mine")
    told = shop(f"purchases receipt {receipt} --pdf r.pdf", expect=4).stderr
    assert "replacing r.pdf" in told
    assert "--yes" in told
    assert Path("r.pdf").read_text() == "mine"
    shop(f"purchases receipt {receipt} --pdf r.pdf --yes")
    assert Path("r.pdf").read_bytes().startswith(b"%PDF-")


def test_stdout_gets_the_document_alone(shop: Cli, receipt: str) -> None:
    page = shop(f"purchases receipt {receipt} --html -").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")


def test_an_order_form_is_written_for_both_sides_to_sign(shop: Cli) -> None:
    order = shop(
        "orders create acme --credits 1200 --unit-price 0.008 --instalments 12 --po PO-9 -o json"
    ).data["id"]
    shop(f"orders show {order} --pdf o.pdf")
    text = text_of(Path("o.pdf"))
    for words in ("Order form", "Draft", "PO-9", "Instalments", "Name, date, signature", "$9.60"):
        assert words in text
    shop(f'orders sign {order} --signer "Ann Example"')
    shop(f"orders show {order} --html o.html")
    page = Path("o.html").read_text(encoding="utf-8")
    assert "Ann Example" in page
    assert "Draft" not in page


def test_the_configuration_says_how_documents_look(shop: Cli, receipt: str) -> None:
    configured(
        '[documents]\nlocale = "de"\npaper = "letter"\npdfa = true\nfooter = "HRB 4711"\n'
        'payment = ["Bank", "BIC"]\nlogo = "logo.svg"\n'
        '[profiles.french.documents]\nlocale = "fr"\n'
    )
    Path("logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    shop(f"purchases receipt {receipt} --pdf r.pdf")
    assert "Quittung" in text_of(Path("r.pdf"))
    assert "HRB 4711" in text_of(Path("r.pdf"))
    assert b"pdfaid" in Path("r.pdf").read_bytes()


def test_a_profiles_documents_come_first(
    shop: Cli, receipt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured('[documents]\nlocale = "de"\n[profiles.french.documents]\nlocale = "fr"\n')
    monkeypatch.setenv("CREDITCTL_PROFILE", "french")
    assert "<title>Reçu" in shop(f"purchases receipt {receipt} --html -").stdout


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--pdf a.pdf --html a.html", "two documents"),
        ("--locale de", "add --pdf FILE"),
        ("--pdf a.pdf --locale klingon", "no locale"),
    ],
)
def test_options_that_do_not_fit_are_refused(shop: Cli, receipt: str, line: str, told: str) -> None:
    assert told in shop(f"purchases receipt {receipt} {line}", expect=2).stderr
    assert list(Path().glob("a.*")) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[documents]\ncolour = "red"\n', "unknown setting 'colour'"),
        ("[documents]\nlocale = 5\n", "a table of texts"),
        ('documents = "de"\n', "a table of texts"),
    ],
)
def test_settings_that_cannot_be_are_refused(shop: Cli, receipt: str, text: str, told: str) -> None:
    configured(text)
    assert told in shop(f"purchases receipt {receipt} --pdf a.pdf", expect=2).stderr
