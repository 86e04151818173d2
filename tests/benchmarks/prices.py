"""What the benchmark company sells: 40 endpoints of 4 products, as a catalog and as numbers."""

from dataclasses import dataclass

TIERS = {"free": 0, "basic": 1, "standard": 2, "pro": 5}
PRODUCTS = ("quotes", "filings", "news", "analytics")
_RESOURCES = "status latest history search detail batch stream export profile screen".split()
_TIER_OF = ("free", "basic", "basic", "standard", "standard", "pro")
_ROWS_PER_BLOCK = (1, 10, 50, 100)
MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Costs what its tier does, or a credit for each block of `per` units that is begun."""

    product: str
    path: str
    tier: str | None
    per: int

    @property
    def request(self) -> str:
        return f"GET {self.path}"

    @property
    def base_micro(self) -> int:
        return TIERS[self.tier] * MICRO if self.tier else 0

    @property
    def block_micro(self) -> int:
        return 0 if self.tier else MICRO

    def cost_micro(self, units: int) -> int:
        """Of a request that succeeded."""
        return self.base_micro + self.block_micro * -(-units // self.per)


def _endpoints() -> tuple[Endpoint, ...]:
    found = []
    for place, resource in enumerate(_RESOURCES):
        for product in PRODUCTS:
            tier = _TIER_OF[place] if place < len(_TIER_OF) else None
            per = _ROWS_PER_BLOCK[place - len(_TIER_OF)] if tier is None else 1
            found.append(Endpoint(product, f"/v1/{product}/{resource}", tier, per))
    return tuple(found)


ENDPOINTS = _endpoints()


def catalog_text() -> str:
    """The catalog file."""
    lines = ["[catalog]", 'name = "benchmark"', 'currency = "USD"', 'list_price = "0.01"']
    lines += ["effective_from = 2026-01-01T00:00:00Z", "", "[tiers]"]
    lines += [f"{name} = {credits}" for name, credits in TIERS.items()]
    for product in PRODUCTS:
        lines += ["", f"[products.{product}]", f'title = "{product.title()} API"']
        for endpoint in ENDPOINTS:
            if endpoint.product == product:
                lines += _endpoint_lines(endpoint)
    return "\n".join(lines) + "\n"


def _endpoint_lines(endpoint: Endpoint) -> list[str]:
    price = f'tier = "{endpoint.tier}"'
    if endpoint.tier is None:
        price = f'data = {{ per = {endpoint.per}, unit = "rows", credits = 1 }}'
    head = f"[[products.{endpoint.product}.endpoints]]"
    return ["", head, 'method = "GET"', f'path = "{endpoint.path}"', price]
