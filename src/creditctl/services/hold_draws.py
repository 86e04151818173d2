"""What a group frees and takes of grants: summed, for each grant is written once."""

from collections import defaultdict
from collections.abc import Iterable

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.served_groups import draw_held


class Draws:
    """Micro-credits by the grants' internal ids; owners are locked."""

    def __init__(self) -> None:
        self._sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, grant_id: int, *, freed: int = 0, used: int = 0) -> None:
        """What is not held any more, less than nothing where more is; and what was used."""
        sums = self._sums[grant_id]
        sums[0] += freed
        sums[1] += used

    def freed_of(self, grant_id: int) -> int:
        """How much more is free than the database says."""
        freed, used = self._sums.get(grant_id, (0, 0))
        return freed - used

    def write(self, unit: UnitOfWork) -> None:
        """Write the sums."""
        draw_held(unit, {grant: (freed, used) for grant, (freed, used) in self._sums.items()})


def write_draws(unit: UnitOfWork, draws: Iterable[Draws]) -> None:
    """Change the grants: nothing that follows in the transaction waits for them."""
    for one in draws:
        one.write(unit)
