"""hledger's journal: accounts and commodities declared, as `hledger check --strict` wants."""

from collections.abc import Iterator, Sequence

from creditctl.rules.journal import Transaction, accounts_of, amount_text, places_of


def journal_text(title: str, transactions: Sequence[Transaction]) -> Iterator[str]:
    """The journal in pieces."""
    yield f"; {title}\n\n"
    accounts = accounts_of(transactions)
    for commodity in sorted({code for codes in accounts.values() for code in codes}):
        # A decimal mark is asked for, also where no place follows it.
        yield f"commodity 1000.{'0' * places_of(commodity)} {commodity}\n"
    for name in accounts:
        yield f"account {name}\n"
    for one in transactions:
        yield f"\n{one.day} * {one.text}\n"
        for posting in one.postings:
            amount = amount_text(posting.amount, one.commodity)
            yield f"    {posting.account}  {amount} {one.commodity}\n"
