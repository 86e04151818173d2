"""What of a taxed invoice its lines are, without tax: the parts sum to its net."""

from collections.abc import Sequence

from creditctl.rules.units import split_exactly


def net_until(net_minor: int, whole_minor: int, amount_minor: int) -> int:
    """The net of the first `amount_minor` of a document whose lines sum to `whole_minor`.

    Rounded half-up. The difference of two is the net of what lies between them; at the end it is
    the net itself.
    """
    if whole_minor in (net_minor, 0):
        return amount_minor
    return (2 * net_minor * amount_minor + whole_minor) // (2 * whole_minor)


def net_parts(net_minor: int, fees: Sequence[int], others: Sequence[int]) -> list[int]:
    """The net of a document by its fees, then its other parts, in minor units.

    Where prices exclude the tax they are the amounts themselves. Where they include it, fees come
    first, each until where it reaches: so their net is known without what usage costs beside them.
    The others share the rest by largest remainder, of which those below zero take none.
    """
    whole = sum(fees) + sum(others)
    if whole == net_minor:
        return [*fees, *others]
    nets, reached = [], 0
    for fee in fees:
        before = net_until(net_minor, whole, reached)
        reached += fee
        nets.append(net_until(net_minor, whole, reached) - before)
    return nets + split_exactly(net_minor - sum(nets), [max(amount, 0) for amount in others])
