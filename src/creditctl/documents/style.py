"""How a company's documents look: the settings under `[documents]`, as values."""

from dataclasses import dataclass

PAPERS = {"a4": "a4", "letter": "us-letter"}
"""Sizes of paper, by the names of settings and those of typst."""

LETTER_COUNTRIES = frozenset("BZ CA CL CO CR DO GT MX NI PA PH PR SV US VE".split())
"""Where letters are written on Letter (CLDR, paperSize US-Letter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Paper, language and what stands on every document."""

    locale: str = "en"
    """Of labels, numbers and days, such as en, de or fr-CH."""

    paper: str | None = None
    """`a4` or `letter`; None is what the seller's country writes on."""

    logo: bytes | None = None
    """A PNG, JPEG, GIF, WebP or SVG image."""

    payment_lines: tuple[str, ...] = ()
    """How to pay, such as a bank and an IBAN, instead of the seller's; where something is due."""

    iban: str | None = None
    """The account that EN 16931 names, without blanks."""

    footer: str = ""
    pdfa: bool = False
    """PDF/A-3b, for archives."""

    fonts: str | None = None
    """A folder of further fonts, for names that typst's own cannot show."""

    def paper_for(self, country: str | None) -> str:
        """The size for a seller of that country, as typst names it."""
        chosen = self.paper or ("letter" if country in LETTER_COUNTRIES else "a4")
        return PAPERS[chosen]


PLAIN = Style()
"""Nothing was set."""
