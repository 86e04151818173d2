"""The JSON Schema of a catalog file, for editors that complete and check TOML."""

from creditctl.adapters.catalog_plans_toml import (
    LIMITS,
    LONGEST_GUEST_HOURS,
    LONGEST_TRIAL_DAYS,
    WHEN_DOWN,
)
from creditctl.adapters.catalog_promotions_toml import LONGEST_LIFETIME_DAYS
from creditctl.adapters.catalog_schema_selling import (
    list_prices_schema,
    package_schema,
    seller_schema,
    tax_schema,
)
from creditctl.adapters.catalog_schema_words import (
    NAME,
    Schema,
    amount,
    choice,
    credits,
    instant,
    list_of,
    money,
    named,
    table,
    text,
    whole,
)
from creditctl.rules.periods import MONTHS_IN
from creditctl.rules.promotions import REQUIREMENTS, TRIGGERS


def catalog_schema() -> Schema:
    """Every key that the reader knows, with what it means."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:creditctl:schema:catalog-file/v1",
        "title": "creditctl catalog",
        **table(
            "Products, prices, plans and gifts of a company that sells API credits.",
            {
                "catalog": _head(),
                "list_prices": list_prices_schema(),
                "tiers": named("Prices that endpoints share, by name.", credits("Credits.")),
                "products": named("What is sold and reported together.", _product()),
                "plans": named("What organizations subscribe to.", _plan()),
                "packages": named("Credits that are sold together.", package_schema()),
                "promotions": named("Credits to give away.", _promotion()),
                "guest": _guest(),
                "seller": seller_schema(),
                "taxes": list_of(tax_schema()),
            },
            required=("catalog",),
        ),
    }


def _head() -> Schema:
    return table(
        "The catalog's terms.",
        {
            "name": text("The catalog's name.", pattern=NAME),
            "currency": text("ISO 4217, such as USD.", pattern="^[A-Z]{3}$"),
            "list_price": amount('Money per credit, in quotes: "0.001".'),
            "effective_from": instant("From when all this holds; when it is applied unless given."),
        },
        required=("name", "currency", "list_price"),
    )


def _product() -> Schema:
    return table(
        "Endpoints that are sold and reported together.",
        {
            "title": text("What people call it."),
            "billed_statuses": {
                "description": "Statuses that are billed, such as 200 or 2xx; 2xx unless given.",
                "type": "array",
                "items": {"type": "string", "pattern": "^[1-5]([0-9]{2}|xx)$"},
            },
            "volume": list_of(
                table(
                    "A step of a price graduated by the organization's UTC day.",
                    {
                        "above": whole("Billed units of the day before it holds.", least=1),
                        "credits": credits("Credits of each unit from then on."),
                    },
                    required=("above", "credits"),
                )
            ),
            "endpoints": list_of(_served_endpoint()),
            **_costs("Of endpoints that state none of the two."),
        },
    )


def _served_endpoint() -> Schema:
    endpoint = _endpoint("What a request to it costs.")
    return endpoint | {
        "properties": endpoint["properties"]
        | _costs("The product's unless one of the two is given.")
    }


def _costs(whose: str) -> Schema:
    """What serving costs the company, in the catalog's currency."""
    return {
        "cost_per_request": amount(
            'What serving a request costs you, in quotes: "0.0004"; up to six decimal places, for '
            f"reports margin. {whose}"
        ),
        "cost_per_unit": amount("The same for each unit that is returned, alone or beside it."),
    }


def _endpoint(description: str) -> Schema:
    return table(
        description,
        {
            "method": text("GET and its like; * is any.", pattern=r"^(\*|[A-Z]+)$"),
            "path": text("Such as /v1/quotes/{symbol} or /v1/**.", pattern="^/"),
            "tier": text("A name of [tiers] that decides the price."),
            "credits": credits("A fixed price, alone or beside data."),
            "minimum": credits("A request costs at least this."),
            "maximum": credits("A request costs at most this."),
            "data": table(
                "A price by the data that is returned.",
                {
                    "per": whole("Units in a block.", least=1),
                    "unit": text("What is counted, such as rows."),
                    "credits": credits("Credits of a block."),
                    "rounding": choice("Blocks begun (up), or pro rata (exact).", "up", "exact"),
                    "included": whole("Units that cost nothing."),
                },
                required=("credits",),
            ),
        },
        required=("path",),
    )


