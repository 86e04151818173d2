"""nginx: maps from a key's prefix, and the product called, to status, reason and Retry-After.

A map finds texts in a hash table but ignores their case, which tells keys apart. So each value
begins with what it is for, and a regular expression compares that exactly. Where two prefixes
differ in nothing but case, nginx would refuse the file: those become regular expressions.

Retry-After is a date (RFC 9110, 10.2.3): seconds would be others in each file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from email.utils import format_datetime

from creditctl.rules.block_list import Block, blocks_by_place

_HEAD = """\
# Blocked API keys, written by 'creditctl limits export'; included in the http block.
# It reads $creditctl_key, a key's public prefix, and $creditctl_product, the product called.
"""

_ANSWERS = r"""
map "$creditctl_key $creditctl_found_key" $creditctl_blocked_key {
    default "";
    "~^(\S+) \1 (?<creditctl_key_says>.+)$" $creditctl_key_says;
}
map "$creditctl_key/$creditctl_product $creditctl_found_product" $creditctl_blocked_product {
    default "";
    "~^(\S+) \1 (?<creditctl_product_says>.+)$" $creditctl_product_says;
}
map $creditctl_blocked_key $creditctl_block {
    default $creditctl_blocked_key;
    "" $creditctl_blocked_product;
}
map $creditctl_block $creditctl_status {
    default "";
    "~^(?<creditctl_status_says>\d+) " $creditctl_status_says;
}
map $creditctl_block $creditctl_reason {
    default "";
    "~^\d+ (?<creditctl_reason_says>\w+)" $creditctl_reason_says;
}
map $creditctl_block $creditctl_retry_after {
    default "";
    "~^\d+ \w+ (?<creditctl_retry_says>.+)$" $creditctl_retry_says;
}
"""


def text_of(blocks: Sequence[Block]) -> str:
    """Two maps of what is blocked, and those that read an answer out of them."""
    answers = {place: _answer(block) for place, block in blocks_by_place(blocks).items()}
    by_key = {place: answer for place, answer in answers.items() if "/" not in place}
    by_product = {place: answer for place, answer in answers.items() if "/" in place}
    return (
        _HEAD
        + _map("$creditctl_key", "$creditctl_found_key", by_key)
        + _map('"$creditctl_key/$creditctl_product"', "$creditctl_found_product", by_product)
        + _ANSWERS
    )


def _answer(block: Block) -> str:
    words = [str(block.status), block.reason.value]
    if block.until is not None:
        words.append(format_datetime(block.until, usegmt=True))
    return " ".join(words)


def _map(source: str, variable: str, answers: Mapping[str, str]) -> str:
    in_any_case = Counter(map(str.lower, answers))
    lines = [f"\nmap {source} {variable} {{", '    default "";']
    for text, answer in answers.items():
        is_alone = in_any_case[text.lower()] == 1
        found = text if is_alone else f"~^{text}$"
        lines.append(f'    "{found}" "{text} {answer}";')
    return "\n".join([*lines, "}\n"])
