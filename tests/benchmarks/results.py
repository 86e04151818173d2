"""What was measured: pairs of runs, their ratio, and the gate that it must pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

Seconds = float


@dataclass(frozen=True, slots=True)
class Gate:
    """What the ratio, or without one our own figure, may be at most (or at least)."""

    limit: float
    at_least: bool = False

    def passes(self, figure: float) -> bool:
        return figure >= self.limit if self.at_least else figure <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Figures of both sides, round by round."""

    ours: list[float] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)

    def add(self, ours: float, baseline: float) -> None:
        self.ours.append(ours)
        self.baseline.append(baseline)

    @property
    def ratios(self) -> list[float]:
        """Ours to the baseline's: of each round, for rounds differ more than sides."""
        return [one / other for one, other in zip(self.ours, self.baseline, strict=True)]

    @property
    def differences(self) -> list[float]:
        return [one - other for one, other in zip(self.ours, self.baseline, strict=True)]


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report; `ours`, `baseline` and `ratio` are medians."""

    name: str
    unit: str
    ours: float
    baseline: float | None = None
    ratios: Sequence[float] = ()
    gate: Gate | None = None
    events: int | None = None
    """That ours took its seconds for."""

    all_ours: Sequence[float] = ()
    all_baseline: Sequence[float] = ()

    @property
    def ratio(self) -> float | None:
        return median(self.ratios) if self.ratios else None

    @property
    def passed(self) -> bool | None:
        """None without a gate."""
        if self.gate is None:
            return None
        return self.gate.passes(self.ours if self.ratio is None else self.ratio)


def alternated(rounds: int, ours: Callable[[], Seconds], baseline: Callable[[], Seconds]) -> Pairs:
    """Run both sides in turn; who begins changes from round to round."""
    pairs = Pairs()
    for number in range(rounds):
        if number % 2:
            second, first = baseline(), ours()
        else:
            first, second = ours(), baseline()
        pairs.add(first, second)
    return pairs


def compared(name: str, pairs: Pairs, gate: Gate | None, *, events: int) -> Result:
    """Seconds of both sides for the same events."""
    return Result(
        name,
        "s",
        median(pairs.ours),
        median(pairs.baseline),
        pairs.ratios,
        gate,
        events,
        pairs.ours,
        pairs.baseline,
    )
