"""`creditctl payments`: what goes wrong before any provider is asked."""

import pytest

from conftest import Cli


@pytest.fixture
def acme(cli: Cli) -> Cli:
    cli("orgs create acme")
    return cli


def test_nothing_is_on_file_and_nothing_open_at_first(acme: Cli) -> None:
    assert acme("payments methods acme -o json").data == []
    assert acme("payments reconcile -o json").data == []


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ("payments attach acme pm_card --provider manual", 5, "no stored payment method"),
        ("payments attach acme pm_card --provider fax", 2, "unknown payment provider"),
        ("payments prefer pm_none", 3, "no payment method"),
        ("payments detach pm_none --yes", 3, "no payment method"),
        ("payments webhook --provider manual", 4, "no provider sends notices"),
    ],
)
def test_mistakes_are_refused_with_a_way_out(acme: Cli, line: str, code: int, told: str) -> None:
    stderr = acme(line, expect=code, stdin="{}").stderr
    assert told in stderr
    assert "hint" in stderr
