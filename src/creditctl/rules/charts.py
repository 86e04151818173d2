"""Small pictures of numbers in a line of text: bars and sparklines; exact integers in."""

from collections.abc import Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"


def bar(part: int, whole: int, width: int = 10) -> str:
    """A bar of `part` among `whole`, at most `width` characters, to an eighth of one."""
    if part <= 0 or whole <= 0:
        return ""
    eighths = max(round_half_up(part * width * 8, whole), 1)
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def sparkline(values: Sequence[int]) -> str:
    """A column for each value, the highest one full; nothing is a gap."""
    highest = max(values, default=0)
    if highest <= 0:
        return ""
    return "".join(
        _LEVELS[min(value * len(_LEVELS) // highest, len(_LEVELS) - 1)] if value > 0 else " "
        for value in values
    )


def merged(values: Sequence[int], width: int) -> list[int]:
    """The sums of equally many neighbours, so that at most `width` values are left."""
    size = -(-len(values) // width) or 1
    return [sum(values[start : start + size]) for start in range(0, len(values), size)]


def round_half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number; numerator and denominator are not negative."""
    return (2 * numerator + denominator) // (2 * denominator)
