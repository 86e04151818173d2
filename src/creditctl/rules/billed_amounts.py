"""What of a taxed invoice its lines are, without tax: the parts sum to its net."""

from collections.abc import Sequence

from creditctl.rules.units import split_exactly


def net_parts(net_minor: int, amounts: Sequence[int]) -> list[int]:
    """The net of a document by its parts, in minor units.

    Where prices exclude the tax they are the amounts themselves; where they include it, the net is
    shared by largest remainder in proportion to the amounts, of which those below zero take none.
    """
    if sum(amounts) == net_minor:
        return list(amounts)
    return split_exactly(net_minor, [max(amount, 0) for amount in amounts])
