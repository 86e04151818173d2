"""`limits check` runs once at a time: a second one gives way, a killed one is forgotten."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from creditctl import clock
from creditctl.context import Context
from creditctl.errors import Busy
from creditctl.services.leases import LIFETIME, holding_lease
from creditctl.services.limits_check import LEASE, check_limits
from creditctl.store.engine import reading, unit_of_work
from forked import Forked

HOLD_THE_LEASE = """
import sys, time
from creditctl import clock
from creditctl.context import Context
from creditctl.services.leases import holding_lease
from creditctl.services.limits_check import LEASE
with holding_lease(Context(sys.argv[1], clock.now(), "other"), LEASE):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(database: str) -> Iterator[Forked]:
    """Another process in the middle of its check."""
    process = Forked(HOLD_THE_LEASE, database)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def leases(context: Context) -> int:
    with reading(context.database) as unit:
        return int(unit.fetch_value("SELECT COUNT(*) FROM lease"))


def command(database: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "creditctl", "--db", database, "limits", "check"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_check_exits_8_at_once(other: object, database: str) -> None:
    started = time.monotonic()
    second = command(database)
    assert second.returncode == 8
    assert second.stderr.startswith("error: another 'limits check' is running")
    assert time.monotonic() - started < 10, "it waited"


def test_it_runs_again_when_the_other_is_done(other: Forked, context: Context) -> None:
    other.communicate("")
    check_limits(context)
    assert leases(context) == 0


def test_a_killed_check_blocks_no_longer_than_its_lease(other: Forked, context: Context) -> None:
    other.send_signal(signal.SIGKILL)
    other.wait()
    with pytest.raises(Busy):
        check_limits(context)
    with unit_of_work(context.database) as unit:
        unit.run(
            "UPDATE lease SET expires_at = expires_at - :lifetime",
            lifetime=LIFETIME // timedelta(microseconds=1),
        )
    check_limits(context)
    assert leases(context) == 0


def test_the_lease_is_about_real_time_whatever_as_of_says(other: object, context: Context) -> None:
    with pytest.raises(Busy):
        check_limits(replace(context, now=datetime(2199, 1, 1, tzinfo=UTC)))


def test_the_lease_is_given_back_after_a_failure(context: Context) -> None:
    with pytest.raises(ZeroDivisionError), holding_lease(context, LEASE):
        raise ZeroDivisionError
    assert leases(context) == 0


def test_a_run_that_lost_its_lease_does_not_take_the_next_ones(context: Context) -> None:
    with holding_lease(context, LEASE), unit_of_work(context.database) as unit:
        unit.run("UPDATE lease SET holder = 'next', expires_at = :at", at=clock.now() + LIFETIME)
    assert leases(context) == 1
