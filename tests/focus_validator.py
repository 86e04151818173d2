"""The published FOCUS validator, asked what an export passes and fails of version 1.2.

It needs Python 3.12 and an environment of its own, from `focus-requirements.txt`: that in
`.venv-focus`, or one whose Python `CREDITCTL_FOCUS_PYTHON` names. Nothing is downloaded as it runs.
"""

import csv
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

VERSION = "1.2"
INTERPRETER = "CREDITCTL_FOCUS_PYTHON"
_BESIDE = Path(__file__).parents[1] / ".venv-focus/bin/python"
WHAT_WE_HAVE = (
    "ACCOUNT_NAMING_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
    "VIRTUAL_CURRENCY_SUPPORTED",
)
"""Conditional rules that are asked of us; the others are of regions, resources, tags and the like.

What is paid in advance is no commitment discount, every price is of the category Standard, and an
organization has neither sub-accounts nor accounts of several types.
"""

_ONE_OR_THE_OTHER = (
    "It wants a column that is null in every row or in none, while the specification asks it of "
    "each charge: null unless an invoice bills it."
)
_NATIONAL_ONLY = (
    "It takes national currencies only, while the specification's CurrencyFormat has virtual ones "
    "too, such as credits; `focus_rules` holds which rows are priced in what."
)
MISTAKEN = {
    "InvoiceId-C-000-O": _ONE_OR_THE_OTHER,
    "InvoiceId-C-003-C": _ONE_OR_THE_OTHER,
    "InvoiceId-C-004-C": _ONE_OR_THE_OTHER,
    "InvoiceId-C-005-C": _ONE_OR_THE_OTHER,
    "PricingCurrency-C-000-C": _NATIONAL_ONLY,
    "PricingCurrency-C-003-M": _NATIONAL_ONLY,
}
"""Rules that it fails otherwise than the specification has them, and why they do not count."""

_LINE = re.compile(r"^\S+ (\S+): (PASS|FAIL|SKIPPED)\b", re.MULTILINE)
_DECIMALS = ("Cost", "Quantity", "Price")


@dataclass(frozen=True, slots=True)
class Findings:
    """Rules by id, such as `BilledCost-C-003-M`; those that it skips are in neither."""

    passed: frozenset[str]
    failed: frozenset[str]

    @property
    def columns(self) -> set[str]:
        """What it has looked at."""
        return {rule.split("-")[0] for rule in self.passed}


def interpreter() -> Path | None:
    """The Python that the validator is installed for, if there is one."""
    named = os.environ.get(INTERPRETER)
    if named:
        return Path(named).absolute()
    return _BESIDE if _BESIDE.exists() else None


def findings(python: Path, export: Path, folder: Path) -> Findings:
    """What it says of an export; raises AssertionError where it did not come to an end."""
    # It looks for its list of currencies below the folder from which it is run, and logs into that.
    here = folder / "validator"
    here.mkdir()
    (here / "focus_validator").symlink_to(_package_of(python))
    said = subprocess.run(
        [
            # Isolated, for our paths are none of its own.
            *(python, "-I", "-m", "focus_validator.main", "--block-download"),
            *("--validate-version", VERSION, "--applicability-criteria", ",".join(WHAT_WE_HAVE)),
            *("--data-file", _as_it_reads(export, here)),
        ],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    # Its exit status is 0 whatever it finds.
    assert said.returncode == 0, said.stderr
    rules = _LINE.findall(said.stdout)
    assert f"Total: {len(rules)} |" in said.stdout, said.stdout
    passed, failed = (
        frozenset(rule for rule, result in rules if result == wanted) for wanted in ("PASS", "FAIL")
    )
    return Findings(passed, failed)


def _package_of(python: Path) -> str:
    found = "from importlib.util import find_spec; print(find_spec('focus_validator').origin)"
    origin = subprocess.run(
        [python, "-I", "-c", found], capture_output=True, text=True, check=True
    ).stdout.strip()
    return str(Path(origin).parent)


def _as_it_reads(export: Path, folder: Path) -> Path:
    """A copy for it: decimals have a point, for a column of whole numbers is no decimal to it.

    Rules of ours read `CommitmentDiscountStatus`, which only who grants such discounts has.
    """
    copy = folder / "focus.csv"
    with export.open(encoding="utf-8", newline="") as file, copy.open("w", newline="") as target:
        rows = csv.DictReader(file)
        names = list(rows.fieldnames or ())
        writer = csv.writer(target)
        writer.writerow([*names, "CommitmentDiscountStatus"])
        for row in rows:
            writer.writerow([*(_pointed(name, row[name]) for name in names), ""])
    return copy.resolve()


def _pointed(name: str, value: str) -> str:
    return f"{value}.0" if name.endswith(_DECIMALS) and value.lstrip("-").isdigit() else value
