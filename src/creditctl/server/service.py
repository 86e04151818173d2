"""What all endpoints share: the gate, what it is asked with, and what is counted of it."""

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING

from creditctl.config import database_url, default_actor, read_config, settings_from
from creditctl.server.embedding import Gate
from creditctl.server.exchange import Asked, bearer_of
from creditctl.server.metrics import Metrics
from creditctl.server.problems import Problem

if TYPE_CHECKING:
    from creditctl.server.books_line import BooksLine

KNOWN_BY = "x-gate-secret"
"""For gateways, whose Authorization header is their client's."""


@dataclass(frozen=True, slots=True)
class Service:
    """One for each process."""

    gate: Gate
    secret: bytes | None = None
    """That callers have to know; None: whoever can connect may ask."""

    metrics: Metrics = field(default_factory=Metrics)
    line: "BooksLine | None" = None
    """To the process that answers calls; None: this one does."""

    def check_secret(self, asked: Asked) -> None:
        """Raise Problem 401 unless the caller knows the secret, as a bearer or in a header."""
        if self.secret is None:
            return
        given = asked.headers.get(KNOWN_BY) or bearer_of(asked.headers) or ""
        if not compare_digest(given.encode("latin-1"), self.secret):
            raise Problem(
                401,
                "gate_secret",
                "The gate's secret is missing or wrong.",
                headers={"WWW-Authenticate": 'Bearer realm="creditctl"'},
            )


def service_from_environment() -> Service:
    """As the settings say, which each process reads for itself."""
    config = read_config({})
    settings = settings_from(config)
    gate = Gate(database_url(config), settings=settings, actor=default_actor(config))
    return Service(gate, settings.gate_secret)
