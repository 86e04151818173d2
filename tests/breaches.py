"""Every invariant of `creditctl check`, and a statement that breaks it in some books."""

from creditctl.services.checks import AUDIT_LOG

FILE = "the file and its references are whole"
NOTE_OF_A_RECEIPT = (
    "UPDATE credit_note SET invoice_id = NULL, purchase_id = (SELECT MIN(id) FROM purchase),"
    " grant_id = (SELECT MIN(grant_id) FROM purchase), net_minor = 9000, tax_minor = 0,"
    " total_minor = 9000"
)
BREACHES = {
    "a grant's remaining credits are the sum of its entries": (
        "UPDATE credit_grant SET remaining_micro = remaining_micro - 1 WHERE remaining_micro > 0"
    ),
    "a grant's expired credits are the sum of its expiries": (
        "UPDATE credit_grant SET expired_micro = expired_micro - 1 WHERE expired_micro > 0"
    ),
    "a grant holds between nothing and its amount": (
        "UPDATE credit_grant SET remaining_micro = amount_micro + 1"
    ),
    "a grant was granted once, in full": "DELETE FROM ledger_entry WHERE kind = 'grant'",
    "a grant pays only what it may": (
        "UPDATE ledger_entry SET first_event_at = 0 WHERE kind = 'usage'"
    ),
    "an entry is posted on its day, or the first that was open": (
        "UPDATE ledger_entry SET posting_day = posting_day + 1"
    ),
    "overage is settled at most once": (
        "UPDATE ledger_entry SET amount_micro = amount_micro * 2 WHERE kind = 'repayment'"
    ),
    "allowances are those of the subscription's periods, none left out": (
        "DELETE FROM credit_grant WHERE source = 'subscription' AND remaining_micro = 0"
    ),
    "an allowance is for its own period": (
        "UPDATE credit_grant SET expires_at = expires_at + 1 WHERE source = 'subscription'"
    ),
    "events name rows that exist": "UPDATE usage_event SET batch_id = 999",
    "entries name rows that exist": "UPDATE ledger_entry SET product_id = 999 WHERE kind = 'grant'",
    "a batch's counts are those of its events": "UPDATE usage_batch SET failed = failed + 1",
    "hourly rollups are the sums of events": "UPDATE usage_hour SET requests = requests + 1",
    "daily rollups are the sums of hourly ones": "UPDATE usage_day SET requests = requests + 1",
    "usage is the same whatever it is summed by": (
        "UPDATE usage_status_day SET requests = requests + 1"
    ),
    "debits are the sums of ledger entries": "DELETE FROM debit_day",
    "rated usage was paid, is overage, or is unlimited": (
        "UPDATE debit_day SET credits_micro = credits_micro - 1"
    ),
    "an invoice's lines sum to what it comes to": (
        "UPDATE invoice SET subtotal_minor = subtotal_minor + 1"
    ),
    "taxes of invoices and credit notes sum to their tax": (
        "UPDATE credit_note SET tax_minor = tax_minor + 1"
    ),
    "an invoice bills the instalments of order forms that it lists": (
        "UPDATE order_instalment SET invoice_id = (SELECT MIN(id) FROM invoice)"
        " WHERE state = 'planned'"
    ),
    "invoices and credit notes are numbered without gaps": (
        "UPDATE number_series SET last = last + 1 WHERE series = 'credit_note'"
    ),
    "an invoice is settled by its payments and credit notes": (
        "UPDATE invoice_payment SET amount_minor = amount_minor + 1"
    ),
    "what invoices move is posted once, on its day or the first open": (
        "UPDATE receivable_entry SET posting_day = posting_day + 1"
    ),
    "credit notes never exceed their invoice": (
        "UPDATE credit_note SET net_minor = 1000, total_minor = 1000"
    ),
    "credit notes never exceed their receipt": NOTE_OF_A_RECEIPT,
    "credit notes of paid credits take back what was reversed": NOTE_OF_A_RECEIPT,
    "what is owed back of a receipt is used once": (
        "UPDATE receivable_entry SET invoice_id = NULL, credit_note_id = 1 WHERE kind = 'paid'"
    ),
    "a final invoice settled the overage that it bills": (
        "UPDATE ledger_entry SET amount_micro = amount_micro + 1 WHERE kind = 'invoiced'"
    ),
    "remembered answers can be read": "UPDATE idempotency SET result = 'gone'",
    "a reversed grant holds nothing": "UPDATE credit_grant SET reversed_at = 1",
    "what was rolled over is what the next grants got": (
        "UPDATE credit_grant SET rolled_from_id = 1 WHERE id = 2"
    ),
    "what went back to a rolled grant came from the next ones": (
        "INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,"
        " recorded_at, posting_day, actor, reason)"
        " VALUES (1, 1, 'rollover_reversal', 5, 1, 1, 1, 'm', '')"
    ),
    "an entry is taken back once, as it was booked": (
        "INSERT INTO ledger_entry (organization_id, grant_id, kind, amount_micro, event_at,"
        " recorded_at, posting_day, actor, reason, reverses_id)"
        " SELECT organization_id, grant_id, 'unwind', 5, 1, 1, 1, 'm', '', id"
        " FROM ledger_entry WHERE kind = 'usage' ORDER BY id LIMIT 1"
    ),
    "an event has a price that was in force": (
        "UPDATE endpoint_price SET effective_to = effective_from + 1"
    ),
    "a day's volume is what its events add up to": (
        "INSERT INTO volume_day (day, organization_id, product_id, units) VALUES (1, 1, 1, 5)"
    ),
    "open overage is repaid by paid grants of its organization": (
        "UPDATE credit_grant SET source = 'goodwill' WHERE source = 'purchase'"
    ),
    "an endpoint has one price at a time": (
        "UPDATE endpoint_price SET endpoint_id = 1, effective_from = effective_from + id"
    ),
    "a plan has one version at a time": (
        # Another plan's version, from 2082 on: nothing that was booked had its terms.
        "UPDATE plan_version SET effective_from = effective_from * 2,"
        " plan_id = (SELECT id FROM plan WHERE name = 'starter')"
        " WHERE plan_id = (SELECT id FROM plan WHERE name = 'pro')"
    ),
    "a plan's own price is that of a plan": (
        "UPDATE endpoint_price SET plan_id = 99 WHERE id ="
        " (SELECT MAX(id) FROM endpoint_price WHERE id NOT IN (SELECT price_id FROM usage_event))"
    ),
    "a promotion gives no more than its budget": (
        "INSERT INTO promotion (name, budget_micro, given_micro, redemptions) VALUES ('p', 0, 1, 1)"
    ),
    "a promotion counts what was granted in its name": (
        "INSERT INTO promotion (name, given_micro, redemptions) VALUES ('welcome', 5, 1)"
    ),
    "what credits are sold by is stated once at a time": (
        "INSERT INTO list_price (catalog_version_id, effective_from, currency, price)"
        " VALUES (1, 5, 'EUR', '0.01'), (1, 6, 'EUR', '0.02')"
    ),
    "a package has a price": (
        "INSERT INTO package (catalog_version_id, effective_from, name, title, credits_micro)"
        " VALUES (1, 5, 'big', 'Big', 1)"
    ),
    "a promotion is claimed by who got it": (
        "INSERT INTO promotion_claim (promotion, kind, value, organization_id)"
        " VALUES ('welcome', 'email', 'ann@acme.example', 999)"
    ),
    "a closed organization has neither keys nor a subscription": (
        "UPDATE organization SET status = 'closed'"
    ),
    "a decided approval names two people": (
        "INSERT INTO approval (id, public_id, verb, organization_id, amount_micro, request, reason,"
        " status, requested_by, requested_at, decided_by, decided_at)"
        " VALUES (1, 'a', 'v', 1, 1, '', '', 'approved', 'ann', 1, 'ann', 1)"
    ),
    "late usage is paid at most once": "UPDATE late_usage_day SET credits_micro = 0",
    "usage is late only before a final invoice": "UPDATE invoice SET status = 'draft'",
    "late usage is on a later invoice": (
        "UPDATE late_usage SET invoice_id = (SELECT MIN(id) FROM invoice)"
    ),
    "of late events exactly the released ones are booked": (
        "UPDATE late_event SET state = 'released'"
    ),
    "a batch counts its events in quarantine": (
        "UPDATE usage_batch SET quarantined = quarantined + 1"
    ),
    "the ids of pruned events are kept": "UPDATE usage_batch SET pruned = pruned + 1",
    "what a grant says is held is what open holds reserve": (
        "UPDATE credit_grant SET held_micro = held_micro + 1"
    ),
    "a hold reserves its estimate, of credits its call may draw": (
        "UPDATE hold SET estimate_micro = estimate_micro + 1"
    ),
    "a captured call has its event, at what was charged": (
        "UPDATE hold SET captured_micro = captured_micro + 1 WHERE state = 'captured'"
    ),
    "a call whose event is booked holds nothing": (
        "UPDATE hold SET state = 'open' WHERE state = 'captured'"
    ),
    "a purchase is paid when its money arrived": "DELETE FROM payment_arrival",
    "a paid purchase is granted as it was bought": (
        "UPDATE purchase SET credits_micro = credits_micro + 1"
    ),
    "a purchase's taxes sum to its tax": (
        "UPDATE purchase SET tax_minor = 1, net_minor = net_minor - 1"
    ),
    "receipts are numbered without gaps": "UPDATE number_series SET last = last + 1",
    "an open auto-recharge is the one its organization waits for": (
        "UPDATE purchase SET source = 'auto_recharge', status = 'pending'"
    ),
    "each crossing of a recharge's threshold bought once": (
        "INSERT INTO recharge (public_id, organization_id, below_micro, up_to_micro, cap_minor,"
        " currency, method_id, cool_down_seconds, state, state_reason, state_at, state_by,"
        " declines, crossings)"
        " VALUES ('rec_1', 1, 1, 2, 1, 'USD', 1, 0, 'active', '', 1, 'm', 0, 1)"
    ),
    "an order form's instalments sum to its lines": (
        "UPDATE order_instalment SET credits_micro = credits_micro + 1 WHERE state = 'planned'"
    ),
    "a delivered instalment has its grant, of exactly its credits": (
        "UPDATE order_instalment SET due_at = due_at + 1 WHERE state = 'booked'"
    ),
    "an order form's status is that of its instalments": (
        "UPDATE order_form SET status = 'completed'"
    ),
    "a superseded order form has a version that took over": (
        "UPDATE order_form SET status = 'superseded'"
    ),
    "a delivered notification has an attempt that succeeded": (
        "UPDATE delivery_attempt SET outcome = 'failed'"
    ),
    "what was accepted is not sent again": "UPDATE notification SET status = 'pending'",
    "a notification counts its attempts": "UPDATE notification SET attempts = attempts + 1",
    "a destination is told of its own organization": (
        "UPDATE notification SET organization_id = organization_id - 1"
    ),
    AUDIT_LOG: "UPDATE audit_entry SET actor = 'mallory' WHERE id = 2",
}
