# fish completion for creditctl, made by 'creditctl completion fish'
function __creditctl_at
    set -l place ""
    set -l words (commandline -opc)
    for word in $words[2..-1]
        switch "$place/$word"
            case /orgs /org
                set place /orgs
            case /orgs/create
                set place /orgs/create
            case /orgs/update
                set place /orgs/update
            case /orgs/list
                set place /orgs/list
            case /orgs/show
                set place /orgs/show
            case /orgs/suspend
                set place /orgs/suspend
            case /orgs/resume
                set place /orgs/resume
            case /orgs/close
                set place /orgs/close
            case /orgs/duplicates
                set place /orgs/duplicates
            case /orgs/promote
                set place /orgs/promote
            case /orgs/merge
                set place /orgs/merge
            case /keys /key
                set place /keys
            case /keys/create
                set place /keys/create
            case /keys/list
                set place /keys/list
            case /keys/show
                set place /keys/show
            case /keys/rotate
                set place /keys/rotate
            case /keys/expire
                set place /keys/expire
            case /keys/verify
                set place /keys/verify
            case /keys/revoke
                set place /keys/revoke
            case /subscriptions /subscription
                set place /subscriptions
            case /subscriptions/create
                set place /subscriptions/create
            case /subscriptions/show
                set place /subscriptions/show
            case /subscriptions/list
                set place /subscriptions/list
            case /subscriptions/change
                set place /subscriptions/change
            case /subscriptions/cancel
                set place /subscriptions/cancel
            case /subscriptions/resume
                set place /subscriptions/resume
            case /catalog /catalogs
                set place /catalog
            case /catalog/validate
                set place /catalog/validate
            case /catalog/diff
                set place /catalog/diff
            case /catalog/apply
                set place /catalog/apply
            case /catalog/export
                set place /catalog/export
            case /catalog/schema
                set place /catalog/schema
            case /plans /plan
                set place /plans
            case /plans/list
                set place /plans/list
            case /plans/show
                set place /plans/show
            case /prices /price
                set place /prices
            case /prices/list
                set place /prices/list
            case /prices/packages
                set place /prices/packages
            case /prices/explain
                set place /prices/explain
            case /prices/simulate
                set place /prices/simulate
            case /credits /credit
                set place /credits
            case /credits/grant
                set place /credits/grant
            case /credits/balance
                set place /credits/balance
            case /credits/grants
                set place /credits/grants
            case /credits/history
                set place /credits/history
            case /credits/explain
                set place /credits/explain
            case /credits/reverse
                set place /credits/reverse
            case /credits/expire
                set place /credits/expire
            case /credits/waive
                set place /credits/waive
            case /credits/reallocate
                set place /credits/reallocate
            case /orders /order
                set place /orders
            case /orders/create
                set place /orders/create
            case /orders/list
                set place /orders/list
            case /orders/show
                set place /orders/show
            case /orders/sign
                set place /orders/sign
            case /orders/activate
                set place /orders/activate
            case /orders/amend
                set place /orders/amend
            case /orders/cancel
                set place /orders/cancel
            case /promotions /promotion
                set place /promotions
            case /promotions/list
                set place /promotions/list
            case /promotions/show
                set place /promotions/show
            case /promotions/claims
                set place /promotions/claims
            case /promotions/redeem
                set place /promotions/redeem
            case /approvals /approval
                set place /approvals
            case /approvals/list
                set place /approvals/list
            case /approvals/approve
                set place /approvals/approve
            case /approvals/reject
                set place /approvals/reject
            case /usage /usages
                set place /usage
            case /usage/import
                set place /usage/import
            case /usage/record
                set place /usage/record
            case /usage/show
                set place /usage/show
            case /usage/events
                set place /usage/events
            case /usage/forecast
                set place /usage/forecast
            case /usage/batches
                set place /usage/batches
            case /usage/undo
                set place /usage/undo
            case /usage/export
                set place /usage/export
            case /usage/prune
                set place /usage/prune
            case /usage/late
                set place /usage/late
            case /usage/late/list
                set place /usage/late/list
            case /usage/late/release
                set place /usage/late/release
            case /usage/late/reject
                set place /usage/late/reject
            case /usage/mappings
                set place /usage/mappings
            case /usage/mappings/list
                set place /usage/mappings/list
            case /usage/mappings/show
                set place /usage/mappings/show
            case /usage/mappings/save
                set place /usage/mappings/save
            case /usage/mappings/remove
                set place /usage/mappings/remove
            case /budgets /budget
                set place /budgets
            case /budgets/set
                set place /budgets/set
            case /budgets/show
                set place /budgets/show
            case /budgets/list
                set place /budgets/list
            case /budgets/clear
                set place /budgets/clear
            case /limits /limit
                set place /limits
            case /limits/export
                set place /limits/export
            case /limits/check
                set place /limits/check
            case /limits/status
                set place /limits/status
            case /destinations /destination
                set place /destinations
            case /destinations/add
                set place /destinations/add
            case /destinations/list
                set place /destinations/list
            case /destinations/show
                set place /destinations/show
            case /destinations/test
                set place /destinations/test
            case /destinations/rotate
                set place /destinations/rotate
            case /destinations/disable
                set place /destinations/disable
            case /destinations/enable
                set place /destinations/enable
            case /destinations/remove
                set place /destinations/remove
            case /notifications /notification
                set place /notifications
            case /notifications/list
                set place /notifications/list
            case /notifications/show
                set place /notifications/show
            case /notifications/deliver
                set place /notifications/deliver
            case /notifications/retry
                set place /notifications/retry
            case /notifications/prune
                set place /notifications/prune
            case /gate /gates
                set place /gate
            case /gate/connections
                set place /gate/connections
            case /gate/disconnect
                set place /gate/disconnect
            case /gate/check
                set place /gate/check
            case /gate/serve
                set place /gate/serve
            case /gate/holds
                set place /gate/holds
            case /gate/holds/list
                set place /gate/holds/list
            case /gate/holds/show
                set place /gate/holds/show
            case /gate/holds/release
                set place /gate/holds/release
            case /purchases /purchase
                set place /purchases
            case /purchases/create
                set place /purchases/create
            case /purchases/settle
                set place /purchases/settle
            case /purchases/void
                set place /purchases/void
            case /purchases/list
                set place /purchases/list
            case /purchases/show
                set place /purchases/show
            case /purchases/receipt
                set place /purchases/receipt
            case /payments /payment
                set place /payments
            case /payments/methods
                set place /payments/methods
            case /payments/attach
                set place /payments/attach
            case /payments/prefer
                set place /payments/prefer
            case /payments/detach
                set place /payments/detach
            case /payments/reconcile
                set place /payments/reconcile
            case /payments/webhook
                set place /payments/webhook
            case /recharge /recharges
                set place /recharge
            case /recharge/set
                set place /recharge/set
            case /recharge/show
                set place /recharge/show
            case /recharge/run
                set place /recharge/run
            case /recharge/disable
                set place /recharge/disable
            case /recharge/enable
                set place /recharge/enable
            case /invoice /invoices
                set place /invoice
            case /invoice/generate
                set place /invoice/generate
            case /invoice/list
                set place /invoice/list
            case /invoice/show
                set place /invoice/show
            case /invoice/aging
                set place /invoice/aging
            case /invoice/finalize
                set place /invoice/finalize
            case /invoice/pay
                set place /invoice/pay
            case /invoice/void
                set place /invoice/void
            case /invoice/credit-note
                set place /invoice/credit-note
            case /invoice/transfer
                set place /invoice/transfer
            case /invoice/send
                set place /invoice/send
            case /invoice/export
                set place /invoice/export
            case /invoice/replay
                set place /invoice/replay
            case /invoice/diff
                set place /invoice/diff
            case /period /periods
                set place /period
            case /period/status
                set place /period/status
            case /period/close
                set place /period/close
            case /period/list
                set place /period/list
            case /reports /report
                set place /reports
            case /reports/tax
                set place /reports/tax
            case /reports/usage
                set place /reports/usage
            case /reports/liability
                set place /reports/liability
            case /reports/revenue
                set place /reports/revenue
            case /reports/margin
                set place /reports/margin
            case /reports/breakage
                set place /reports/breakage
            case /reports/promotions
                set place /reports/promotions
            case /reports/receivables
                set place /reports/receivables
            case /reports/mrr
                set place /reports/mrr
            case /export /exports
                set place /export
            case /export/journal
                set place /export/journal
            case /export/focus
                set place /export/focus
            case /export/ledger
                set place /export/ledger
            case /audit /audits
                set place /audit
            case /audit/log
                set place /audit/log
            case /audit/verify
                set place /audit/verify
            case /audit/head
                set place /audit/head
            case /db
                set place /db
            case /db/init
                set place /db/init
            case /db/migrate
                set place /db/migrate
            case /db/status
                set place /db/status
            case /db/check
                set place /db/check
            case /check
                set place /check
            case /demo
                set place /demo
            case /schema /schemas
                set place /schema
            case /completion
                set place /completion
        end
    end
    test "$place" = "$argv[1]"
