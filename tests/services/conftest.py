"""Payment providers and counters that really run, for the services that ask them."""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.payments.local_stripe import LocalStripe, local_stripe
from creditctl.services import group_commit, group_steps
from creditctl.store.engine import unit_of_work
from payment_shop import SECRETS, Shop, payment_shop
from redis_server import local_redis


@pytest.fixture(scope="session")
def running_stripe() -> Iterator[LocalStripe]:
    with local_stripe() as peer:
        yield peer


@pytest.fixture(scope="session")
def running_redis() -> Iterator[str]:
    with local_redis() as url:
        yield url


@pytest.fixture
def shop(
    database: str, running_stripe: LocalStripe, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    """An organization without credits at a company that sells by Stripe and BTCPay."""
    for name, secret in SECRETS.items():
        monkeypatch.setenv(name, secret)
    with payment_shop(database, running_stripe) as made:
        yield made


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The transactions that group commit opened."""
    opened: list[str] = []

    def opening(database: str) -> Any:
        opened.append(database)
        return unit_of_work(database)

    for module in (group_commit, group_steps):
        monkeypatch.setattr(module, "unit_of_work", opening)
    return opened
