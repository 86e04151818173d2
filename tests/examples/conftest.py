"""Runs the main job on a sample company, on both databases."""

from collections.abc import Callable

import pytest

from creditctl.context import Context
from creditctl.services.demo import run_main_job
from sample_company import SampleCompany


@pytest.fixture
def company(context: Context, cli) -> Callable[[str], SampleCompany]:
    return lambda system: SampleCompany(run_main_job(context, system), cli)
