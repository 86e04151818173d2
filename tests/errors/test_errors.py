"""Every error can be caused, and looks as the contract says."""

import pytest

from creditctl.errors import CreditctlError
from errors.museum import TARGET, exhibit, leaves, page
from errors.scenarios import SCENARIOS


def test_every_error_has_a_scenario_that_causes_it() -> None:
    assert set(leaves()) == {scenario.error for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.error.code)
def test_an_error_is_one_line_and_a_hint_with_its_exit_status(scenario) -> None:
    shown = exhibit(scenario)

    assert shown.exit_code == scenario.error.exit_status
    error, hint = shown.text.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("hint: ")
    assert shown.document["code"] == scenario.error.code
    assert shown.document["retryable"] is scenario.error.retryable
    assert shown.document["title"] == scenario.error.title()


def test_no_two_errors_share_a_code() -> None:
    codes = [error.code for error in leaves(CreditctlError)]
    assert len(codes) == len(set(codes))


def test_the_error_pages_are_what_the_commands_say() -> None:
    assert TARGET.read_text(encoding="utf-8") == page()
