"""Whether a new organization is one that exists already, for the free sign-up credits only.

Sign-up promotions go to qualified organizations only [FF]. The free grant is refused, never the
organization. One strong match decides, weak ones only flag (DESIGN 3.1).
"""

import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from creditctl.rules.free_mail import is_free_mail
from creditctl.rules.legal_names import name_key

__all__ = [
    "STRONG",
    "Qualification",
    "Signal",
    "SignalKind",
    "canonical_email",
    "company_domain",
    "name_key",
    "qualification_of",
    "signals_of",
]

SHORTEST_NAME_KEY = 3
LONGEST_DOMAIN = 253
_DOTS_IGNORED = frozenset({"gmail.com"})
_ALIASES = {"googlemail.com": "gmail.com"}


class SignalKind(StrEnum):
    """What two organizations can have in common."""

    EMAIL = "email"
    TAX_ID = "tax_id"
    FINGERPRINT = "payment_fingerprint"
    DOMAIN = "domain"
    NAME = "legal_name"
    DEVICE = "device"


STRONG: frozenset[SignalKind] = frozenset(
    {SignalKind.EMAIL, SignalKind.TAX_ID, SignalKind.FINGERPRINT}
)
"""One of these in common is enough to be a duplicate (DESIGN 3.1)."""


class Signal(NamedTuple):
    """Something that may be compared for equality with another organization's."""

    kind: SignalKind
    value: str


class Qualification(StrEnum):
    """Whether an organization may have the free sign-up credits."""

    QUALIFIED = "qualified"
    SUSPECT = "suspect"
    DUPLICATE = "duplicate"


def canonical_email(address: str) -> str:
    """The mailbox behind an address: one text for all the ways to write it (DESIGN 3.1).

    Unicode forms, case and the "+tag" do not count; dots in the local part only at Gmail, which
    ignores them and is googlemail.com too. The domain is in ASCII where it can be. A local part
    that would become empty stays; what is no address is only folded.
    """
    text = _folded("".join(_folded(address).split()))
    local, _, domain = text.rpartition("@")
    if not local:
        return text
    domain = _ascii_domain(domain)
    local = local.partition("+")[0] or local
    if domain in _DOTS_IGNORED:
        local = local.replace(".", "") or local
    return f"{_folded(local)}@{domain}"


def company_domain(address: str) -> str | None:
    """The domain of an address as it is, in ASCII; None at free-mail providers and for no domain.

    Colleagues share a company's domain, strangers a provider's: that never counts (DESIGN 3.1).
    """
    local, _, domain = canonical_email(address).rpartition("@")
    labels = domain.split(".")
    if not local or len(labels) == 1 or not domain.isascii():
        return None
    if not all(label.replace("-", "").isalnum() for label in labels) or labels[-1].isdecimal():
        return None
    return None if is_free_mail(domain) else domain


def signals_of(
    *,
    legal_name: str,
    billing_email: str | None,
    tax_id: str | None,
    payment_fingerprint: str | None,
    device_id: str | None,
) -> tuple[Signal, ...]:
    """What to compare an organization by, sorted and distinct (DESIGN 3.1).

    Nothing comes of what is missing or empty, of an e-mail without a domain, and of a name whose
    key is too short to tell companies apart. Case counts in fingerprints and device ids only.
    """
    email = canonical_email(billing_email or "")
    key = name_key(legal_name)
    values = {
        SignalKind.EMAIL: email if _is_address(email) else None,
        SignalKind.TAX_ID: (tax_id or "").upper(),
        SignalKind.FINGERPRINT: payment_fingerprint,
        SignalKind.DOMAIN: company_domain(email),
        SignalKind.NAME: key if len(key) >= SHORTEST_NAME_KEY else None,
        SignalKind.DEVICE: device_id,
    }
    return tuple(sorted(Signal(kind, value) for kind, value in values.items() if value))


def qualification_of(shared: Iterable[SignalKind]) -> Qualification:
    """What the kinds of signal shared with an existing organization amount to.

    One strong kind makes a duplicate, however many weak ones only a suspect (DESIGN 3.1); who
    shares nothing is qualified for the sign-up promotion [FF].
    """
    kinds = frozenset(shared)
    if kinds & STRONG:
        return Qualification.DUPLICATE
    return Qualification.SUSPECT if kinds else Qualification.QUALIFIED


def _is_address(email: str) -> bool:
    # An e-mail match decides alone, so "n/a" or "none@" must not become one.
    local, _, domain = email.rpartition("@")
    return bool(local and domain)


def _folded(text: str) -> str:
    # Twice, as folding case can undo the composition and the other way round.
    for _ in range(2):
        text = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", text)


def _ascii_domain(domain: str) -> str:
    domain = domain.rstrip(".")
    # The codec takes quadratic time, and no longer domain exists.
    if len(domain) <= LONGEST_DOMAIN:
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return domain
    return _ALIASES.get(domain, domain)
