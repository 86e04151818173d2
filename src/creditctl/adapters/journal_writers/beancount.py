"""Beancount's journal: accounts opened with the commodities they may hold."""

from collections.abc import Iterator, Sequence

from creditctl.rules.journal import Transaction, accounts_of, amount_text


def journal_text(title: str, transactions: Sequence[Transaction]) -> Iterator[str]:
    """The journal in pieces."""
    yield f'option "title" "{title}"\n\n'
    if not transactions:
        return
    opened = min(one.day for one in transactions)
    for name, commodities in accounts_of(transactions).items():
        yield f"{opened} open {name} {','.join(sorted(commodities))}\n"
    for one in transactions:
        yield f'\n{one.day} * "{one.text}"\n'
        for posting in one.postings:
            amount = amount_text(posting.amount, one.commodity)
            yield f"  {posting.account}  {amount} {one.commodity}\n"
