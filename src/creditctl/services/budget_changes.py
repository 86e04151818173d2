"""`budgets set` and `budgets clear`: what lines there shall be, and which go."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from creditctl.context import Context
from creditctl.errors import BudgetNotFound, InvalidInput
from creditctl.rules.budgets import (
    Kind,
    Measure,
    Scope,
    Span,
    Threshold,
    default_scope,
    require_threshold_within,
)
from creditctl.rules.enforcement import Reason
from creditctl.rules.units import Credits
from creditctl.services.audit import record_change
from creditctl.services.budgets import Budget, budget_now, target_in_words
from creditctl.services.enforcement import decide_anew
from creditctl.services.products import product_id_of
from creditctl.services.spending import budget_of, period_at
from creditctl.services.standings import assess
from creditctl.store.engine import UnitOfWork, unit_of_work
from creditctl.store.public_ids import new_public_id
from creditctl.store.queries.budgets import (
    BudgetRow,
    budget_rows,
    delete_budget,
    insert_budget,
    move_budget,
    set_scope,
)
from creditctl.store.queries.enforcement import state_rows
from creditctl.store.queries.keys import find_key, keys_of
from creditctl.store.queries.orgs import OrganizationRow, find_organization, lock_organizations

Watch = tuple[Measure, Span]
DAILY: Watch = (Measure.USAGE, Span.DAY)
MONTHLY: Watch = (Measure.USAGE, Span.MONTH)


@dataclass(frozen=True, slots=True)
class Target:
    """What lines are about: a product, a key, or (0, 0) for all of the organization's usage."""

    product_id: int = 0
    api_key_id: int = 0


