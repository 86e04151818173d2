"""Who asked: the organization and the key that a usage file names."""

from collections.abc import Sequence
from itertools import filterfalse
from typing import NamedTuple

import numpy as np

from creditctl.rules.columns import Column
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage import key_names, organization_names

MOST_REMEMBERED = 100_000
"""Names whose owner is kept in memory; beyond that the memory starts anew."""

NO_REQUESTER = -1
NOBODY = (NO_REQUESTER, 0)
_NO_COLUMN = np.empty(0, np.int64)


class Refusal(NamedTuple):
    """Why the words name nobody."""

    field: str
    value: str
    reason: str


class Requesters:
    """Which organization and key an event's words name.

    `organization_ids` and `key_ids` are columns of internal ids, NO_REQUESTER where the words name
    nobody, which `refusals` tells by place.
    """

    def __init__(self, unit: UnitOfWork, organization_id: int | None) -> None:
        self._default = organization_id
        self._places: dict[tuple[str, str], int] = {}
        self.refusals: dict[int, Refusal] = {}
        self.organization_ids: Column = _NO_COLUMN
        self.key_ids: Column = _NO_COLUMN
        self._organizations: dict[str, int] = {}
        for number, public_id, slug in organization_names(unit):
            self._organizations[slug] = self._organizations[public_id] = number
        self._keys: dict[str, tuple[int, int]] = {}
        self._named_keys: dict[tuple[int, str], int] = {}
        for number, owner, public_id, prefix, name in key_names(unit):
            self._keys[public_id] = self._keys[prefix] = (owner, number)
            self._named_keys[owner, name] = number

    def places_of(self, names: Sequence[tuple[str, str]]) -> Column:
        """Where what is known of each (organization, key) stands in the columns.

        It is remembered from block to block, until the names are very many.
        """
        if len(self._places) > MOST_REMEMBERED:
            self._forget()
        self._learn(list(filterfalse(self._places.__contains__, names)))
        # A number for each: NumPy reads those several times as fast as pairs.
        return np.fromiter(map(self._places.__getitem__, names), np.int64, len(names))

    def _learn(self, names: Sequence[tuple[str, str]]) -> None:
        owners, keys = [], []
        for place, name in enumerate(names, len(self.key_ids)):
            found = self.find(*name)
            self._places[name] = place
            if isinstance(found, Refusal):
                self.refusals[place] = found
            owner, key = NOBODY if isinstance(found, Refusal) else found
            owners.append(owner)
            keys.append(key)
        self.organization_ids = np.append(self.organization_ids, np.array(owners, np.int64))
        self.key_ids = np.append(self.key_ids, np.array(keys, np.int64))

    def _forget(self) -> None:
        self._places.clear()
        self.refusals.clear()
        self.organization_ids = self.key_ids = _NO_COLUMN

    def find(self, organization: str, key: str) -> "tuple[int, int] | Refusal":
        """Internal ids of the organization and of the key, 0 if none is named."""
        organization_id = self._default
        if organization:
            organization_id = self._organizations.get(organization)
            if organization_id is None:
                return Refusal("org", organization, "is no organization")
        if not key:
            if organization_id is None:
                return Refusal("key", "", "names neither a key nor an organization")
            return organization_id, 0
        if found := self._keys.get(key):
            if organization_id not in (None, found[0]):
                return Refusal("key", key, "belongs to another organization")
            return found
        if organization_id is not None:
            key_id = self._named_keys.get((organization_id, key))
            if key_id is not None:
                return organization_id, key_id
        return Refusal("key", key, "is no API key")
