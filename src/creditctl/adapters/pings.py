"""Pings: a job tells a monitor that it ran or failed; without a ping the monitor raises the alarm.

The monitor's address ends with `/fail` for a failure, as Healthchecks and its like have it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from creditctl.adapters.channels.attempt import attempt
from creditctl.adapters.channels.connection import tls_context
from creditctl.adapters.channels.http_post import Target, outcome, post, read_url
from creditctl.adapters.channels.interface import DeliveryFailed
from creditctl.adapters.settings import LOOPBACK
from creditctl.errors import InvalidInput

LONGEST_PING = 5
"""Seconds for all of it, from looking up the name to the answer."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """Where pings go."""

    target: Target

    def ping(self, body: bytes, *, failed: bool, at: datetime) -> str | None:
        """Post the body, JSON, once; returns why nobody took it, or None.

        The reason does not tell the path, which is a secret with most monitors.
        """
        path, mark, query = self.target.path.partition("?")
        if failed:
            path = f"{path.rstrip('/')}/fail"
        target = replace(self.target, path=path + mark + query)
        try:
            with attempt(LONGEST_PING) as deadline:
                answer = post(
                    target, body, {}, context=tls_context("ping_url", None), deadline=deadline
                )
                outcome(answer, final=frozenset(), at=at)
        except DeliveryFailed as problem:
            return f"{target.host} was not pinged: {problem.reason}"
        return None


def monitor_at(url: str) -> Monitor:
    """The monitor at an https address, or http of this machine; raises InvalidInput for others."""
    target = read_url(url)
    if target.scheme != "https" and target.host not in LOOPBACK:
        raise InvalidInput("the ping URL is not encrypted", hint="write it like https://HOST/PATH")
    return Monitor(target)
