"""Orders, distinct values and sums of integer columns, by counting wherever values are dense.

Sorting is what an import does most; 16 bits at a time, NumPy sorts in linear time.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from creditctl.rules.columns import Column

_DIGIT_BITS = 16
_LARGEST = 2**62
_SPARSE = 8
"""A table of counts may be this much longer than the column."""


def order_of(numbers: Column) -> Column:
    """The places of the numbers in ascending order; equal ones stay as they are."""
    if len(numbers) < 2:  # noqa: PLR2004 - nothing to put in order
        return np.arange(len(numbers))
    if numbers.dtype == bool:
        return np.argsort(numbers, kind="stable")
    # Modulo 2**64 the difference is right whatever the signs are.
    offsets = numbers.astype(np.uint64) - np.uint64(int(numbers.min()) % 2**64)
    most = int(offsets.max())
    order = np.argsort(offsets.astype(np.uint16), kind="stable")
    for shift in range(_DIGIT_BITS, most.bit_length(), _DIGIT_BITS):
        digit = (offsets >> shift).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def order_by(columns: Sequence[Column]) -> Column:
    """The places of rows in ascending order of the first column, then of the next ones."""
    order = order_of(columns[-1])
    for column in reversed(columns[:-1]):
        order = order[order_of(column[order])]
    return order


def group_starts(ranks: Column) -> Column:
    """Where each group of equal neighbours begins."""
    if not len(ranks):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.concatenate(([True], ranks[1:] != ranks[:-1])))


def distinct(numbers: Column) -> tuple[Column, Column, Column]:
    """The distinct numbers ascending, a place of each, and for every number which it is."""
    if not len(numbers):
        return numbers, np.empty(0, np.int64), np.empty(0, np.int64)
    lowest = int(numbers.min())
    span = int(numbers.max()) - lowest + 1
    if span > _SPARSE * len(numbers) + 1024:
        order = order_of(numbers)
        starts = group_starts(numbers[order])
        codes = np.empty(len(numbers), np.int64)
        sizes = np.diff(np.append(starts, len(numbers)))
        codes[order] = np.repeat(np.arange(len(starts)), sizes)
        return numbers[order[starts]], order[starts], codes
    offsets = numbers.astype(np.int64, copy=False) - lowest
    place_of = np.full(span, -1, np.int64)
    place_of[offsets] = np.arange(len(numbers))
    found = np.flatnonzero(place_of >= 0)
    code_of = np.empty(span, np.int64)
    code_of[found] = np.arange(len(found))
    return found + lowest, place_of[found], code_of[offsets]


def ranks_of(columns: Sequence[Column]) -> Column:
    """One number per row, equal for equal rows and in the order of the columns."""
    ranks = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        if not len(column):
            return ranks
        lowest, highest = int(column.min()), int(column.max())
        if (int(ranks.max()) + 1) * (highest - lowest + 1) >= _LARGEST:
            # Too sparse for one number: counted densely first.
            ranks, column, lowest = distinct(ranks)[2], distinct(column)[2], 0  # noqa: PLW2901
            highest = int(column.max())
        ranks = ranks * (highest - lowest + 1) + (column.astype(np.int64, copy=False) - lowest)
    return ranks


def summed(keys: Mapping[str, Column], values: Mapping[str, Column]) -> dict[str, Column]:
    """The values' sums for each distinct key, in ascending order of the keys."""
    _, places, codes = distinct(ranks_of(list(keys.values())))
    groups = {name: column[places] for name, column in keys.items()}
    for name, column in values.items():
        groups[name] = np.zeros(len(places), np.int64)
        # Of one kind with the sums: only then is adding in place fast.
        np.add.at(groups[name], codes, column.astype(np.int64, copy=False))
    return groups
