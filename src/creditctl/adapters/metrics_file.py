"""A file of metrics for the textfile collector of Prometheus' node exporter, and its like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from creditctl.adapters.whole_files import replace_if_different


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that goes up and down; by a label's value, or one alone under ''."""

    name: str
    help: str
    values: Mapping[str, int | Fraction]
    label: str | None = None


def write_metrics(path: Path, gauges: Sequence[Gauge]) -> None:
    """Replace the file, all at once; raises OSError, and InvalidInput for what is no file.

    Prometheus knows floating-point numbers alone; nothing is calculated with them here.
    """
    import prometheus_client  # only where such a file is asked for

    registry = prometheus_client.CollectorRegistry()
    for gauge in gauges:
        labels = () if gauge.label is None else (gauge.label,)
        metric = prometheus_client.Gauge(gauge.name, gauge.help, labels, registry=registry)
        for value, figure in gauge.values.items():
            (metric if gauge.label is None else metric.labels(value)).set(float(figure))
    replace_if_different(path, prometheus_client.generate_latest(registry))
