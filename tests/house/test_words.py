"""One word for one thing (DESIGN 1): the banned synonyms, each with the word to use."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTEAD = {
    "customer": "organization",
    "customers": "organizations",
    "wallet": "grant",
    "wallets": "grants",
    "token": "key, or credits",
    "tokens": "keys, or credits",
    "coin": "credits",
    "coins": "credits",
    "todo": "an issue",
    "fixme": "an issue",
    "xxx": "an issue",
}
FOREIGN = {
    "src/creditctl/adapters/payments/stripe.py": {"customer", "customers"},
    "src/creditctl/adapters/payments/btcpay.py": {"token"},
}
"""A counterpart's own words, in the one file that speaks to it."""

QUOTED = "Exceeded token limit of "
"""What the gate says word for word as finlight does."""

WORDS = re.compile(r"\b(" + "|".join(INSTEAD) + r")\b", re.IGNORECASE)
UNREADABLE_NAMES = {"utils", "helpers", "common", "shared", "manager", "misc", "base"}
TEXTS = [
    path
    for folder, pattern in (("src", "*.py"), ("docs", "*.md"), ("sample-data", "*.toml"))
    for path in sorted((ROOT / folder).rglob(pattern))
] + [ROOT / "README.md", ROOT / "CHANGELOG.md"]


def test_no_banned_word_is_used() -> None:
    assert {one for path in TEXTS for one in banned(path)} == set()


def banned(path: Path) -> set[str]:
    name = str(path.relative_to(ROOT))
    return {
        f"{name}, line {number}: {match[0]} -> {INSTEAD[match[0].lower()]}"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for match in WORDS.finditer(line.replace(QUOTED, ""))
        if match[0].lower() not in FOREIGN.get(name, ())
    }


def test_the_word_check_finds_a_banned_word() -> None:
    assert WORDS.search("the Customer pays")


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {path.stem for path in (ROOT / "src").rglob("*.py")}
    assert names & UNREADABLE_NAMES == set()
