"""A catalog with every kind of promotion, in small numbers."""

import builders

_GIFTS = {
    "welcome": 'credits = 350\ntrigger = "signup"',
    "spring": 'credits = 100\ncode = "SPRING"\nlifetime_days = 90\nproduct = "rows"',
    "xmas": "credits = 7\nstarts = 2026-12-24\nends = 2026-12-27",
    "card": 'credits = 5\nrequires = ["not_duplicate", "payment_method"]',
    "dach": 'credits = 3\ncountries = ["DE", "AT"]\nplans = ["pro"]',
    "twice": "credits = 10\nbudget = { redemptions = 2, credits = 25 }",
    "pot": "credits = 10\nbudget = { credits = 25 }",
    "anyone": "credits = 1\nrequires = []",
    "money": 'money = "10 USD"',
}


def promotion(name: str) -> str:
    """Its text in the catalog."""
    return f"\n[promotions.{name}]\n{_GIFTS[name]}\n"


CATALOG = builders.CATALOG + "".join(promotion(name) for name in _GIFTS if name != "welcome")
WITH_SIGN_UP = CATALOG + promotion("welcome")
