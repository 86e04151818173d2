"""Ctrl-C while a month is invoiced: the block at hand is finished, the next run does the rest."""

import csv
import io
import os
import signal
from subprocess import DEVNULL, PIPE, Popen
from time import monotonic, sleep

import pytest

from builders import an_organization, at, open_books, use
from conftest import NOW
from creditctl.context import Context
from creditctl.services.invoicing import BLOCK
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.orgs import insert_organization
from faults.command import PATIENCE_SECONDS, command_line, run

ORGANIZATIONS = 3 * BLOCK + 7
MONTH = "--month 2026-10"


@pytest.fixture
def company(database: str) -> str:
    """A month of four blocks: two organizations have something to pay, the others nothing."""
    october = at(Context(database, NOW, "tester"), "2026-10-01T00:00:00Z")
    open_books(october)
    with unit_of_work(database) as unit:
        for place in range(ORGANIZATIONS - 2):
            insert_organization(
                unit,
                public_id=new_public_id("org", october.now),
                slug=f"org-{place:05}",
                legal_name=f"Org {place}",
                kind="registered",
                aligned=False,
                created_at=october.now,
            )
    for slug in ("first", "second"):
        an_organization(october, slug, plan="starter")
        use(at(october, "2026-10-10T00:00:00Z"), slug, 120)
    return database


def invoices(database: str) -> int:
    with reading(database) as unit:
        return int(unit.fetch_value("SELECT COUNT(*) FROM invoice"))


def drafts(database: str) -> list[list[str]]:
    """What the invoices of the month say, by organization; not their ids and times."""
    fields = "organization,status,fees,overage_due,tax,total,overage_credits"
    told = run(database, *f"invoice list {MONTH} -o csv --fields {fields}".split())
    assert told.returncode == 0, told.stderr
    return sorted(csv.reader(io.StringIO(told.stdout)))


def interrupted(database: str) -> tuple[int, str, str]:
    """A run that is asked to stop as soon as its first block can be seen."""
    line = command_line(database, *f"invoice generate {MONTH} --zero".split())
    process = Popen(line, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, text=True)
    ends_at = monotonic() + PATIENCE_SECONDS
    while not invoices(database):
        assert process.poll() is None, process.communicate()
        assert monotonic() < ends_at
        sleep(0.002)
    os.kill(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, stdout, stderr


def test_it_stops_after_a_block_and_the_next_run_completes_the_month(company: str) -> None:
    status, stdout, stderr = interrupted(company)
    done = invoices(company)
    assert (status, done % BLOCK) == (130, 0), stderr
    assert BLOCK <= done < ORGANIZATIONS
    assert "Traceback" not in stderr
    left = ORGANIZATIONS - done
    assert stderr == (
        f"warning: stopped before {left} organizations; the same command goes on with them\n"
    )
    assert "2026-10" in stdout
    again = run(company, *f"invoice generate {MONTH} --zero".split())
    assert (again.returncode, again.stderr) == (0, "")
    resumed = drafts(company)
    assert len(resumed) == ORGANIZATIONS + 1
    # a run that nothing stopped says the same, and changes nothing
    with unit_of_work(company) as unit:
        for table in ("invoice_line", "invoice_tax", "billed_correction", "invoice"):
            unit.run(f"DELETE FROM {table}")
    clean = run(company, *f"invoice generate {MONTH} --zero".split())
    assert clean.returncode == 0
    assert drafts(company) == resumed
