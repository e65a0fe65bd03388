"""Names of people in one form, rare characters included.

Promises: the canonical form of a canonical form is itself. Nothing is put in place of a character that is not known.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final

from node.lists.remarks import Kind

__all__ = ["NAME_CHARACTERS", "ReadName", "read_name", "unprintable"]

NAME_CHARACTERS: Final = 60
"""As many as a card holds."""

_HAN: Final = r"\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_USUAL: Final = re.compile("[\u4e00-\u9fff]{2,8}")
_PRIVATE: Final = re.compile(r"[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_INVISIBLE: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]")
_DOTS: Final = re.compile(r"\s*[·•‧∙⋅・･●⸱․᛫]\s*")
"""Middle dots as keyboards and other programs write them."""
_DOT_IN_HAN: Final = re.compile(rf"(?<=[{_HAN}])\s*[.。]\s*(?=[{_HAN}])")
_BLANK_IN_HAN: Final = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_DOT_AT_END: Final = re.compile(rf"^[·.。 ]+(?=[{_HAN}])|(?<=[{_HAN}])[·.。 ]+$")
_PLACEHOLDER: Final = re.compile("[?□■▢◻\ufffd]")
_OTHER_CHARACTER: Final = re.compile(rf"[^{_HAN}\ue000-\uf8ff\U000f0000-\U0010ffff· '’.\-]")


@dataclass(frozen=True, slots=True)
class ReadName:
    """What stands in a cell as a name: `wrong` says why it is none; `doubts` do not stand in its way."""

    name: str = field(repr=False)
    wrong: Kind | None = None
    doubts: tuple[Kind, ...] = ()


def unprintable(text: str) -> bool:
    """A control character, a line break or half a character, other than around the text."""
    return not text.isprintable() and any(unicodedata.category(each) in ("Cc", "Zl", "Zp", "Cs") for each in text)


def read_name(cell: str) -> ReadName:
    """A name in canonical form: blanks within Chinese names are gone, every middle dot is "·". Not for empty cells."""
    text = cell.strip()
    if _USUAL.fullmatch(text):
        return ReadName(text)
    if unprintable(text):
        return ReadName("", Kind.CONTROL)
    name = _canonical(text)
    if len(name) > NAME_CHARACTERS:
        return ReadName("", Kind.TOO_LONG)
    if _PLACEHOLDER.search(name):
        return ReadName("", Kind.NAME_PLACEHOLDER)
    if not name.strip("·'’.- ") or any(_no_letter(each) for each in _OTHER_CHARACTER.findall(name)):
        return ReadName("", Kind.NAME_SIGNS)
    private = (Kind.NAME_PRIVATE,) if _PRIVATE.search(name) else ()
    short = (Kind.NAME_SHORT,) if len(name) == 1 else ()
    return ReadName(name, None, private + short)


def _canonical(text: str) -> str:
    """Only what is certain: compatibility forms of Chinese characters are other characters on a document."""
    text = _INVISIBLE.sub("", text.translate(_FULL_WIDTH))
    text = unicodedata.normalize("NFC", text)
    text = _DOT_IN_HAN.sub("·", _DOTS.sub("·", text))
    text = " ".join(text.split())
    return _DOT_AT_END.sub("", _BLANK_IN_HAN.sub("", text))


def _no_letter(character: str) -> bool:
    return unicodedata.category(character) not in ("Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc")
