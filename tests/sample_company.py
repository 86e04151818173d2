"""A sample company in a database: the month of October 2026, as `creditctl demo` runs it."""

from dataclasses import dataclass
from typing import Any

from conftest import Cli
from creditctl.services.demo import DemoResult

END_OF_MONTH = "2026-10-31T23:59:00Z"


@dataclass(frozen=True)
class SampleCompany:
    """What the demo found, and the command line on its database at the end of the month."""

    result: DemoResult
    cli: Cli

    def __call__(self, line: str, *, as_of: str = END_OF_MONTH) -> Any:
        """The data of a command's JSON."""
        return self.cli(f"-o json {line}", as_of=as_of).data

    def available(self, organization: str) -> str:
        return str(self(f"credits balance {organization}")["available"])

    def usage(self, organization: str) -> tuple[int, int, str]:
        """Requests, failed ones, and rated credits of October."""
        report = self(f"usage show {organization} --month 2026-10")
        return report["requests"], report["failed"], report["credits"]

    def grants(self, organization: str) -> dict[tuple[str, str | None], str]:
        """What remains of each grant, by source and product."""
        rows = self(f"credits grants {organization} --all")
        return {(row["source"], row["product"]): row["remaining"] for row in rows}

    def invoice(self, organization: str) -> dict[str, Any]:
        return dict(self(f"invoice show {organization} --month 2026-10", as_of="2026-11-01T06:00Z"))

    def states(self) -> list[tuple[str, str, str, str | None]]:
        """Every change of state: when it was checked, who, what and why."""
        return [
            (f"{state.at:%d %H:%M}", state.organization, state.state, state.reason)
            for state in self.result.states
        ]