def _plan() -> Schema:
    return table(
        "Fee, allowance and limits of a subscription.",
        {
            "title": text("What people call it."),
            "fee": money('Money for an interval, in quotes: "49.00".'),
            "interval": choice("What the fee is for.", *MONTHS_IN),
            "allowance": credits("Credits of each period."),
            "rollover": choice("What becomes of unused ones.", "reset", "carry"),
            "carry_cap": credits("Carry no more than this into a period."),
            "postpaid_limit": credits("Credits a period may owe beyond all grants."),
            "overage_price": amount("Money for each of these; the list price unless given."),
            "unlimited": {"description": "Nothing is deducted.", "type": "boolean"},
            "tiers": {
                "description": "Tiers that may be called; all unless given.",
                "type": "array",
                "items": {"type": "string"},
            },
            "trial": table(
                "How a first subscription begins.",
                {
                    "days": whole("How long it is free.", least=1, most=LONGEST_TRIAL_DAYS),
                    "credits": credits("Credits for that time; the allowance unless given."),
                },
                required=("days",),
            ),
            "limits": table(
                "Limits of each key.", {name: whole(name.replace("_", " ")) for name in LIMITS}
            ),
            "capabilities": {
                "description": "What its keys can do, by names of your own; what is false is not"
                " granted. `history_days` is how many days back they see; all unless given.",
                "type": "object",
                "additionalProperties": {"type": ["boolean", "integer", "string"]},
            },
            "gate_when_down": choice(
                "What the gate does without its counters; open unless given.", *WHEN_DOWN
            ),
            "prices": list_of(_endpoint("What a request costs on this plan.")),
        },
    )


def _promotion() -> Schema:
    return table(
        "Credits that are given away, once for each organization.",
        {
            "title": text("What people call it."),
            "credits": credits("How many; or say money."),
            "money": money(
                'What they are worth, in quotes: "25 USD". Divided by the list price in force '
                "when they are given, rounded down to a micro-credit; or say credits."
            ),
            "trigger": choice("At sign-up, or to who names the code.", *TRIGGERS),
            "code": text(
                "In any case of letters; the promotion's name unless given.",
                pattern="^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
            ),
            "budget": table(
                "What it may give; it never gives more, whoever asks at the same time.",
                {
                    "credits": credits("All its grants together."),
                    "redemptions": whole("How many organizations.", least=1),
                },
            ),
            "starts": instant("Not given before; a date or a time."),
            "ends": instant("Not given from then on; a date or a time."),
            "requires": {
                "description": "not_duplicate, payment_method or both; the first unless given.",
                "type": "array",
                "items": {"type": "string", "enum": list(REQUIREMENTS)},
            },
            "lifetime_days": whole(
                "Days until the credits expire; never unless given.",
                least=1,
                most=LONGEST_LIFETIME_DAYS,
            ),
            "product": text("The only product that the credits pay for."),
            "countries": {
                "description": "Only organizations of these, such as DE; all unless given.",
                "type": "array",
                "items": {"type": "string", "pattern": "^[A-Z]{2}$"},
            },
            "plans": {
                "description": "Only organizations on these plans; needs a code.",
                "type": "array",
                "items": {"type": "string"},
            },
        },
    )


def _guest() -> Schema:
    return table(
        "What a guest may spend.",
        {
            "credits": credits("How many."),
            "lifetime_hours": whole("For how long.", least=1, most=LONGEST_GUEST_HOURS),
        },
        required=("credits", "lifetime_hours"),
    )
