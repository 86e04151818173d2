"""The price book as columns: which version of which price a block of requests falls under."""

from collections.abc import Sequence

import numpy as np

from creditctl.rules.columns import Column
from creditctl.rules.columns.events import Coded
from creditctl.rules.columns.grouping import distinct, ranks_of
from creditctl.rules.columns.pricing import PriceRules
from creditctl.rules.instants import micros_of
from creditctl.rules.pricing import is_billed
from creditctl.services.price_book import PriceBook, VersionedPrice

NO_ENDPOINT, NO_PRICE = -1, -2
_STATUSES = 1000


class PriceTable:
    """Every version of every price by its place, and what an event keeps of it."""

    def __init__(self, book: PriceBook) -> None:
        self.book = book
        self.versions: Sequence[VersionedPrice] = book.versions()
        self._places = {version.id: place for place, version in enumerate(self.versions)}
        endpoints = [book.endpoint_of(version) for version in self.versions]
        self.price_ids = _column([version.id for version in self.versions])
        self.endpoint_ids = _column([endpoint.id for endpoint in endpoints])
        self.product_ids = _column([endpoint.product_id for endpoint in endpoints])
        self.tiers = sorted({version.rule.tier or "" for version in self.versions})
        self.tier_codes = _column(
            [self.tiers.index(version.rule.tier or "") for version in self.versions]
        )
        self.rules = PriceRules([version.rule for version in self.versions])
        self._billed: dict[int, bool] = {}
        self._boundaries = _column(
            sorted({at for version in self.versions for at in _ends(version)})
        )

    def places(self, requests: Coded, plan_ids: Column, occurred_at: Column) -> Column:
        """For each event its price's place; NO_ENDPOINT or NO_PRICE where there is none."""
        stretch = np.searchsorted(self._boundaries, occurred_at, "right")
        _, first, codes = distinct(ranks_of((requests.codes, plan_ids, stretch)))
        found = [
            self._place(requests.values[code], plan_id, at)
            for code, plan_id, at in zip(
                requests.codes[first].tolist(),
                plan_ids[first].tolist(),
                occurred_at[first].tolist(),
                strict=True,
            )
        ]
        return _column(found)[codes]

    def places_of(self, price_ids: Sequence[int]) -> Column:
        """The places of prices by their internal ids."""
        return _column([self._places[price_id] for price_id in price_ids])

    def succeeded(self, places: Column, statuses: Column) -> Column:
        """Whether each event's status is one that its price bills."""
        alike, _, codes = distinct(places * _STATUSES + statuses)
        return np.array([self._is_billed(pair) for pair in alike.tolist()], bool)[codes]

    def _place(self, request: tuple[str, str], plan_id: int, at: int) -> int:
        endpoint = self.book.endpoint(*request, at)
        if endpoint is None:
            return NO_ENDPOINT
        price = self.book.price_at(endpoint.id, at, plan_id)
        return NO_PRICE if price is None else self._places[price.id]

    def _is_billed(self, pair: int) -> bool:
        if pair not in self._billed:
            place, status = divmod(pair, _STATUSES)
            self._billed[pair] = is_billed(self.versions[place].rule.billed_statuses, status)
        return self._billed[pair]


def _ends(version: VersionedPrice) -> list[int]:
    ends = (version.effective_from, version.effective_to)
    return [micros_of(at) for at in ends if at is not None]


def _column(numbers: Sequence[int]) -> Column:
    return np.array(numbers, np.int64)
