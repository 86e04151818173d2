"""`invoice export`: a month as files, again without writing, and many at once in processes."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from creditctl.context import Context
from creditctl.documents.style import PLAIN
from creditctl.errors import FileMissing, InvalidInput
from creditctl.rules.periods import parse_month
from creditctl.rules.units import Money
from creditctl.services import rendering
from creditctl.services.credit_notes import CreditNoteRequest, issue_credit_note
from creditctl.services.documents import ENDINGS, FORMATS
from creditctl.services.invoice_export import ExportedInvoices, export_invoices
from creditctl.services.invoice_payments import PayRequest, pay_invoice
from creditctl.services.invoice_voiding import VoidRequest, void_invoice
from creditctl.services.render_tasks import Task
from creditctl.services.rendering import Renderer
from documents.samples import an_invoice
from invoices import OCTOBER, drafted, final, used

BOTH = ["INV-2026-000001-acme", "INV-2026-000002-beta"]


@pytest.fixture
def books(context: Context) -> Context:
    """On 10 November: acme and beta are invoiced for October, gamma has a draft."""
    october = at(context, "2026-10-01T00:00:00Z")
    open_books(october)
    november = at(context, "2026-11-10T00:00:00Z")
    for slug in ("acme", "beta", "gamma"):
        an_organization(october, slug)
        used(context, ("2026-10-10T00:00:00Z", 1000), slug=slug)
    final(november)
    final(november, slug="beta")
    drafted(november, slug="gamma")
    return november


def exported(
    context: Context, folder: Path, *formats: str, replacing: bool = False
) -> ExportedInvoices:
    return export_invoices(
        context, parse_month(OCTOBER), folder, formats or ("pdf",), replace=replacing
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_month_is_written_by_number_and_organization(books: Context, tmp_path: Path) -> None:
    note = CreditNoteRequest(
        invoice="INV-2026-000001", reason="outage", amount=Money.parse("1", "USD")
    )
    issue_credit_note(books, note)
    folder = tmp_path / "october"
    watched: list[tuple[int, int]] = []
    run = export_invoices(
        books,
        parse_month(OCTOBER),
        folder,
        ("pdf", "html", "json", "text"),
        watch=lambda done, total: watched.append((done, total)),
    )
    stems = ["CN-2026-000001-acme", *BOTH]
    assert names(folder) == sorted(
        f"{stem}{ending}" for stem in stems for ending in (".pdf", ".html", ".json", ".txt")
    )
    assert (run.invoices, run.credit_notes, run.written, run.kept) == (2, 1, 12, 0)
    assert watched[-1] == (12, 12)
    document = json.loads((folder / f"{BOTH[0]}.json").read_text(encoding="utf-8"))
    assert (document["schema"], document["data"]["number"]) == (
        "creditctl.document/v1",
        "INV-2026-000001",
    )
    assert (document["data"]["total"], document["data"]["credited"]) == ("10.00", "1.00")


def test_again_nothing_is_written_and_what_is_missing_is_added(
    books: Context, tmp_path: Path
) -> None:
    exported(books, tmp_path, "pdf", "html")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("INV*")}
    gone = tmp_path / f"{BOTH[1]}.pdf"
    gone.unlink()
    run = exported(books, tmp_path, "pdf", "html")
    assert (run.written, run.kept, run.replaced) == (1, 3, 0)
    assert all(path.stat().st_mtime_ns == was for path, was in before.items() if path != gone)


def test_a_file_that_says_something_else_stays_unless_it_is_to_be_replaced(
    books: Context, tmp_path: Path
) -> None:
    exported(books, tmp_path, "html")
    pay_invoice(books, PayRequest(invoice="INV-2026-000001", reference="b1", reason="bank"))
    target = tmp_path / f"{BOTH[0]}.html"
    before = target.read_bytes()
    run = exported(books, tmp_path, "html")
    assert [one.file for one in run.problems] == [target.name]
    assert (run.kept, target.read_bytes() == before) == (1, True)
    run = exported(books, tmp_path, "html", replacing=True)
    assert (run.replaced, run.kept, run.problems) == (1, 1, ())
    assert target.read_bytes() != before


def test_what_a_format_cannot_say_is_listed_and_the_run_goes_on(
    books: Context, tmp_path: Path
) -> None:
    run = exported(books, tmp_path, "cii", "text")
    assert (run.written, [one.file for one in run.problems]) == (
        2,
        [f"{name}.cii.xml" for name in BOTH],
    )
    assert "an electronic invoice needs" in run.problems[0].problem


def test_a_void_invoice_is_no_electronic_one(books: Context, tmp_path: Path) -> None:
    void_invoice(books, VoidRequest(invoice="INV-2026-000001", reason="wrong organization"))
    watched: list[tuple[int, int]] = []
    run = export_invoices(
        books,
        parse_month(OCTOBER),
        tmp_path,
        ("json", "ubl"),
        watch=lambda done, total: watched.append((done, total)),
    )
    assert watched[-1] == (3, 3)
    # The other one's parties have no addresses.
    assert [problem.file for problem in run.problems] == [f"{BOTH[1]}.ubl.xml"]
    assert names(tmp_path) == [f"{stem}.json" for stem in BOTH]


def test_places_and_formats_that_are_none_are_refused(books: Context, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no document is 'docx'"):
        exported(books, tmp_path, "docx")
    with pytest.raises(InvalidInput, match="no format is named"):
        export_invoices(books, parse_month(OCTOBER), tmp_path / "new", ())
    assert not (tmp_path / "new").exists()
    with pytest.raises(FileMissing):
        exported(books, tmp_path / "none" / "deeper")


def test_what_is_no_file_is_listed_and_left_alone(books: Context, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{BOTH[0]}.json")
    (tmp_path / f"{BOTH[1]}.json").mkdir()
    run = exported(books, tmp_path, "json", "html", replacing=True)
    assert [one.file for one in run.problems] == [f"{stem}.json" for stem in BOTH]
    assert (run.written, len(names(tmp_path))) == (2, 4)


def test_a_month_without_invoices_is_an_empty_folder(books: Context, tmp_path: Path) -> None:
    run = export_invoices(books, parse_month("2026-09"), tmp_path / "september")
    assert (run.invoices, run.written, names(tmp_path / "september")) == (0, 0, [])


def test_processes_give_the_same_bytes_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [an_invoice(number=f"RE-{i}") for i in range(6)]
    refused = replace(documents[3], number=None)
    tasks = [Task(document, "html") for document in documents]
    tasks[3] = Task(refused, "cii")
    alone = Renderer(PLAIN)
    expected = list(alone.render(tasks))
    assert expected[3].problem is not None
    monkeypatch.setattr(rendering, "_WORTH_PROCESSES", 2)
    several = Renderer(PLAIN)
    try:
        assert list(several.render(tasks)) == expected
        assert list(several.render(tasks[:1])) == expected[:1]
    finally:
        several.close()
    alone.close()


def test_what_a_killed_process_leaves_is_done_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_WORTH_PROCESSES", 2)
    tasks = [Task(an_invoice(number=f"RE-{i}"), "html") for i in range(40)]
    alone, several = Renderer(PLAIN), Renderer(PLAIN)
    expected = [made for task in tasks for made in alone.render([task])]
    try:
        found = several.render(tasks)
        begun = [next(found), next(found)]
        for child in active_children():
            child.kill()
        assert begun + list(found) == expected
        for child in active_children():
            child.join()
        assert list(several.render(tasks)) == expected
        assert active_children() == []
    finally:
        several.close()


def test_what_is_killed_in_the_middle_of_an_answer_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "_WORTH_PROCESSES", 2)
    # More than a pipe holds: who sends it waits until it is read.
    tasks = [Task(an_invoice(number=f"RE-{i}", terms="x" * 200_000), "html") for i in range(20)]
    alone, several = Renderer(PLAIN), Renderer(PLAIN)
    found = several.render(tasks)
    begun = [next(found), next(found)]
    for child in active_children():
        child.kill()
        child.join()
    assert begun + list(found) == [made for task in tasks for made in alone.render([task])]
    several.close()


KILLED = """
import os, signal
from multiprocessing import active_children

from creditctl.documents.style import PLAIN
from creditctl.services import rendering
from creditctl.services.render_tasks import Task
from documents.samples import an_invoice

if __name__ == "__main__":
    rendering._WORTH_PROCESSES = 2
    tasks = [Task(an_invoice(number=f"RE-{i}"), "html") for i in range(20)]
    list(rendering.Renderer(PLAIN).render(tasks))
    print(*(child.pid for child in active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_no_process_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment
    )
    with run:
        # Its children have the pipe too: it ends with the last of them.
        children = run.communicate(timeout=60)[0].split()
    assert run.returncode == -signal.SIGKILL
    assert len(children) == rendering.PROCESSES


def test_every_format_has_an_ending_of_its_own() -> None:
    assert set(ENDINGS) == set(FORMATS)
    assert len(set(ENDINGS.values())) == len(FORMATS)
