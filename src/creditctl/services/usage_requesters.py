"""Who asked: the organization and the key that a usage file names."""

from collections.abc import Sequence
from itertools import filterfalse
from typing import NamedTuple

from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.usage import key_names, organization_names

MOST_REMEMBERED = 100_000
"""Names whose owner is kept in memory; beyond that the memory starts anew."""


class Refusal(NamedTuple):
    """Why the words name nobody."""

    field: str
    value: str
    reason: str


class Requesters:
    """Which organization and key an event's words name."""

    def __init__(self, unit: UnitOfWork, organization_id: int | None) -> None:
        self._default = organization_id
        self._found: dict[tuple[str, str], tuple[int, int] | Refusal] = {}
        self._organizations: dict[str, int] = {}
        for number, public_id, slug in organization_names(unit):
            self._organizations[slug] = self._organizations[public_id] = number
        self._keys: dict[str, tuple[int, int]] = {}
        self._named_keys: dict[tuple[int, str], int] = {}
        for number, owner, public_id, prefix, name in key_names(unit):
            self._keys[public_id] = self._keys[prefix] = (owner, number)
            self._named_keys[owner, name] = number

    def find_all(self, names: Sequence[tuple[str, str]]) -> list[tuple[int, int] | Refusal]:
        """The same for many (organization, key), remembered from block to block."""
        if len(self._found) > MOST_REMEMBERED:
            self._found.clear()
        for name in filterfalse(self._found.__contains__, names):
            self._found[name] = self.find(*name)
        return list(map(self._found.__getitem__, names))

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
