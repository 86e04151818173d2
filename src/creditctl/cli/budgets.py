"""`creditctl budgets`: how many credits an organization wants to use, and when to be told."""

from typing import Annotated

import typer

from creditctl.cli.budget_options import (
    AllowanceOption,
    BalanceOption,
    BudgetKeyOption,
    BudgetProductOption,
    DailyOption,
    DaysLeftOption,
    ExpiringOption,
    MonthlyOption,
    NotifyMonthlyOption,
    NotifyOption,
    QuotaOption,
    ScopeOption,
)
from creditctl.cli.budget_views import BUDGET_VIEW, BUDGETS_VIEW
from creditctl.cli.groups import command_group
from creditctl.cli.options import OrganizationArgument
from creditctl.cli.session import session_of
from creditctl.rules.budgets import Measure, Span
from creditctl.services.budget_changes import DAILY, MONTHLY, Wanted, clear_budget, set_budget
from creditctl.services.budgets import list_budgets, show_budget

app = command_group("Spending budgets and thresholds.")


@app.command("set")
def set_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    daily: DailyOption = None,
    monthly: MonthlyOption = None,
    notify_at: NotifyOption = None,
    notify_monthly_at: NotifyMonthlyOption = None,
    balance_below: BalanceOption = None,
    allowance_at: AllowanceOption = None,
    quota_at: QuotaOption = None,
    days_left: DaysLeftOption = None,
    expiring_within: ExpiringOption = None,
    product: BudgetProductOption = None,
    key: BudgetKeyOption = None,
    scope: ScopeOption = None,
) -> None:
    """Set or change an organization's budgets and thresholds.

    What is not given stays as it is; thresholds that are given replace the earlier ones of their
    kind. It takes effect at the next 'creditctl limits check'.

    Example: creditctl budgets set acme --daily 1000 --notify-at 80% --notify-at 95%
    """
    session = session_of(ctx)
    given = {
        DAILY: notify_at,
        MONTHLY: notify_monthly_at,
        (Measure.BALANCE, Span.NONE): balance_below,
        (Measure.ALLOWANCE, Span.NONE): allowance_at,
        (Measure.QUOTA, Span.NONE): quota_at,
        (Measure.DAYS_LEFT, Span.NONE): days_left,
        (Measure.EXPIRING, Span.NONE): expiring_within,
    }
    wanted = Wanted(
        daily=daily,
        monthly=monthly,
        thresholds={watch: thresholds for watch, thresholds in given.items() if thresholds},
        product=product,
        key=key,
        scope=scope,
    )
    session.show(set_budget(session.context, organization, wanted), BUDGET_VIEW)


@app.command("show")
def show_one(ctx: typer.Context, organization: OrganizationArgument) -> None:
    """Show how an organization's budgets stand, and where the day leads.

    Example: creditctl budgets show acme
    """
    session = session_of(ctx)
    session.show(show_budget(session.context, organization), BUDGET_VIEW)


@app.command("list")
def list_all(ctx: typer.Context) -> None:
    """List every organization's budgets, today's and the month's count.

    Example: creditctl budgets list -o csv
    """
    session = session_of(ctx)
    session.show(list_budgets(session.context), BUDGETS_VIEW)


@app.command("clear")
def clear_one(
    ctx: typer.Context,
    organization: OrganizationArgument,
    line: Annotated[
        str | None,
        typer.Option("--line", metavar="LINE", help="Only this line (its number or id)."),
    ] = None,
    product: BudgetProductOption = None,
    key: BudgetKeyOption = None,
) -> None:
    """Remove an organization's budgets and thresholds; asks first.

    Example: creditctl budgets clear acme --yes
    """
    session = session_of(ctx)
    what = line or (product and f"product {product}") or (key and f"key {key}")
    session.confirm(f"remove the {'budgets' if what is None else what} of {organization}?")
    cleared = clear_budget(session.context, organization, line=line, product=product, key=key)
    session.show(cleared, BUDGET_VIEW)
    session.note("removed; it takes effect at the next 'creditctl limits check'")
