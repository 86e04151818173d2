"""hledger and Beancount, asked for what they make of a journal."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pytest

Balances: TypeAlias = Mapping[tuple[str, str], Decimal]
"""(account, commodity) -> balance, without those of zero."""


def hledger_balances(path: Path) -> Balances:
    """What hledger reads; fails the test when `check --strict` finds anything."""
    program = shutil.which("hledger")
    if program is None:
        pytest.skip("hledger is not installed")
    said = _run(program, "-f", str(path), "check", "--strict")
    assert (said.returncode, said.stderr) == (0, "")
    rows = json.loads(
        _run(program, "-f", str(path), "balance", "--flat", "-O", "json", "--no-total").stdout
    )
    return {
        (row[0], one["acommodity"]): _decimal(one["aquantity"])
        for row in rows[0]
        for one in row[3]
        if one["aquantity"]["decimalMantissa"]
    }


def beancount_balances(path: Path) -> Balances:
    """What Beancount reads; fails the test when `bean-check` finds anything."""
    program = shutil.which("bean-check", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("beancount is not installed")
    said = _run(program, str(path))
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
    from beancount import loader
    from beancount.core import realization

    entries, errors, _ = loader.load_file(str(path))
    assert errors == []
    real = realization.realize(entries)
    return {
        (account.account, position.units.currency): position.units.number
        for account in realization.iter_children(real)
        for position in account.balance
        if position.units.number
    }


def _decimal(quantity: Mapping[str, int]) -> Decimal:
    return Decimal(quantity["decimalMantissa"]).scaleb(-quantity["decimalPlaces"])


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
