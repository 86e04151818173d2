"""What Prometheus reads of one gate process: decisions, how long answers took, open holds."""

from collections.abc import Iterator, Mapping
from typing import Any

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


class _FailedGroups:
    """Counted elsewhere since the gate began: how often calls could not share a transaction."""

    def __init__(self) -> None:
        self.found: Mapping[str, int] = {}

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(
            "creditctl_gate_failed_groups",
            "Transactions of several calls that were taken back; each call was then made alone.",
            labels=("reason",),
        )
        for reason, times in self.found.items():
            family.add_metric((reason,), times)
        yield family


class Metrics:
    """A registry of its own, so that an application's metrics are not mixed with the gate's."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self._registry = CollectorRegistry()
        self._decisions: Any = Counter(
            "creditctl_gate_decisions",
            "Answers about requests, by HTTP status and reason.",
            ("status", "reason"),
            registry=self._registry,
        )
        self._seconds: Any = Histogram(
            "creditctl_gate_request_seconds",
            "How long an answer took.",
            ("endpoint",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._open_holds: Any = Gauge(
            "creditctl_gate_open_holds",
            "Calls that hold credits, of all gates of the database.",
            registry=self._registry,
        )
        self._up: Any = Gauge(
            "creditctl_gate_up",
            "Whether the database (books) and the counters answer.",
            ("part",),
            registry=self._registry,
        )
        self._failed_groups = _FailedGroups()
        self._registry.register(self._failed_groups)

    def decided(self, status: int, reason: str) -> None:
        """Count a decision."""
        self._decisions.labels(str(status), reason).inc()

    def took(self, endpoint: str, seconds: float) -> None:
        """Note how long an endpoint took."""
        self._seconds.labels(endpoint).observe(seconds)

    def stands(
        self, *, open_holds: int | None, counters: bool, failed_groups: Mapping[str, int]
    ) -> None:
        """Note what was found out about the books (None: they do not answer) and the counters."""
        self._failed_groups.found = failed_groups
        self._up.labels("books").set(open_holds is not None)
        self._up.labels("counters").set(counters)
        if open_holds is not None:
            self._open_holds.set(open_holds)

    def page(self) -> tuple[bytes, str]:
        """The text that Prometheus reads, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry), CONTENT_TYPE_LATEST
