# bash completion for creditctl, made by 'creditctl completion bash'
_creditctl() {
    local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"
    local word place="" words="" options=""
    COMPREPLY=()
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$place/$word" in
            /orgs|/org) place="/orgs" ;;
            /orgs/create) place="/orgs/create" ;;
            /orgs/list) place="/orgs/list" ;;
            /orgs/show) place="/orgs/show" ;;
            /keys|/key) place="/keys" ;;
            /keys/create) place="/keys/create" ;;
            /keys/list) place="/keys/list" ;;
            /keys/revoke) place="/keys/revoke" ;;
            /subscriptions|/subscription) place="/subscriptions" ;;
            /subscriptions/create) place="/subscriptions/create" ;;
            /subscriptions/show) place="/subscriptions/show" ;;
            /subscriptions/list) place="/subscriptions/list" ;;
            /catalog|/catalogs) place="/catalog" ;;
            /catalog/validate) place="/catalog/validate" ;;
            /catalog/diff) place="/catalog/diff" ;;
            /catalog/apply) place="/catalog/apply" ;;
            /plans|/plan) place="/plans" ;;
            /plans/list) place="/plans/list" ;;
            /plans/show) place="/plans/show" ;;
            /prices|/price) place="/prices" ;;
            /prices/list) place="/prices/list" ;;
            /prices/explain) place="/prices/explain" ;;
            /credits|/credit) place="/credits" ;;
            /credits/grant) place="/credits/grant" ;;
            /credits/balance) place="/credits/balance" ;;
            /credits/grants) place="/credits/grants" ;;
            /credits/history) place="/credits/history" ;;
            /usage|/usages) place="/usage" ;;
            /usage/import) place="/usage/import" ;;
            /usage/show) place="/usage/show" ;;
            /usage/batches) place="/usage/batches" ;;
            /budgets|/budget) place="/budgets" ;;
            /budgets/set) place="/budgets/set" ;;
            /budgets/show) place="/budgets/show" ;;
            /budgets/list) place="/budgets/list" ;;
            /budgets/clear) place="/budgets/clear" ;;
            /limits|/limit) place="/limits" ;;
            /limits/check) place="/limits/check" ;;
            /limits/status) place="/limits/status" ;;
            /invoice|/invoices) place="/invoice" ;;
            /invoice/generate) place="/invoice/generate" ;;
            /invoice/list) place="/invoice/list" ;;
            /invoice/show) place="/invoice/show" ;;
            /audit|/audits) place="/audit" ;;
            /audit/log) place="/audit/log" ;;
            /db) place="/db" ;;
            /db/init) place="/db/init" ;;
            /db/migrate) place="/db/migrate" ;;
            /db/status) place="/db/status" ;;
            /check) place="/check" ;;
            /demo) place="/demo" ;;
            /schema|/schemas) place="/schema" ;;
            /completion) place="/completion" ;;
        esac
    done
    case "$place:$previous" in
        *:--db) :; return ;;
        *:-o|*:--output) COMPREPLY=($(compgen -W "table json ndjson csv tsv markdown none" -- "$current")); return ;;
        *:--fields) :; return ;;
        *:--as-of) :; return ;;
        *:--actor) :; return ;;
        /orgs/create:--name) :; return ;;
        /orgs/create:--email) :; return ;;
        /orgs/create:--country) :; return ;;
        /keys/create:--name) :; return ;;
        /keys/create:--plan) :; return ;;
        /keys/create:--expires) :; return ;;
        /keys/revoke:--reason) :; return ;;
        /subscriptions/create:--starts-at) :; return ;;
        /prices/list:--product) :; return ;;
        /prices/explain:--units) :; return ;;
        /prices/explain:--status) :; return ;;
        /prices/explain:--at) :; return ;;
        /credits/grant:--reason) :; return ;;
        /credits/grant:--source) :; return ;;
        /credits/grant:--product) :; return ;;
        /credits/grant:--effective) :; return ;;
        /credits/grant:--expires) :; return ;;
        /credits/grant:--unit-cost) :; return ;;
        /credits/grant:--priority) :; return ;;
        /credits/grant:--idempotency-key) :; return ;;
        /credits/grant:--expect-email) :; return ;;
        /credits/grant:--expect-balance) :; return ;;
        /credits/history:--limit) :; return ;;
        /usage/import:--format) :; return ;;
        /usage/import:--map) :; return ;;
        /usage/import:--org) :; return ;;
        /usage/import:--rejects) :; return ;;
        /usage/import:--max-rejects) :; return ;;
        /usage/show:--month) :; return ;;
        /usage/show:--from) :; return ;;
        /usage/show:--to) :; return ;;
        /usage/show:--by) :; return ;;
        /usage/batches:--limit) :; return ;;
        /budgets/set:--daily) :; return ;;
        /budgets/set:--notify-at) :; return ;;
        /budgets/set:--scope) COMPREPLY=($(compgen -W "all beyond_allowance" -- "$current")); return ;;
        /invoice/generate:--month) :; return ;;
        /invoice/generate:--org) :; return ;;
        /invoice/list:--month) :; return ;;
        /invoice/list:--org) :; return ;;
        /invoice/show:--month) :; return ;;
        /audit/log:--org) :; return ;;
        /audit/log:--action) :; return ;;
        /audit/log:--limit) :; return ;;
        /demo:--directory) :; return ;;
        /completion:--all) :; return ;;
    esac
    case "$place" in
        "") words="orgs keys subscriptions catalog plans prices credits usage budgets limits invoice audit db check demo schema completion" options="--version" ;;
        "/orgs") words="create list show" options="" ;;
        "/orgs/create") words="" options="--name --email --country --guest" ;;
        "/orgs/list") words="" options="" ;;
        "/orgs/show") words="" options="" ;;
        "/keys") words="create list revoke" options="" ;;
        "/keys/create") words="" options="--name --plan --test --expires" ;;
        "/keys/list") words="" options="" ;;
        "/keys/revoke") words="" options="--reason" ;;
        "/subscriptions") words="create show list" options="" ;;
        "/subscriptions/create") words="" options="--starts-at" ;;
        "/subscriptions/show") words="" options="" ;;
        "/subscriptions/list") words="" options="" ;;
        "/catalog") words="validate diff apply" options="" ;;
        "/catalog/validate") words="" options="" ;;
        "/catalog/diff") words="" options="" ;;
        "/catalog/apply") words="" options="--dry-run" ;;
        "/plans") words="list show" options="" ;;
        "/plans/list") words="" options="" ;;
        "/plans/show") words="" options="" ;;
        "/prices") words="list explain" options="" ;;
        "/prices/list") words="" options="--product" ;;
        "/prices/explain") words="" options="--units --status --at" ;;
        "/credits") words="grant balance grants history" options="" ;;
        "/credits/grant") words="" options="--reason --source --product --effective --expires --unit-cost --priority --idempotency-key --dry-run --expect-email --expect-balance" ;;
        "/credits/balance") words="" options="" ;;
        "/credits/grants") words="" options="--all" ;;
        "/credits/history") words="" options="--limit" ;;
        "/usage") words="import show batches" options="" ;;
        "/usage/import") words="" options="--format --map --org --rejects --max-rejects --dry-run" ;;
        "/usage/show") words="" options="--month --from --to --today --yesterday --by" ;;
        "/usage/batches") words="" options="--limit" ;;
        "/budgets") words="set show list clear" options="" ;;
        "/budgets/set") words="" options="--daily --notify-at --scope" ;;
        "/budgets/show") words="" options="" ;;
        "/budgets/list") words="" options="" ;;
        "/budgets/clear") words="" options="" ;;
        "/limits") words="check status" options="" ;;
        "/limits/check") words="" options="--exit-code" ;;
        "/limits/status") words="" options="" ;;
        "/invoice") words="generate list show" options="" ;;
        "/invoice/generate") words="" options="--month --org" ;;
        "/invoice/list") words="" options="--month --org" ;;
        "/invoice/show") words="" options="--month" ;;
        "/audit") words="log" options="" ;;
        "/audit/log") words="" options="--org --action --limit" ;;
        "/db") words="init migrate status" options="" ;;
        "/db/init") words="" options="" ;;
        "/db/migrate") words="" options="" ;;
        "/db/status") words="" options="" ;;
        "/check") words="" options="" ;;
        "/demo") words="" options="--directory" ;;
        "/schema") words="" options="" ;;
        "/completion") words="bash zsh fish" options="--all" ;;
    esac
    [[ "$current" == -* ]] && words="$options --db -o --output --fields --as-of --actor --yes --quiet --no-color --help"
    COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _creditctl creditctl
