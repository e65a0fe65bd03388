"""Phone numbers of contacts as one form, E.164 (+8613800000000), by the `phonenumbers` library.

Promises: the canonical form of a canonical form is itself. A number is never completed by a guess: a fixed line needs
its area code.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from node.lists.remarks import Kind

__all__ = ["PHONE_CHARACTERS", "ReadPhone", "read_phone"]

PHONE_CHARACTERS: Final = 80
"""In a cell; a cell may hold several numbers."""

_BETWEEN: Final = re.compile(
    r"[,;/|\\、。\n\r]|或者?|和"
    r"|(?<=[0-9])\s+(?=\+?(?:86)?1[3-9][0-9]{9}(?![0-9]))"
    r"|(?<=[0-9])\s*(?=[\u4e00-\u9fff]{1,4}:?\s*\+?[0-9]{7})"
)
_DIGIT: Final = re.compile("[0-9]")
_FEWEST_DIGITS: Final = 5
_EXTENSION: Final = re.compile(r"(?:\s*(?:转|分机|ext\.?|#)\s*|(?<=[0-9]{7})-)[0-9]{1,6}\s*$", re.IGNORECASE)
_WORDS: Final = re.compile(r"\([^()0-9]*\)|[^0-9+()\-\s.]+")
_DASHES: Final = re.compile("[‐-―−—﹣－_~]+")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff'`’]")
_BLANKS: Final = re.compile(r"[\s.\-]")
_BLOCK: Final = 5
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_WITHOUT_AREA: Final = re.compile(r"[2-8][0-9]{6,7}")
_KINDS: Final = frozenset(
    (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.VOIP)
)


@dataclass(frozen=True, slots=True)
class ReadPhone:
    """What stands in a cell as a phone: `wrong` says why it is none; `doubts` do not stand in its way."""

    phone: str = field(repr=False)
    wrong: Kind | None = None
    doubts: tuple[Kind, ...] = ()


def read_phone(cell: str) -> ReadPhone:
    """The first number of the cell. Numbers without a country are of the mainland. Not for empty cells."""
    text = _DASHES.sub("-", unicodedata.normalize("NFKC", cell)).strip()
    text = _INVISIBLE.sub("", text)
    if _MOBILE.fullmatch(plain := _BLANKS.sub("", text)) and _valid_mobile(plain[:_BLOCK]):
        return ReadPhone(f"+86{plain}")
    if len(text) > PHONE_CHARACTERS:
        return ReadPhone("", Kind.TOO_LONG)
    parts = [part for part in _BETWEEN.split(text) if len(_DIGIT.findall(part)) >= _FEWEST_DIGITS]
    if not parts:
        return ReadPhone("", Kind.PHONE_FORM)
    several = (Kind.PHONE_SEVERAL,) if len(parts) > 1 else ()
    number = _EXTENSION.sub("", parts[0])
    bare = _WORDS.sub("", number).strip()
    words = (Kind.PHONE_WORDS,) if len(bare) < len(parts[0].strip()) else ()
    phone = _e164(bare)
    if not phone:
        return ReadPhone("", Kind.PHONE_AREA if _WITHOUT_AREA.fullmatch(_BLANKS.sub("", bare)) else Kind.PHONE_FORM)
    return ReadPhone(phone, None, several + words)


def _e164(number: str) -> str:
    """The number, or "" for none."""
    plain = _BLANKS.sub("", number)
    if re.fullmatch(r"86[0-9]{11}", plain):
        plain = f"+{plain}"
    try:
        found = phonenumbers.parse(plain, "CN")
    except NumberParseException:
        return ""
    valid = phonenumbers.is_valid_number(found) and phonenumbers.number_type(found) in _KINDS
    return phonenumbers.format_number(found, PhoneNumberFormat.E164) if valid else ""


@lru_cache(maxsize=10_000)
def _valid_mobile(block: str) -> bool:
    """Blocks of mobile numbers are given by their first digits: each is asked once."""
    return phonenumbers.is_valid_number(phonenumbers.parse(f"+86{block}000000"))
