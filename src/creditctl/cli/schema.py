"""`creditctl schema`: the JSON Schemas of what `-o json` writes."""

from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer

from creditctl.cli.groups import single_command
from creditctl.cli.session import session_of
from creditctl.errors import SchemaNotFound
from creditctl.output.view import Column, View

SCHEMAS: dict[str, str] = {
    "creditctl.activated_order/v1": "creditctl.services.order_outcomes:ActivatedOrder",
    "creditctl.aged_receivables/v1": "creditctl.services.invoice_aging:AgedReceivables[]",
    "creditctl.approval/v1": "creditctl.services.approvals:Approval",
    "creditctl.approvals/v1": "creditctl.services.approvals:Approval[]",
    "creditctl.audit_entries/v1": "creditctl.services.audit:AuditEntry[]",
    "creditctl.audit_head/v1": "creditctl.services.audit_chain:AuditHead",
    "creditctl.audit_proof/v1": "creditctl.services.audit_chain:AuditProof",
    "creditctl.balance/v1": "creditctl.services.balances:Balance",
    "creditctl.breakage/v1": "creditctl.services.revenue_report:BreakageReport",
    "creditctl.block_list/v1": "creditctl.rules.block_list:Block[]",
    "creditctl.budget/v1": "creditctl.services.budgets:Budget",
    "creditctl.budgets/v1": "creditctl.services.budgets:Budget[]",
    "creditctl.catalog/v1": "creditctl.services.catalog:CatalogSummary",
    "creditctl.catalog_change/v1": "creditctl.services.catalog:CatalogChange",
    "creditctl.changed_order/v1": "creditctl.services.order_outcomes:OrderOutcome",
    "creditctl.changed_subscription/v1": ("creditctl.services.subscriptions:SubscriptionOutcome"),
    "creditctl.closed_connection/v1": "creditctl.services.gate_connections:ClosedConnection",
    "creditctl.connections/v1": "creditctl.services.gate_connections:Connection[]",
    "creditctl.created_key/v1": "creditctl.services.keys:CreatedKey",
    "creditctl.created_org/v1": "creditctl.services.orgs:CreatedOrganization",
    "creditctl.created_subscription/v1": "creditctl.services.subscriptions:SubscriptionOutcome",
    "creditctl.credit_note/v1": "creditctl.services.credit_notes:CreditNote",
    "creditctl.credit_outlook/v1": "creditctl.services.credit_outlook:CreditOutlook",
    "creditctl.database/v1": "creditctl.services.databases:DatabaseStatus",
    "creditctl.delivery_run/v1": "creditctl.services.deliveries:DeliveryRun",
    "creditctl.demo/v1": "creditctl.services.demo:DemoResult",
    "creditctl.destination/v1": "creditctl.services.destinations:Destination",
    "creditctl.destination_trial/v1": "creditctl.services.destination_trials:DestinationTrial",
    "creditctl.destinations/v1": "creditctl.services.destinations:Destination[]",
    "creditctl.duplicates/v1": "creditctl.services.duplicates:DuplicatePair[]",
    "creditctl.document/v1": "creditctl.documents.json_text:PlainDocument",
    "creditctl.event/v1": "creditctl.documents.event_payload:EventPayload",
    "creditctl.event_lineage/v1": "creditctl.services.event_lineage:EventLineage",
    "creditctl.exported_invoices/v1": "creditctl.services.invoice_export:ExportedInvoices",
    "creditctl.finalized_invoices/v1": "creditctl.services.finalizing:FinalizeRun",
    "creditctl.exported_blocks/v1": "creditctl.services.block_list:ExportedBlocks",
    "creditctl.findings/v1": "creditctl.services.checks:Finding[]",
    "creditctl.focus_export/v1": "creditctl.services.focus_export:ExportedCharges",
    "creditctl.gate_decision/v1": "creditctl.rules.gate_terms:GateDecision",
    "creditctl.granted/v1": "creditctl.services.granting:GrantResult",
    "creditctl.grants/v1": "creditctl.services.credits:Grant[]",
    "creditctl.hold/v1": "creditctl.services.holds:Hold",
    "creditctl.holds/v1": "creditctl.services.holds:Hold[]",
    "creditctl.invoice/v1": "creditctl.services.invoices:Invoice",
    "creditctl.invoice_diff/v1": "creditctl.services.invoice_replay:InvoiceComparison",
    "creditctl.invoice_replay/v1": "creditctl.services.invoice_replay:InvoiceReplay",
    "creditctl.invoice_explanation/v1": "creditctl.services.invoice_explanation:InvoiceExplanation",
    "creditctl.invoice_run/v1": "creditctl.services.invoicing:InvoiceRun",
    "creditctl.invoice_standing/v1": "creditctl.services.invoice_payments:InvoiceStanding",
    "creditctl.invoices/v1": "creditctl.services.invoices:InvoiceSummary[]",
    "creditctl.journal_export/v1": "creditctl.services.journal:ExportedJournal",
    "creditctl.key/v1": "creditctl.services.keys:ApiKey",
    "creditctl.keys/v1": "creditctl.services.keys:ApiKey[]",
    "creditctl.late_decision/v1": "creditctl.services.late_decisions:LateDecision",
    "creditctl.late_events/v1": "creditctl.services.late_decisions:LateEvent[]",
    "creditctl.ledger_export/v1": "creditctl.services.ledger_export:ExportedLedger",
    "creditctl.liability/v1": "creditctl.services.liability_report:LiabilityReport",
    "creditctl.liability_at/v1": "creditctl.services.liability_at:LiabilityAt",
    "creditctl.limit_status/v1": "creditctl.services.limits_status:LimitStatus",
    "creditctl.limit_statuses/v1": "creditctl.services.limits_status:LimitStatus[]",
    "creditctl.limits_check/v1": "creditctl.services.limits_check:LimitsCheck",
    "creditctl.margin/v1": "creditctl.services.margin_report:MarginReport",
    "creditctl.merged_orgs/v1": "creditctl.services.merging:Merged",
    "creditctl.migration/v1": "creditctl.services.databases:Migration",
    "creditctl.movements/v1": "creditctl.services.credits:Movement[]",
    "creditctl.new_destination/v1": "creditctl.services.destinations:NewDestination",
    "creditctl.notification/v1": "creditctl.services.notifications:NotificationCard",
    "creditctl.notifications/v1": "creditctl.services.notifications:Notification[]",
    "creditctl.notifications_pruned/v1": (
        "creditctl.services.notification_pruning:PrunedNotifications"
    ),
    "creditctl.order/v1": "creditctl.services.orders:OrderCard",
    "creditctl.orders/v1": "creditctl.services.orders:OrderSummary[]",
    "creditctl.org/v1": "creditctl.services.org_cards:OrganizationCard",
    "creditctl.org_status/v1": "creditctl.services.org_status:StatusChange",
    "creditctl.orgs/v1": "creditctl.services.org_lists:Organization[]",
    "creditctl.packages/v1": "creditctl.services.packages:Package[]",
    "creditctl.payment_method/v1": "creditctl.services.payment_methods:PaymentMethod",
    "creditctl.payment_methods/v1": "creditctl.services.payment_methods:PaymentMethod[]",
    "creditctl.payment_notice/v1": "creditctl.services.payment_rounds:AppliedNotice",
    "creditctl.period_close/v1": "creditctl.services.period_closing:PeriodClose",
    "creditctl.period_status/v1": "creditctl.services.period_closing:PeriodStatus",
    "creditctl.periods/v1": "creditctl.services.period_closing:ClosedPeriod[]",
    "creditctl.plan/v1": "creditctl.services.plans:Plan",
    "creditctl.plans/v1": "creditctl.services.plans:PlanSummary[]",
    "creditctl.price_explanation/v1": "creditctl.services.prices:PriceExplanation",
    "creditctl.price_simulation/v1": "creditctl.services.price_simulation:PriceSimulation",
    "creditctl.prices/v1": "creditctl.services.prices:Price[]",
    "creditctl.promoted_org/v1": "creditctl.services.guests:Promoted",
    "creditctl.promotion/v1": "creditctl.services.promotions:Promotion",
    "creditctl.promotion_claims/v1": "creditctl.services.promotions:Claim[]",
    "creditctl.promotion_report/v1": "creditctl.services.promotion_report:PromotionReport",
    "creditctl.promotions/v1": "creditctl.services.promotions:Promotion[]",
    "creditctl.purchase/v1": "creditctl.services.purchase_cards:PurchaseCard",
    "creditctl.purchases/v1": "creditctl.services.purchase_cards:Purchase[]",
    "creditctl.quote/v1": "creditctl.services.purchases:Bought",
    "creditctl.reallocated/v1": "creditctl.services.reallocation:Reallocated",
    "creditctl.receipt/v1": "creditctl.services.purchase_cards:Receipt",
    "creditctl.receivables/v1": "creditctl.services.receivables_report:ReceivablesReport",
    "creditctl.recharge/v1": "creditctl.services.recharges:Recharge",
    "creditctl.recharge_runs/v1": "creditctl.services.recharge_outcomes:RechargeRun[]",
    "creditctl.recharges/v1": "creditctl.services.recharges:Recharge[]",
    "creditctl.reconciled_payments/v1": "creditctl.services.payment_rounds:ReconciledPayment[]",
    "creditctl.recorded_usage/v1": "creditctl.services.usage_recording:RecordedUsage",
    "creditctl.recurring_revenue/v1": "creditctl.services.recurring_revenue:RecurringRevenue",
    "creditctl.redeemed/v1": "creditctl.services.redeeming:Redeemed",
    "creditctl.revenue/v1": "creditctl.services.revenue_report:RevenueReport",
    "creditctl.rotated_key/v1": "creditctl.services.key_rotation:RotatedKey",
    "creditctl.schemas/v1": "creditctl.cli.schema:SchemaName[]",
    "creditctl.sent_invoices/v1": "creditctl.services.invoice_sending:SendRun",
    "creditctl.settled_purchase/v1": "creditctl.services.settling:Settled",
    "creditctl.subscription/v1": "creditctl.services.subscription_cards:SubscriptionCard",
    "creditctl.subscriptions/v1": "creditctl.services.subscription_cards:Subscription[]",
    "creditctl.surplus_transfer/v1": "creditctl.services.surplus:SurplusTransfer",
    "creditctl.taken_back/v1": "creditctl.services.reversals:TakenBack",
    "creditctl.tax_report/v1": "creditctl.services.tax_report:TaxReport",
    "creditctl.updated_org/v1": "creditctl.services.org_lists:Organization",
    "creditctl.usage/v1": "creditctl.services.usage_reports:UsageReport",
    "creditctl.usage_batches/v1": "creditctl.services.usage_batches:Batch[]",
    "creditctl.usage_events/v1": "creditctl.services.usage_events:UsedRequest[]",
    "creditctl.usage_export/v1": "creditctl.services.usage_export:ExportedUsage",
    "creditctl.usage_forecast/v1": "creditctl.services.usage_forecast:UsageForecast",
    "creditctl.usage_import/v1": "creditctl.services.usage_batches:ImportSummary",
    "creditctl.usage_mapping/v1": "creditctl.services.saved_mappings:SavedMapping",
    "creditctl.usage_mappings/v1": "creditctl.services.saved_mappings:SavedMapping[]",
    "creditctl.usage_pruned/v1": "creditctl.services.usage_pruning:PrunedUsage",
    "creditctl.usage_undone/v1": "creditctl.services.usage_undo:UndoneImport",
    "creditctl.usage_value/v1": "creditctl.services.usage_value:UsageValue",
    "creditctl.verified_key/v1": "creditctl.services.key_verification:VerifiedKey",
    "creditctl.voided_purchase/v1": "creditctl.services.voiding:Voided",
    "creditctl.waived/v1": "creditctl.services.waivers:WaiveResult",
    "creditctl.written_document/v1": "creditctl.services.documents:WrittenDocument",
}
"""Each view's schema name -> `module:Class` of its result; `[]` after it says a list of them.

`creditctl.event/v1` is what destinations receive, `creditctl.document/v1` a document as JSON.
"""

