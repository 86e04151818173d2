"""What calls ask is looked up by key from the first: PostgreSQL keeps its plan as tables grow."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import NOW
from creditctl.rules.instants import micros_of
from creditctl.store.engine import UnitOfWork, reading
from creditctl.store.planning import look_up_by_key
from creditctl.store.queries.ending_groups import NamedHold, named_holds
from creditctl.store.queries.hold_groups import NewCall, plain_calls
from postgres_databases import EmptyDatabases

TIMES: dict[str, Any] = {"now": NOW, "expired_before": NOW, "window": timedelta(hours=1)}
ID = bytes(16)


def asked_plain(unit: UnitOfWork) -> None:
    plain_calls(unit, [NewCall(0, 1, ID, micros_of(NOW))], **TIMES)


def asked_endings(unit: UnitOfWork) -> None:
    named_holds(unit, [(NamedHold("call-1", 1, 1, NOW), "digest")], **TIMES)


@pytest.mark.parametrize("ask", [asked_plain, asked_endings])
def test_nothing_is_looked_for_through_a_whole_table(
    ask: Callable[[UnitOfWork], None],
    postgres_databases: EmptyDatabases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    with postgres_databases.lent() as lent, reading(lent.url) as unit:
        with monkeypatch.context() as patched:
            patched.setattr(unit, "asked", lambda _, sql, **given: asked.append((sql, given)))
            ask(unit)
        look_up_by_key(unit)
        ((sql, given),) = asked
        plan = [str(line) for (line,) in unit.fetch_rows(f"EXPLAIN (COSTS off) {sql}", **given)]
    assert not [line for line in plan if "hashed" in line or "Seq Scan" in line]
    (place,) = (place for place, line in enumerate(plan) if "pk_usage_event" in line)
    assert "event_hour" in plan[place + 1]
    assert "event_id" in plan[place + 1]
