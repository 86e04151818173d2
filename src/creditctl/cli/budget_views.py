"""How budgets and their lines are shown."""

from creditctl.output.view import Column, Section, View

LINE_COLUMNS = (
    Column("number", "#"),
    Column("target"),
    Column("watches"),
    Column("kind"),
    Column("at"),
    Column("usage"),
    Column("limit"),
    Column("bar", ""),
    Column("crossed"),
)
BUDGET_VIEW = View(
    "creditctl.budget/v1",
    (
        Column("organization"),
        Column("daily", "Daily budget"),
        Column("day_bar", ""),
        Column("day_hours", "Since midnight"),
        Column("notify_at", "Notify at"),
        Column("scope", "Counts"),
        Column("today"),
        Column("forecast", "At midnight"),
        Column("yesterday"),
        Column("left"),
        Column("monthly", "Monthly budget"),
        Column("month", "This month"),
        Column("month_left", "Left this month"),
        Column("state"),
        Column("reason"),
    ),
    sections=(Section("lines", "Lines", LINE_COLUMNS),),
)
BUDGETS_VIEW = View(
    "creditctl.budgets/v1",
    (
        Column("organization"),
        Column("daily", "Daily"),
        Column("today"),
        Column("left"),
        Column("monthly"),
        Column("month"),
        Column("state"),
    ),
    empty="No budgets yet.",
)