@dataclass(frozen=True, slots=True)
class _Change:
    """What is being changed: a target's lines, and the scope they shall have."""

    unit: UnitOfWork
    context: Context
    organization_id: int
    target: Target
    rows: Sequence[BudgetRow]
    scope: Scope

    def known(self, kind: Kind, watch: Watch) -> list[BudgetRow]:
        """The lines of that kind."""
        return [row for row in self.rows if (row.kind, (row.measure, row.span)) == (kind, watch)]

    def insert(self, kind: Kind, watch: Watch, threshold: Threshold) -> None:
        """Draw a line."""
        measure, span = watch
        insert_budget(
            self.unit,
            self.organization_id,
            public_id=new_public_id("budget", self.context.now),
            kind=kind,
            measure=measure,
            span=span,
            scope=self.scope,
            threshold=threshold,
            product_id=self.target.product_id,
            api_key_id=self.target.api_key_id,
            updated_at=self.context.now,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall be; what is not in it stays as it is. Thresholds replace those of their kind."""

    daily: Credits | None = None
    monthly: Credits | None = None
    thresholds: Mapping[Watch, Sequence[Threshold]] | None = None
    product: str | None = None
    key: str | None = None
    scope: Scope | None = None

    @property
    def budgets(self) -> dict[Watch, Credits]:
        """The hard limits that were given."""
        given = {DAILY: self.daily, MONTHLY: self.monthly}
        return {watch: limit for watch, limit in given.items() if limit is not None}


def set_budget(context: Context, organization: str, wanted: Wanted) -> Budget:
    """Change what is given and keep the rest; a block that it lifts ends at once.

    Whatever else follows from it takes effect at the next check.

    Raises InvalidInput when there would be neither a budget nor a threshold, when a threshold is
    above its budget or a percentage of none, and for a scope that cannot be; OrganizationNotFound,
    ProductNotFound, KeyNotFound.
    """
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization)
        lock_organizations(unit, [owner.id])
        target = _target(unit, owner, wanted)
        before = budget_rows(unit, owner.id)
        rows = _of_target(before, target)
        scope = _scope(unit, context, owner.id, target, rows, wanted)
        change = _Change(unit, context, owner.id, target, rows, scope)
        _write_hard(change, wanted.budgets)
        _write_thresholds(change, wanted.thresholds or {})
        for row in rows:
            if row.scope is not scope and row.measure is Measure.USAGE:
                set_scope(unit, row.id, scope, context.now)
        after = budget_rows(unit, owner.id)
        _require_sense(_of_target(after, target))
        _record(unit, context, owner, "budget.set", before, after)
        _unblock(unit, context, owner.id)
        return budget_now(unit, context, owner.id, owner.slug)


def clear_budget(
    context: Context,
    organization: str,
    *,
    line: str | None = None,
    product: str | None = None,
    key: str | None = None,
) -> Budget:
    """Remove every line, those of a product or key, or one by number or id; returns how they stood.

    Raises BudgetNotFound, OrganizationNotFound, ProductNotFound, KeyNotFound.
    """
    with unit_of_work(context.database) as unit:
        owner = find_organization(unit, organization)
        lock_organizations(unit, [owner.id])
        cleared = budget_now(unit, context, owner.id, owner.slug)
        before = budget_rows(unit, owner.id)
        rows = before
        if product or key:
            rows = _of_target(before, _target(unit, owner, Wanted(product=product, key=key)))
        if line is not None:
            rows = [row for row in rows if line in (row.public_id, str(before.index(row) + 1))]
        if not rows:
            raise BudgetNotFound(
                f"{owner.slug} has no such budget",
                hint=f"'creditctl budgets show {owner.slug}' lists them",
            )
        for row in rows:
            delete_budget(unit, row.id)
        _record(unit, context, owner, "budget.cleared", before, budget_rows(unit, owner.id))
        _unblock(unit, context, owner.id)
        return cleared


def _unblock(unit: UnitOfWork, context: Context, organization_id: int) -> None:
    """Let calls through again at once where a budget was raised; a lower one waits for a check."""
    (row,) = state_rows(unit, organization_id)
    if row.decided.reason not in (Reason.BUDGET, Reason.PART_BUDGET):
        return
    (found,) = assess(unit, context.now, organization_id)
    if found.decision.reason is not row.decided.reason:
        decide_anew(unit, context, organization_id)


def _target(unit: UnitOfWork, owner: OrganizationRow, wanted: Wanted) -> Target:
    if wanted.product is not None and wanted.key is not None:
        raise InvalidInput("a budget is of a product or of a key", hint="give one of them")
    if wanted.product is not None:
        return Target(product_id=product_id_of(unit, wanted.product) or 0)
    if wanted.key is None:
        return Target()
    own = {row.name: row for row in keys_of(unit, owner.id)}
    found = own.get(wanted.key) or find_key(unit, wanted.key)
    if found.organization_id != owner.id:
        raise InvalidInput(f"{wanted.key!r} is no key of {owner.slug}")
    return Target(api_key_id=found.first_id)


def _of_target(rows: Iterable[BudgetRow], target: Target) -> list[BudgetRow]:
    return [row for row in rows if Target(row.product_id, row.api_key_id) == target]


def _scope(
    unit: UnitOfWork,
    context: Context,
    organization_id: int,
    target: Target,
    rows: Sequence[BudgetRow],
    wanted: Wanted,
) -> Scope:
    if target.api_key_id:
        if wanted.scope is Scope.BEYOND_ALLOWANCE:
            raise InvalidInput(
                "who paid for a key's usage is not known: all of it counts",
                hint="leave --scope out",
            )
        return Scope.ALL
    kept = next((row.scope for row in rows if row.measure is Measure.USAGE), None)
    period = period_at(unit, organization_id, context.now)
    if period is None:
        return wanted.scope or kept or Scope.ALL
    if not period.plan.unlimited:
        return wanted.scope or kept or default_scope(period.plan.allowance, unlimited=False)
    if wanted.scope is Scope.BEYOND_ALLOWANCE:
        raise InvalidInput(
            "an unlimited plan has no allowance to go beyond", hint="leave --scope out"
        )
    return Scope.ALL


def _write_hard(change: _Change, budgets: Mapping[Watch, Credits]) -> None:
    for watch, limit in budgets.items():
        known = change.known(Kind.HARD, watch)
        if not known:
            change.insert(Kind.HARD, watch, Threshold(amount=limit))
        elif known[0].limit != limit:
            move_budget(change.unit, known[0].id, limit, change.context.now)


def _write_thresholds(change: _Change, wanted: Mapping[Watch, Sequence[Threshold]]) -> None:
    """A threshold that moves is another line, so it is armed anew; one that stays goes on."""
    for watch, thresholds in wanted.items():
        _refuse_part(watch, change.target)
        known = {row.threshold: row for row in change.known(Kind.NOTIFY, watch)}
        for threshold, row in known.items():
            if threshold not in thresholds:
                delete_budget(change.unit, row.id)
        for threshold in dict.fromkeys(thresholds):
            if threshold not in known:
                change.insert(Kind.NOTIFY, watch, threshold)


def _refuse_part(watch: Watch, target: Target) -> None:
    measure = watch[0]
    possible = (Measure.USAGE, Measure.QUOTA) if target.api_key_id else (Measure.USAGE,)
    if target != Target() and measure not in possible:
        raise InvalidInput(
            f"{measure.value.replace('_', ' ')} is an organization's, not a part's",
            hint="leave --product and --key out",
        )


def _require_sense(rows: Sequence[BudgetRow]) -> None:
    if not rows:
        raise InvalidInput("there is no limit to set", hint="add --daily CREDITS")
    for row in rows:
        if row.kind is Kind.NOTIFY and row.measure is Measure.USAGE:
            require_threshold_within(row.threshold, budget_of(rows, row.line))


def _record(
    unit: UnitOfWork,
    context: Context,
    owner: OrganizationRow,
    action: str,
    before: Sequence[BudgetRow],
    after: Sequence[BudgetRow],
) -> None:
    record_change(
        unit,
        context,
        action,
        owner.slug,
        organization_id=owner.id,
        before=_facts(before),
        after=_facts(after),
    )


def _facts(rows: Sequence[BudgetRow]) -> dict[str, object] | None:
    if not rows:
        return None
    return {row.public_id: _in_words(row) for row in rows}


def _in_words(row: BudgetRow) -> str:
    """Such as `hard usage day 600, all`."""
    span = "" if row.span is Span.NONE else f" {row.span.value}"
    words = f"{row.kind.value} {row.measure.value}{span} {row.threshold}, {target_in_words(row)}"
    return f"{words}, {row.scope.value}" if row.measure is Measure.USAGE else words
