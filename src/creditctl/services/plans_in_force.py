"""Which plan's own prices hold for a request: the key's plan, else the organization's."""

from datetime import datetime

from creditctl.rules.instants import micros_of
from creditctl.services.price_book import LIST
from creditctl.services.subscription_periods import periods_of_each
from creditctl.store.engine import UnitOfWork
from creditctl.store.queries.keys import plans_of_keys
from creditctl.store.queries.subscriptions import all_subscriptions, subscriptions_of


class PlansInForce:
    """The plans of all organizations, or of one, up to a time; asked once per event."""

    def __init__(
        self, unit: UnitOfWork, until: datetime, organization_id: int | None = None
    ) -> None:
        self._of_keys = plans_of_keys(unit)
        self._spans: dict[int, list[tuple[int, int, int]]] = {}
        subscriptions = (
            all_subscriptions(unit)
            if organization_id is None
            else subscriptions_of(unit, organization_id)
        )
        for subscription, periods in periods_of_each(unit, subscriptions, until):
            spans = self._spans.setdefault(subscription.organization_id, [])
            spans += [
                (micros_of(period.starts_at), micros_of(period.ends_at), period.plan.plan_id)
                for period in periods
            ]

    def plan_id(self, organization_id: int, api_key_id: int | None, at_micros: int) -> int:
        """The plan's internal id; LIST without any."""
        if api_key_id is not None and (bound := self._of_keys.get(api_key_id)):
            return bound
        for starts_at, ends_at, plan_id in self._spans.get(organization_id, ()):
            if starts_at <= at_micros < ends_at:
                return plan_id
        return LIST

    def spans_of(self, organization_id: int) -> list[tuple[int, int, int]]:
        """The organization's stretches of one plan: start and end in microseconds, plan id."""
        return self._spans.get(organization_id, [])