end
complete -c creditctl -l db -r -d 'Database: a path or a URL (env: CREDITCTL_DB).'
complete -c creditctl -s o -l output -x -a 'table json ndjson csv tsv markdown none' -d 'table, json, ndjson, csv, tsv, markdown, none.'
complete -c creditctl -l fields -r -d 'Only these fields or columns.'
complete -c creditctl -l as-of -r -d 'Act as if it were then (env: CREDITCTL_NOW).'
complete -c creditctl -l actor -r -d 'Who acts, for the audit log.'
complete -c creditctl -l yes -d 'Answer yes to every question.'
complete -c creditctl -l quiet -d 'No messages, only data and errors.'
complete -c creditctl -l no-color -d 'No colour (env: NO_COLOR).'
complete -c creditctl -l help -d 'Show this message and exit.'
complete -c creditctl -n '__creditctl_at ""' -f -a orgs -d 'Organizations: who uses and pays for the API.'
complete -c creditctl -n '__creditctl_at ""' -f -a keys -d 'API keys of an organization.'
complete -c creditctl -n '__creditctl_at ""' -f -a subscriptions -d 'Plans that organizations are on.'
complete -c creditctl -n '__creditctl_at ""' -f -a catalog -d 'The price file: products, plans, packages, taxes.'
complete -c creditctl -n '__creditctl_at ""' -f -a plans -d 'Plans: fees and allowances.'
complete -c creditctl -n '__creditctl_at ""' -f -a prices -d 'What a request costs, and why.'
complete -c creditctl -n '__creditctl_at ""' -f -a credits -d 'Grants, balances and the ledger.'
complete -c creditctl -n '__creditctl_at ""' -f -a orders -d 'Order forms: contracts that sell credits.'
complete -c creditctl -n '__creditctl_at ""' -f -a promotions -d 'Promotions: credits that are given away.'
complete -c creditctl -n '__creditctl_at ""' -f -a approvals -d 'Requests above a ceiling, for a second person.'
complete -c creditctl -n '__creditctl_at ""' -f -a usage -d 'Import and inspect API usage.'
complete -c creditctl -n '__creditctl_at ""' -f -a budgets -d 'Spending budgets and thresholds.'
complete -c creditctl -n '__creditctl_at ""' -f -a limits -d 'Check budgets and balances; run by cron.'
complete -c creditctl -n '__creditctl_at ""' -f -a destinations -d 'Who is told when something happens, and how.'
complete -c creditctl -n '__creditctl_at ""' -f -a notifications -d 'What was told to whom; run by cron.'
complete -c creditctl -n '__creditctl_at ""' -f -a gate -d 'Decide whether a request may pass, here or as a service.'
complete -c creditctl -n '__creditctl_at ""' -f -a purchases -d 'Credits that organizations buy.'
complete -c creditctl -n '__creditctl_at ""' -f -a payments -d 'Payment providers: methods on file, open payments, notices.'
complete -c creditctl -n '__creditctl_at ""' -f -a recharge -d 'Credits bought back when the balance runs low.'
complete -c creditctl -n '__creditctl_at ""' -f -a invoice -d 'Invoices of a month.'
complete -c creditctl -n '__creditctl_at ""' -f -a period -d 'Months of the books, and closing them.'
complete -c creditctl -n '__creditctl_at ""' -f -a reports -d 'Reports for the accountant.'
complete -c creditctl -n '__creditctl_at ""' -f -a export -d 'Journals, cost reports and the ledger as files for other programs.'
complete -c creditctl -n '__creditctl_at ""' -f -a audit -d 'Who changed what, when and why.'
complete -c creditctl -n '__creditctl_at ""' -f -a db -d 'Create, migrate and inspect the database.'
complete -c creditctl -n '__creditctl_at ""' -f -a check -d 'Prove that the books are consistent.'
complete -c creditctl -n '__creditctl_at ""' -f -a demo -d 'Fill a database of its own with sample data.'
complete -c creditctl -n '__creditctl_at ""' -f -a schema -d 'Print the JSON Schema of an output, or list all of them.'
complete -c creditctl -n '__creditctl_at ""' -f -a completion -d 'Print a completion script.'
complete -c creditctl -n '__creditctl_at ""' -l version -d 'Show the version and exit.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a create -d 'Create an organization, with its sign-up credits.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a update -d 'Change what is known about an organization.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a list -d 'List organizations, all or those that fit.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a show -d 'Show everything about an organization on one screen.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a suspend -d 'Let no call of an organization through, until it is resumed.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a resume -d 'Let a suspended organization go on.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a close -d 'End an organization for good; asks first.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a duplicates -d 'List organizations that may be one, with the evidence.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a promote -d 'Register a guest, or give sign-up credits that were refused.'
complete -c creditctl -n '__creditctl_at "/orgs"' -f -a merge -d 'Move keys, usage and grants to another organization; asks...'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l name -r -d 'Legal name.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l email -r -d 'Where invoices go.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l street -r -d 'Street and number, for documents.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l postcode -r -d 'Such as 10115.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l city -r -d 'Of the address; the locality unless given.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l country -r -d 'Two letters, such as DE.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l region -r -d 'State or province, such as NY.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l locality -r -d 'City or county, where these tax sales.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l currency -r -d 'What it pays in, such as EUR.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l tax-id -r -d 'VAT id or its like; checked.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l payment-fingerprint -r -d 'What its payment provider tells cards by.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l guest -d 'A few credits for a short time; needs --device.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l device -r -d 'What a guest is known by.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l override -d 'Give a duplicate the sign-up credits; needs --reason.'
complete -c creditctl -n '__creditctl_at "/orgs/create"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l name -r -d 'Legal name.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l email -r -d 'Where invoices go.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l street -r -d 'Street and number, for documents.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l postcode -r -d 'Such as 10115.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l city -r -d 'Of the address; the locality unless given.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l country -r -d 'Two letters, such as DE.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l region -r -d 'State or province, such as NY.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l locality -r -d 'City or county, where these tax sales.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l currency -r -d 'What it pays in, such as EUR.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-id -r -d 'VAT id or its like; checked.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-id-confirmed -l tax-id-refused -d 'What the tax id’s register answered.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-exempt -r -d 'It pays no tax, and why.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-exempt-certificate -r -d 'The proof of it.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-exempt-from -r -d 'The first day that it is exempt.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l tax-exempt-until -r -d 'The first day that it is no longer exempt.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l no-tax-exempt -d 'Take back the exemption, as if never given.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l payment-fingerprint -r -d 'What its payment provider tells cards by.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l align -l no-align -d 'Bill credits by the subscription’s periods, or by months.'
complete -c creditctl -n '__creditctl_at "/orgs/update"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/list"' -l status -r -d 'active, suspended or closed.'
complete -c creditctl -n '__creditctl_at "/orgs/list"' -l kind -r -d 'registered or guest.'
complete -c creditctl -n '__creditctl_at "/orgs/list"' -l country -r -d 'Two letters, such as DE.'
complete -c creditctl -n '__creditctl_at "/orgs/list"' -l plan -r -d 'Only those on this plan.'
complete -c creditctl -n '__creditctl_at "/orgs/suspend"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/resume"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/close"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/duplicates"' -l strong -d 'Only what decides: e-mail, tax id, payment.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l name -r -d 'Legal name.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l email -r -d 'Where invoices go.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l country -r -d 'Two letters, such as DE.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l tax-id -r -d 'VAT id or its like; checked.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l override -d 'Give a duplicate the sign-up credits; needs --reason.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orgs/promote"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orgs/merge"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orgs/merge"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orgs/merge"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orgs/merge"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orgs/merge"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a create -d 'Make an API key; its secret is shown this once.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a list -d 'List API keys: prefixes and last four characters, never...'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a show -d 'Show an API key, never its secret.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a rotate -d 'Make a new secret under the same name; shown this once.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a expire -d 'Let an API key end at a time.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a verify -d 'Read a secret from stdin and say whose key it is.'
complete -c creditctl -n '__creditctl_at "/keys"' -f -a revoke -d 'End an API key for good; asks first.'
complete -c creditctl -n '__creditctl_at "/keys/create"' -l name -r -d 'What people call it, once per org.'
complete -c creditctl -n '__creditctl_at "/keys/create"' -l plan -r -d 'Bind it to a plan of its own: tiers and limits.'
complete -c creditctl -n '__creditctl_at "/keys/create"' -l test -d 'A ck_test_ key instead of a ck_live_ one.'
complete -c creditctl -n '__creditctl_at "/keys/create"' -l expires -r -d 'Worth nothing from this instant or day on.'
complete -c creditctl -n '__creditctl_at "/keys/rotate"' -l grace -r -d 'How long the old one works on.'
complete -c creditctl -n '__creditctl_at "/keys/rotate"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/keys/expire"' -l at -r -d 'When it ends; now unless given.'
complete -c creditctl -n '__creditctl_at "/keys/expire"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/keys/revoke"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a create -d 'Put an organization on a plan and grant its allowance.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a show -d 'Show an organization’s subscription and its present period.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a list -d 'List all subscriptions.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a change -d 'Change the plan: up at once, down at the period’s end.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a cancel -d 'End the subscription, at the period’s end or now.'
complete -c creditctl -n '__creditctl_at "/subscriptions"' -f -a resume -d 'Take a cancellation back before the subscription ends.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l starts-at -r -d 'When it begins, which anchors its periods; now unless given.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l no-trial -d 'Begin with the first paid period.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/subscriptions/create"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l at -r -d 'now or period-end; by the plans unless given.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/subscriptions/change"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l at -r -d 'period-end or now.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/subscriptions/cancel"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/subscriptions/resume"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/subscriptions/resume"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/subscriptions/resume"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/subscriptions/resume"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/subscriptions/resume"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/catalog"' -f -a validate -d 'Check a catalog file; needs no database.'
complete -c creditctl -n '__creditctl_at "/catalog"' -f -a diff -d 'Show what applying a catalog file would change.'
complete -c creditctl -n '__creditctl_at "/catalog"' -f -a apply -d 'Put what a catalog file states in force.'
complete -c creditctl -n '__creditctl_at "/catalog"' -f -a export -d 'Write the catalog applied last as one canonical TOML file.'
complete -c creditctl -n '__creditctl_at "/catalog"' -f -a schema -d 'Print the JSON Schema of catalog files, for editors.'
complete -c creditctl -n '__creditctl_at "/catalog/apply"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/plans"' -f -a list -d 'List the plans in force.'
complete -c creditctl -n '__creditctl_at "/plans"' -f -a show -d 'Show a plan: fee, allowance, limits and capabilities.'
complete -c creditctl -n '__creditctl_at "/prices"' -f -a list -d 'List endpoints with the price in force.'
complete -c creditctl -n '__creditctl_at "/prices"' -f -a packages -d 'List the packages in force, at their price in each currency.'
complete -c creditctl -n '__creditctl_at "/prices"' -f -a explain -d 'Show what a request costs, step by step and in money.'
complete -c creditctl -n '__creditctl_at "/prices"' -f -a simulate -d 'Price a month’s usage by another catalog, and change...'
complete -c creditctl -n '__creditctl_at "/prices/list"' -l product -r -d 'Only this product.'
complete -c creditctl -n '__creditctl_at "/prices/packages"' -l currency -r -d 'Only prices in this one.'
complete -c creditctl -n '__creditctl_at "/prices/explain"' -l units -r -d 'How much data it returned.'
complete -c creditctl -n '__creditctl_at "/prices/explain"' -l status -r -d 'How it was answered.'
complete -c creditctl -n '__creditctl_at "/prices/explain"' -l at -r -d 'When it was made; now unless given.'
complete -c creditctl -n '__creditctl_at "/prices/explain"' -l org -r -d 'For this one: its plan, its day’s volume.'
complete -c creditctl -n '__creditctl_at "/prices/simulate"' -l catalog -r -d 'The catalog to price it by.'
complete -c creditctl -n '__creditctl_at "/prices/simulate"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/prices/simulate"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a grant -d 'Give an organization credits.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a balance -d 'What an organization can spend, and what it owes.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a grants -d 'List an organization’s grants in the order they will be...'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a history -d 'List movements, newest first, with the balance after each.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a explain -d 'Say who paid an event, or why calls were refused at a...'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a reverse -d 'Take back what is unused of a grant that was a mistake.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a expire -d 'End a grant now.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a waive -d 'Forgive what an organization used beyond its credits.'
complete -c creditctl -n '__creditctl_at "/credits"' -f -a reallocate -d 'Let a month’s usage burn down again, in the order of its...'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l source -r -d 'goodwill, promotion, trial, purchase, order_form or correction.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l product -r -d 'Only this product.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l effective -r -d 'Usable from then on; now unless given.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l expires -r -d 'Worth nothing from this instant or day on.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l unit-cost -r -d 'Money paid for a credit: for purchase and order_form.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l priority -r -d 'Drawn before higher ones.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/credits/grant"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/credits/grants"' -l all -d 'Spent and expired ones too.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l kind -r -d 'Such as grant, usage, overage or expiry.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l source -r -d 'Only grants of this source.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l product -r -d 'Only this product.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l grant -r -d 'Only this grant (id).'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l since -r -d 'From this instant or day on.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l until -r -d 'Before this instant or day.'
complete -c creditctl -n '__creditctl_at "/credits/history"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/credits/explain"' -l event -r -d 'Who paid this usage event.'
complete -c creditctl -n '__creditctl_at "/credits/explain"' -l key -r -d 'Why this key was cut off.'
complete -c creditctl -n '__creditctl_at "/credits/explain"' -l at -r -d 'The moment in question; now unless given.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l unwind -d 'What it paid becomes open overage again.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/credits/reverse"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/credits/expire"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/credits/expire"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/credits/expire"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/credits/expire"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/credits/expire"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l amount -r -d 'Only this much, the oldest first; all of it unless given.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/credits/waive"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/credits/reallocate"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a create -d 'Draft an order form: one line from options, or a file of...'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a list -d 'List order forms.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a show -d 'Show an order form, or write it for both sides to sign.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a sign -d 'Record the signature, which freezes the order form.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a activate -d 'Grant what is due of a signed order form; the rest follows.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a amend -d 'Draft a new version of a signed order form.'
complete -c creditctl -n '__creditctl_at "/orders"' -f -a cancel -d 'End an order form: what is not delivered never will be.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l file -r -d 'All of it in TOML, with any number of lines.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l credits -r -d 'How many are sold.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l unit-price -r -d 'Money for a credit.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l discount -r -d 'Off the list price, instead of a unit price.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l product -r -d 'Only this product.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l start -r -d 'Usable from this day on; today unless given.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l expires -r -d 'Worth nothing from this day on.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l expires-after-days -r -d 'Days after each delivery, instead.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l expires-after-months -r -d 'Months after each delivery, instead.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l instalments -r -d 'Deliver and bill in N equal parts.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l every -r -d 'Between parts: month, quarter or year.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l splits -r -d 'In parts: both, credits (billed at the start) or money (delivered then).'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l po -r -d 'Their purchase order number.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l terms -r -d 'What else was agreed.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l currency -r -d 'The catalog’s unless given.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orders/create"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orders/list"' -l status -r -d 'draft, signed, active, completed, cancelled or superseded.'
complete -c creditctl -n '__creditctl_at "/orders/show"' -l pdf -r -d 'Write it as PDF; - is stdout.'
complete -c creditctl -n '__creditctl_at "/orders/show"' -l html -r -d 'Write it as one HTML page; - is stdout.'
complete -c creditctl -n '__creditctl_at "/orders/show"' -l locale -r -d 'Of the document, such as de or fr-CH.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l signer -r -d 'Who signed for the organization.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l signed-on -r -d 'When; today unless given.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orders/sign"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orders/activate"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orders/activate"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orders/activate"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orders/activate"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orders/activate"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l file -r -d 'All of it in TOML, with any number of lines.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l credits -r -d 'How many are sold.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l unit-price -r -d 'Money for a credit.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l discount -r -d 'Off the list price, instead of a unit price.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l product -r -d 'Only this product.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l start -r -d 'Usable from this day on; today unless given.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l expires -r -d 'Worth nothing from this day on.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l expires-after-days -r -d 'Days after each delivery, instead.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l expires-after-months -r -d 'Months after each delivery, instead.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l instalments -r -d 'Deliver and bill in N equal parts.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l every -r -d 'Between parts: month, quarter or year.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l splits -r -d 'In parts: both, credits (billed at the start) or money (delivered then).'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l po -r -d 'Their purchase order number.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l terms -r -d 'What else was agreed.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l currency -r -d 'The catalog’s unless given.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orders/amend"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/orders/cancel"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/orders/cancel"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/orders/cancel"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/orders/cancel"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/orders/cancel"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/promotions"' -f -a list -d 'List the promotions, with what they gave and have left.'
complete -c creditctl -n '__creditctl_at "/promotions"' -f -a show -d 'Show a promotion: its terms, and what became of its credits.'
complete -c creditctl -n '__creditctl_at "/promotions"' -f -a claims -d 'List who got what, at sign-up or with a code.'
complete -c creditctl -n '__creditctl_at "/promotions"' -f -a redeem -d 'Give an organization the credits of a code, once.'
complete -c creditctl -n '__creditctl_at "/promotions/claims"' -l promotion -r -d 'Only this promotion.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l override -d 'Give it to a duplicate too; needs --reason.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/promotions/redeem"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/approvals"' -f -a list -d 'List what waits for a second person.'
complete -c creditctl -n '__creditctl_at "/approvals"' -f -a approve -d 'Let it happen; whoever asked for it cannot.'
complete -c creditctl -n '__creditctl_at "/approvals"' -f -a reject -d 'Refuse it for good.'
complete -c creditctl -n '__creditctl_at "/approvals/list"' -l all -d 'Decided ones too.'
complete -c creditctl -n '__creditctl_at "/approvals/approve"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/approvals/reject"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a import -d 'Import usage: price it, book it and draw credits.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a record -d 'Book a request that no log has, as an import of it would be.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a show -d 'Show usage of a period, this month unless told otherwise.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a events -d 'List single requests and why each cost what it did.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a forecast -d 'Tell when credits run out if usage goes on as it did.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a batches -d 'List imports, the newest first.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a undo -d 'Take the import of a wrong file back.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a export -d 'Write single events to a file, this month’s unless told...'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a prune -d 'Delete single events of old days; sums, balances and ids...'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a late -d 'Usage that came too late to be billed.'
complete -c creditctl -n '__creditctl_at "/usage"' -f -a mappings -d 'Saved ways to read usage files.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l format -r -d 'auto, or a format such as csv or kong.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l map -r -d 'Read a field from another column, its values translated by a CSV file.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l mapping -r -d 'A saved mapping; --map goes before it.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l org -r -d 'Whose the lines are that name nobody.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l rejects -r -d 'Write rejected lines there, as CSV.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l max-rejects -r -d 'Stop when there are more.'
complete -c creditctl -n '__creditctl_at "/usage/import"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l path -r -d 'Such as /v1/quotes/AAPL.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l at -r -d 'When the request was made.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l method -r -d 'Such as GET.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l key -r -d 'Id or prefix, never a secret.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l status -r -d 'How it was answered.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l units -r -d 'How much data it returned.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l id -r -d 'The request’s own; it is billed once.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/usage/record"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/usage/show"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/usage/show"' -l from -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/show"' -l to -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/show"' -l today -d 'This UTC day.'
complete -c creditctl -n '__creditctl_at "/usage/show"' -l yesterday -d 'The UTC day before.'
complete -c creditctl -n '__creditctl_at "/usage/show"' -l by -r -d 'endpoint, key, org, product, tier, status, day or hour.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l key -r -d 'A key’s name, prefix or id.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l endpoint -r -d 'As the catalog has it: "GET /v1/a".'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l status -r -d 'The HTTP status.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l id -r -d 'The request’s own id.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l costing-at-least -r -d 'Only what cost that much.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l from -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/events"' -l to -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/events"' -l today -d 'This UTC day.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l yesterday -d 'The UTC day before.'
complete -c creditctl -n '__creditctl_at "/usage/events"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/usage/forecast"' -l days -r -d 'Complete days the rate is the mean of.'
complete -c creditctl -n '__creditctl_at "/usage/batches"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/usage/undo"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/usage/undo"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/export"' -l org -r -d 'Only this organization.'
complete -c creditctl -n '__creditctl_at "/usage/export"' -l as -r -d 'csv, jsonl or parquet.'
complete -c creditctl -n '__creditctl_at "/usage/export"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/usage/export"' -l from -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/export"' -l to -r -d ''
complete -c creditctl -n '__creditctl_at "/usage/export"' -l today -d 'This UTC day.'
complete -c creditctl -n '__creditctl_at "/usage/export"' -l yesterday -d 'The UTC day before.'
complete -c creditctl -n '__creditctl_at "/usage/prune"' -l before -r -d 'The first UTC day whose events stay.'
complete -c creditctl -n '__creditctl_at "/usage/prune"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/usage/prune"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/late"' -f -a list -d 'List events that came too late to be billed.'
complete -c creditctl -n '__creditctl_at "/usage/late"' -f -a release -d 'Bill late events after all.'
complete -c creditctl -n '__creditctl_at "/usage/late"' -f -a reject -d 'Never bill late events.'
complete -c creditctl -n '__creditctl_at "/usage/late/list"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/usage/late/list"' -l state -x -a 'quarantined released rejected any' -d 'Only events in this state.'
complete -c creditctl -n '__creditctl_at "/usage/late/list"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/usage/late/release"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/usage/late/release"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/usage/late/release"' -l batch -r -d 'All that one import brought.'
complete -c creditctl -n '__creditctl_at "/usage/late/release"' -l all -d 'Everything that waits.'
complete -c creditctl -n '__creditctl_at "/usage/late/release"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/late/reject"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/usage/late/reject"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/usage/late/reject"' -l batch -r -d 'All that one import brought.'
complete -c creditctl -n '__creditctl_at "/usage/late/reject"' -l all -d 'Everything that waits.'
complete -c creditctl -n '__creditctl_at "/usage/late/reject"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/usage/mappings"' -f -a list -d 'List the saved mappings.'
complete -c creditctl -n '__creditctl_at "/usage/mappings"' -f -a show -d 'Show a mapping field by field.'
complete -c creditctl -n '__creditctl_at "/usage/mappings"' -f -a save -d 'Save a mapping under a name, or replace the one there is.'
complete -c creditctl -n '__creditctl_at "/usage/mappings"' -f -a remove -d 'Remove a saved mapping; what was imported with it stays.'
complete -c creditctl -n '__creditctl_at "/usage/mappings/save"' -l format -r -d 'auto, or a format such as csv or kong.'
complete -c creditctl -n '__creditctl_at "/usage/mappings/save"' -l map -r -d 'Read a field from another column, its values translated by a CSV file.'
complete -c creditctl -n '__creditctl_at "/budgets"' -f -a set -d 'Set or change an organization’s budgets and thresholds.'
complete -c creditctl -n '__creditctl_at "/budgets"' -f -a show -d 'Show how an organization’s budgets stand, and where the...'
complete -c creditctl -n '__creditctl_at "/budgets"' -f -a list -d 'List every organization’s budgets, today’s and the...'
complete -c creditctl -n '__creditctl_at "/budgets"' -f -a clear -d 'Remove an organization’s budgets and thresholds; asks first.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l daily -r -d 'Block beyond this many credits a UTC day.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l monthly -r -d 'Block beyond this many credits a calendar month.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l notify-at -r -d 'Tell beyond this many credits a day, or this share of the budget. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l notify-monthly-at -r -d 'The same of a month. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l balance-below -r -d 'Tell when less is left, or less than this share of what was granted. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l allowance-at -r -d 'Tell when this share of the allowance is used. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l quota-at -r -d 'Tell when a key used this share of its requests. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l days-left -r -d 'Tell when the credits last for fewer days at the present rate. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l expiring-within -r -d 'Tell this long before unused credits expire. Repeatable.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l product -r -d 'Of this product’s usage alone.'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l key -r -d 'Of this key’s usage alone (name, id or prefix).'
complete -c creditctl -n '__creditctl_at "/budgets/set"' -l scope -x -a 'all beyond_allowance' -d 'Count all credits, or those beyond the subscription’s allowance (the default where there is one).'
complete -c creditctl -n '__creditctl_at "/budgets/clear"' -l line -r -d 'Only this line (its number or id).'
complete -c creditctl -n '__creditctl_at "/budgets/clear"' -l product -r -d 'Of this product’s usage alone.'
complete -c creditctl -n '__creditctl_at "/budgets/clear"' -l key -r -d 'Of this key’s usage alone (name, id or prefix).'
complete -c creditctl -n '__creditctl_at "/limits"' -f -a export -d 'Write the blocked keys and products to a file for gateways.'
complete -c creditctl -n '__creditctl_at "/limits"' -f -a check -d 'Grant what is due, book expiries, decide who is blocked,...'
complete -c creditctl -n '__creditctl_at "/limits"' -f -a status -d 'Show who is blocked or warned since the last check, and why.'
complete -c creditctl -n '__creditctl_at "/limits/export"' -l format -r -d 'json, nginx or redis.'
complete -c creditctl -n '__creditctl_at "/limits/export"' -l exit-code -d 'Exit 7 when the file has changed.'
complete -c creditctl -n '__creditctl_at "/limits/check"' -l exit-code -d 'Exit 7 when an organization is newly blocked.'
complete -c creditctl -n '__creditctl_at "/limits/check"' -l all -d 'Look at everybody, not only at what changed.'
complete -c creditctl -n '__creditctl_at "/limits/check"' -l ping-url -r -d 'Post the result there, failures to /fail.'
complete -c creditctl -n '__creditctl_at "/limits/check"' -l metrics-file -r -d 'Write metrics for Prometheus to it.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a add -d 'Tell somebody what happens; a secret is shown this once.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a list -d 'List destinations and what they are told, never their...'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a show -d 'Show a destination, where it goes and how it fares.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a test -d 'Send a test message now and say how it went; exit 1 if it...'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a rotate -d 'Make a new signing secret; shown this once.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a disable -d 'Send nothing there, and write nothing for it.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a enable -d 'Send there again; its failures are forgotten.'
complete -c creditctl -n '__creditctl_at "/destinations"' -f -a remove -d 'Forget a destination and what waits for it; asks first.'
complete -c creditctl -n '__creditctl_at "/destinations/add"' -l channel -r -d 'email, webhook, pagerduty or command.'
complete -c creditctl -n '__creditctl_at "/destinations/add"' -l to -r -d 'Its mailbox, URL, key or command.'
complete -c creditctl -n '__creditctl_at "/destinations/add"' -l for -r -d 'hard, notify, info, an event, or a family such as ’budget.*’; more than once for several. hard and notify unless given.'
complete -c creditctl -n '__creditctl_at "/destinations/add"' -l everybody -d 'Told about every organization.'
complete -c creditctl -n '__creditctl_at "/destinations/rotate"' -l grace -r -d 'How long both secrets sign.'
complete -c creditctl -n '__creditctl_at "/destinations/rotate"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/destinations/disable"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/destinations/enable"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/destinations/remove"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/notifications"' -f -a list -d 'List notifications, the newest first.'
complete -c creditctl -n '__creditctl_at "/notifications"' -f -a show -d 'Show a notification and every attempt to deliver it.'
complete -c creditctl -n '__creditctl_at "/notifications"' -f -a deliver -d 'Send what is due; exit 7 if something was given up.'
complete -c creditctl -n '__creditctl_at "/notifications"' -f -a retry -d 'Put notifications back: due at once, for another 24 hours.'
complete -c creditctl -n '__creditctl_at "/notifications"' -f -a prune -d 'Delete old notifications that are over, and their attempts.'
complete -c creditctl -n '__creditctl_at "/notifications/list"' -l destination -r -d 'Only to this one (dest_…).'
complete -c creditctl -n '__creditctl_at "/notifications/list"' -l status -x -a 'pending delivered dead cancelled' -d 'Only those that stand there.'
complete -c creditctl -n '__creditctl_at "/notifications/list"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/notifications/show"' -l payload -d 'The JSON document that is sent, as it is.'
complete -c creditctl -n '__creditctl_at "/notifications/deliver"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/notifications/retry"' -l dead -d 'All that were given up, the oldest first.'
complete -c creditctl -n '__creditctl_at "/notifications/retry"' -l destination -r -d 'Only to this one (dest_…).'
complete -c creditctl -n '__creditctl_at "/notifications/retry"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/notifications/prune"' -l before -r -d 'The first UTC day whose notifications stay.'
complete -c creditctl -n '__creditctl_at "/notifications/prune"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/notifications/prune"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/gate"' -f -a connections -d 'List the connections that a key holds open, the oldest...'
complete -c creditctl -n '__creditctl_at "/gate"' -f -a disconnect -d 'Let go of a connection, so that another may be opened.'
complete -c creditctl -n '__creditctl_at "/gate"' -f -a check -d 'Decide one request: may it pass, and if not, why not.'
complete -c creditctl -n '__creditctl_at "/gate"' -f -a serve -d 'Serve decisions over HTTP, for gateways and API servers.'
complete -c creditctl -n '__creditctl_at "/gate"' -f -a holds -d 'Calls that hold credits until they are settled.'
complete -c creditctl -n '__creditctl_at "/gate/disconnect"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l key -r -d 'Id or prefix, never a secret.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l key-from-stdin -d 'Read the key’s secret from stdin.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l method -r -d 'Such as GET.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l path -r -d 'Such as /v1/quotes/AAPL.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l units -r -d 'An estimate of the data that it returns.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l capability -r -d 'Asked for by name; may be repeated.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l since -r -d 'From when on data is asked for.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l channel -x -a 'rest websocket stream webhook webhook_setup' -d 'What is asked for: counted each in its own way.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l messages -r -d 'To be streamed or delivered.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l lease -r -d 'Hold a WebSocket connection by this name.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l take-over -d 'Let the oldest connection give way to it.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l webhooks -r -d 'How many there are before one more.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l count -l no-count -d 'Count it as the gate would.'
complete -c creditctl -n '__creditctl_at "/gate/check"' -l dry-run -d 'The same as --no-count: only look.'
complete -c creditctl -n '__creditctl_at "/gate/serve"' -l host -r -d 'Where to listen.'
complete -c creditctl -n '__creditctl_at "/gate/serve"' -l port -r -d 'Its port.'
complete -c creditctl -n '__creditctl_at "/gate/serve"' -l workers -r -d 'How many processes answer.'
complete -c creditctl -n '__creditctl_at "/gate/holds"' -f -a list -d 'List calls in flight, the newest first.'
complete -c creditctl -n '__creditctl_at "/gate/holds"' -f -a show -d 'Show what a call holds, or what became of it.'
complete -c creditctl -n '__creditctl_at "/gate/holds"' -f -a release -d 'Free what a call holds that was never settled; asks first.'
complete -c creditctl -n '__creditctl_at "/gate/holds/list"' -l state -x -a 'open captured released expired any' -d 'Only holds in this state.'
complete -c creditctl -n '__creditctl_at "/gate/holds/list"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/gate/holds/release"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a create -d 'Buy credits; they are granted when they are paid.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a settle -d 'Record money that arrived; all of it grants the credits.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a void -d 'Give up a purchase that nobody paid; there are no refunds.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a list -d 'List purchases, the newest first.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a show -d 'Show a purchase with its taxes and payments.'
complete -c creditctl -n '__creditctl_at "/purchases"' -f -a receipt -d 'Show the receipt of a purchase that was paid, or write it.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l package -r -d 'A package of the catalog.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l credits -r -d 'So many credits, at the list price.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l amount -r -d 'A sum with its currency, tax included, such as 50EUR.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l currency -r -d 'Of --package or --credits: EUR.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l provider -r -d 'manual, stripe or btcpay.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l method -r -d 'A payment method on file (pm_…).'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l reference -r -d 'The buyer’s own, such as a PO number.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l return-url -r -d 'Where the payer comes back to.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/purchases/create"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l reference -r -d 'Of the statement; the same one counts once.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l amount -r -d 'A sum with its currency, tax included, such as 50EUR.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l arrived-on -r -d 'When the money arrived; today unless given.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/purchases/settle"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/purchases/void"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/purchases/void"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/purchases/list"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/purchases/list"' -l status -r -d 'pending, paid or void.'
complete -c creditctl -n '__creditctl_at "/purchases/list"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/purchases/receipt"' -l pdf -r -d 'Write it as PDF; - is stdout.'
complete -c creditctl -n '__creditctl_at "/purchases/receipt"' -l html -r -d 'Write it as one HTML page; - is stdout.'
complete -c creditctl -n '__creditctl_at "/purchases/receipt"' -l locale -r -d 'Of the document, such as de or fr-CH.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a methods -d 'List payment methods on file.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a attach -d 'Put a payment method on file.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a prefer -d 'Charge this payment method unless another is named.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a detach -d 'Take a payment method off file.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a reconcile -d 'Ask providers about payments whose outcome is open.'
complete -c creditctl -n '__creditctl_at "/payments"' -f -a webhook -d 'Apply a provider’s notice, read from stdin as it came.'
complete -c creditctl -n '__creditctl_at "/payments/attach"' -l provider -r -d 'stripe or btcpay.'
complete -c creditctl -n '__creditctl_at "/payments/webhook"' -l provider -r -d 'stripe or btcpay.'
complete -c creditctl -n '__creditctl_at "/payments/webhook"' -l header -r -d 'A header of the delivery.'
complete -c creditctl -n '__creditctl_at "/recharge"' -f -a set -d 'Set when credits are bought, how many, and the month’s cap.'
complete -c creditctl -n '__creditctl_at "/recharge"' -f -a show -d 'Show auto-recharges and where they stand; of one, all of it.'
complete -c creditctl -n '__creditctl_at "/recharge"' -f -a run -d 'Buy what is due now, as ’limits check’ does each minute.'
complete -c creditctl -n '__creditctl_at "/recharge"' -f -a disable -d 'Buy nothing more; a payment under way is still followed.'
complete -c creditctl -n '__creditctl_at "/recharge"' -f -a enable -d 'Buy again; earlier declines are forgotten.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l below -r -d 'Buy when less than this is available.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l up-to -r -d 'Buy what brings the balance up to this.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l monthly-cap -r -d 'At most this in a UTC month, tax included, such as 500EUR.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l method -r -d 'A payment method (pm_…); else the default one.'
complete -c creditctl -n '__creditctl_at "/recharge/set"' -l cool-down -r -d 'At least this between two purchases, such as 90m, 1h or 2d.'
complete -c creditctl -n '__creditctl_at "/recharge/disable"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/recharge/enable"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a generate -d 'Draft the invoices of a month that has ended.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a list -d 'List invoices, the newest month first.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a show -d 'Show an invoice or credit note, or write it as a file.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a aging -d 'Show what is due, by days since it was due.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a finalize -d 'Make drafts final: they get a number and never change again.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a pay -d 'Record money that arrived for an invoice.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a void -d 'Take back an invoice for which nothing was paid.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a credit-note -d 'Correct a final invoice: take a part of it back, or all...'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a transfer -d 'Let what an organization is owed pay an invoice of it.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a send -d 'Send final invoices and credit notes by e-mail, with the...'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a export -d 'Write a month’s final invoices and credit notes as files.'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a replay -d 'Make a final invoice anew, and say what is different and...'
complete -c creditctl -n '__creditctl_at "/invoice"' -f -a diff -d 'Show two invoices side by side, or one and what it would...'
complete -c creditctl -n '__creditctl_at "/invoice/generate"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/generate"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/invoice/generate"' -l zero -d 'Also for those with nothing to say: over nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/list"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/list"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l explain -d 'Trace every line to what it was made of.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l pdf -r -d 'Write it as PDF; - is stdout.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l html -r -d 'Write it as one HTML page; - is stdout.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l facturx -r -d 'Write it as PDF with the e-invoice in it.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l cii -r -d 'Write it as EN 16931, as CII.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l ubl -r -d 'Write it as EN 16931, as UBL 2.1.'
complete -c creditctl -n '__creditctl_at "/invoice/show"' -l locale -r -d 'Of the document, such as de or fr-CH.'
complete -c creditctl -n '__creditctl_at "/invoice/aging"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l now -d 'Although usage of the period may still come.'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/invoice/finalize"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l reference -r -d 'Of the statement; the same one counts once.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l amount -r -d 'A sum with its currency, tax included, such as 50EUR.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l arrived-on -r -d 'When the money arrived; today unless given.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/invoice/pay"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/invoice/void"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice/void"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/invoice/void"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/void"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/invoice/void"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l amount -r -d 'A sum with its currency, tax included, such as 50EUR.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l line -r -d 'Take this line back, with its tax.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/invoice/credit-note"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l reason -r -d 'Why, for the ledger and the audit log.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l amount -r -d 'A sum with its currency, tax included, such as 50EUR.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l idempotency-key -r -d 'Repeating the command with the same key does it only once.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l expect-email -r -d 'Refuse if the org has another one.'
complete -c creditctl -n '__creditctl_at "/invoice/transfer"' -l expect-balance -r -d 'Refuse unless exactly this much is available.'
complete -c creditctl -n '__creditctl_at "/invoice/send"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/send"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/invoice/send"' -l to -r -d 'Instead of the billing e-mail.'
complete -c creditctl -n '__creditctl_at "/invoice/send"' -l again -d 'Also those that were sent already.'
complete -c creditctl -n '__creditctl_at "/invoice/send"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/invoice/export"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/invoice/export"' -l dir -r -d 'Where the files go; made if missing.'
complete -c creditctl -n '__creditctl_at "/invoice/export"' -l format -r -d 'pdf, html, json, text, cii, ubl, facturx; several with commas.'
complete -c creditctl -n '__creditctl_at "/invoice/export"' -l replace -d 'Also files that say something else by now.'
complete -c creditctl -n '__creditctl_at "/invoice/diff"' -l now -d 'With what it would be if it were made today.'
complete -c creditctl -n '__creditctl_at "/period"' -f -a status -d 'Show what keeps a month from being closed, and what...'
complete -c creditctl -n '__creditctl_at "/period"' -f -a close -d 'Close a month for good, with those before it.'
complete -c creditctl -n '__creditctl_at "/period"' -f -a list -d 'List the months that are closed, the newest first.'
complete -c creditctl -n '__creditctl_at "/period/status"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/period/status"' -l check -d 'Look at what ’creditctl check’ finds, too.'
complete -c creditctl -n '__creditctl_at "/period/close"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/period/close"' -l reason -r -d 'Why, for the audit log.'
complete -c creditctl -n '__creditctl_at "/period/close"' -l accept -r -d 'Close it although this is not settled.'
complete -c creditctl -n '__creditctl_at "/period/close"' -l check -d 'Look at what ’creditctl check’ finds, too.'
complete -c creditctl -n '__creditctl_at "/period/close"' -l dry-run -d 'Show what would happen, change nothing.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a tax -d 'Show tax of purchases and invoices, by place, tax and rate.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a usage -d 'Show who paid for usage, and what it earned, by product.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a liability -d 'Show paid credits that are unused, at what they cost.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a revenue -d 'Show revenue recognised: credits when used, fees by the day.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a margin -d 'Show what usage earned and what serving it cost.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a breakage -d 'Show what paid credits earned because they expired unused.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a promotions -d 'Show credits that were given away, and what became of them.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a receivables -d 'Show what invoices are owed, and how it came.'
complete -c creditctl -n '__creditctl_at "/reports"' -f -a mrr -d 'Show monthly recurring revenue of plans at a month’s end.'
complete -c creditctl -n '__creditctl_at "/reports/tax"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/usage"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/liability"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/liability"' -l at -r -d 'Instead of a month: a moment of the past.'
complete -c creditctl -n '__creditctl_at "/reports/revenue"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/margin"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/margin"' -l by -r -d 'product, endpoint, organization or plan.'
complete -c creditctl -n '__creditctl_at "/reports/breakage"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/promotions"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/receivables"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/reports/mrr"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/export"' -f -a journal -d 'Write a month’s double entry for hledger or Beancount.'
complete -c creditctl -n '__creditctl_at "/export"' -f -a focus -d 'Write a month’s charges as CSV for FinOps tools (FOCUS 1.2).'
complete -c creditctl -n '__creditctl_at "/export"' -f -a ledger -d 'Write entries of the ledger as CSV, JSON lines or Parquet.'
complete -c creditctl -n '__creditctl_at "/export/journal"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/export/journal"' -l format -r -d 'hledger or beancount.'
complete -c creditctl -n '__creditctl_at "/export/focus"' -l month -r -d 'A calendar month, UTC.'
complete -c creditctl -n '__creditctl_at "/export/ledger"' -l org -r -d 'Only this organization.'
complete -c creditctl -n '__creditctl_at "/export/ledger"' -l as -r -d 'csv, jsonl or parquet.'
complete -c creditctl -n '__creditctl_at "/export/ledger"' -l from -r -d ''
complete -c creditctl -n '__creditctl_at "/export/ledger"' -l to -r -d ''
complete -c creditctl -n '__creditctl_at "/audit"' -f -a log -d 'Show the latest changes, newest first.'
complete -c creditctl -n '__creditctl_at "/audit"' -f -a verify -d 'Prove that no entry was changed, removed or slipped in.'
complete -c creditctl -n '__creditctl_at "/audit"' -f -a head -d 'Print the newest seal, to sign, mail or keep elsewhere.'
complete -c creditctl -n '__creditctl_at "/audit/log"' -l org -r -d 'Only this organization (slug or id).'
complete -c creditctl -n '__creditctl_at "/audit/log"' -l action -r -d 'Only this action, such as grant.created.'
complete -c creditctl -n '__creditctl_at "/audit/log"' -l by -r -d 'Only what this actor did.'
complete -c creditctl -n '__creditctl_at "/audit/log"' -l limit -r -d 'At most this many rows.'
complete -c creditctl -n '__creditctl_at "/audit/verify"' -l head -r -d 'A head kept elsewhere: must still be there.'
complete -c creditctl -n '__creditctl_at "/db"' -f -a init -d 'Make the database with its guards; repeating is safe.'
complete -c creditctl -n '__creditctl_at "/db"' -f -a migrate -d 'Bring an existing database to this version’s schema.'
complete -c creditctl -n '__creditctl_at "/db"' -f -a status -d 'Show where the database is, its revision, and how much it...'
complete -c creditctl -n '__creditctl_at "/db"' -f -a check -d 'Prove that the books are consistent, as ’creditctl check’...'
complete -c creditctl -n '__creditctl_at "/demo"' -l directory -r -d 'Where to put its database.'
complete -c creditctl -n '__creditctl_at "/completion"' -f -a bash -d ''
complete -c creditctl -n '__creditctl_at "/completion"' -f -a zsh -d ''
complete -c creditctl -n '__creditctl_at "/completion"' -f -a fish -d ''
complete -c creditctl -n '__creditctl_at "/completion"' -l all -r -d 'Write all scripts there instead.'