_VIEW = View("creditctl.schemas/v1", (Column("name", "Schema"), Column("holds")))

app = single_command()


@dataclass(frozen=True, slots=True)
class SchemaName:
    """A schema and whether its data is one thing or a list."""

    name: str
    holds: str


@app.command("schema")
def show_schema(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Such as creditctl.orgs/v1, or orgs.")
    ] = None,
) -> None:
    """Print the JSON Schema of an output, or list all of them.

    Example: creditctl schema creditctl.orgs/v1
    """
    session = session_of(ctx)
    if name is None:
        listed = [(schema, entry.endswith("[]")) for schema, entry in sorted(SCHEMAS.items())]
        session.show(
            [SchemaName(n, "a list" if many else "one thing") for n, many in listed], _VIEW
        )
        return
    import json  # the registry is read without it

    session.write(json.dumps(schema_document(full_name(name)), indent=2))


def full_name(name: str) -> str:
    """`orgs` and `orgs/v1` as `creditctl.orgs/v1`."""
    for candidate in (name, f"creditctl.{name}", f"creditctl.{name}/v1"):
        if candidate in SCHEMAS:
            return candidate
    raise SchemaNotFound(f"no schema {name!r}")


def schema_document(name: str) -> dict[str, Any]:
    """The JSON Schema called `name`."""
    from creditctl.output.schemas import json_schema  # only for this command

    found = result_type(name)
    if found is None:
        raise SchemaNotFound(f"no schema {name!r}")
    return json_schema(found, name, is_list=SCHEMAS[name].endswith("[]"))


def result_type(name: str) -> type | None:
    """The dataclass behind a schema; None for a name that is not registered."""
    entry = SCHEMAS.get(name)
    if entry is None:
        return None
    module, _, class_name = entry.removesuffix("[]").partition(":")
    found: type = getattr(import_module(module), class_name)
    return found
