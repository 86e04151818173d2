"""What is left of a legal name when spelling, look-alike letters and legal form are taken off."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

_LEGAL_FORMS = frozenset(
    """
    ltd limited privatelimited publiclimitedcompany plc llc llp lp inc incorporated corp
    corporation co company pty pte pvt
    gmbh ggmbh mbh ag ug haftungsbeschrankt kg kgaa ohg gbr ek ev eg se
    sa sarl sas sasu eurl snc sl slu srl srls spa bv bvba nv vof lda ltda
    ab as asa aps oy oyj ou kk spzoo sro spolsro doo kft zrt nyrt
    """.split()
)
_CONNECTIVES = frozenset({"and", "et", "und", "y"})
_LONGEST_FORM = 4
"""Words a form may be written in, as "sp z o o"."""
_SIGNS = str.maketrans("", "", "™℠")
"""NFKC would spell them out as the letters TM and SM."""
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_LIGATURES = {"æ": "ae", "œ": "oe"}
_SPELLING_MARKS = frozenset({0, 7, 8, 9})
"""Combining classes of vowel signs, nukta, kana voicing and virama: no mere diacritics."""


def name_key(legal_name: str) -> str:
    """What two spellings of one legal name have in common; empty for a name without letters.

    Letters of other scripts that look Latin count as Latin (the skeleton of Unicode TS 39); case,
    accents, punctuation and spacing do not count, nor do legal forms at the end, as long as
    something remains: "Acme, Ltd." and "ACME Limited" are one name, "Acme Lab" and "Acme Labs"
    two. An umlaut loses its dots only: Müller is Muller, not Mueller. Source: DESIGN 3.1.
    """
    plain = unicodedata.normalize("NFKC", legal_name.translate(_SIGNS)).casefold()
    letters = "".join(_skeleton(unicodedata.normalize("NFKD", plain)))
    return unicodedata.normalize("NFC", "".join(_without_legal_form(letters.split())))


def _skeleton(decomposed: str) -> Iterator[str]:
    for char in _INVISIBLE.sub("", decomposed):
        category = unicodedata.category(char)
        if char.isdecimal():
            yield str(unicodedata.decimal(char))
        elif char.isalnum():
            yield _latin(char)
        elif category[0] == "M":
            yield char if unicodedata.combining(char) in _SPELLING_MARKS else ""
        else:
            # "S.A." is the word SA, and so U.S.A. does not end in S.A.
            yield "" if char == "." or category == "Cf" else " "


def _latin(char: str) -> str:
    """The ASCII a small letter looks like, or its capital does; letters before digits."""
    if char.isascii():
        return char
    if char in _LIGATURES:
        return _LIGATURES[char]
    shapes = _latin_shapes()
    found = [shapes[form] for form in (char, char.upper(), char.lower()) if form in shapes]
    return min(found, key=str.isdigit, default=char)


@lru_cache(maxsize=1)
def _latin_shapes() -> Mapping[str, str]:
    # Imported here: reading its tables takes 40 ms, and few names need them.
    confusables: Any = import_module("confusable_homoglyphs.confusables")
    shapes = {}
    for char, lookalikes in confusables.confusables_data.items():
        if len(char) > 1 or char.isascii() or not char.isalpha():
            continue
        plain = {_without_marks(lookalike["c"]).lower() for lookalike in lookalikes}
        latin = [text for text in plain if len(text) == 1 and text.isascii() and text.isalnum()]
        if len(latin) == 1:
            shapes[char] = latin[0]
    return shapes


def _without_marks(text: str) -> str:
    # The tables write a stroke as a mark: ø is o and a solidus.
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _without_legal_form(words: list[str]) -> list[str]:
    while size := _length_of_last_form(words):
        words = words[:-size]
        while len(words) > 1 and words[-1] in _CONNECTIVES:
            words = words[:-1]
    return words


def _length_of_last_form(words: list[str]) -> int:
    # One word always stays, so a company named Co keeps its name.
    sizes = range(min(_LONGEST_FORM, len(words) - 1), 0, -1)
    return next((size for size in sizes if "".join(words[-size:]) in _LEGAL_FORMS), 0)
