"""Document numbers in their canonical form: one person, one text.

The number of a resident ID card is that of GB 11643: region, date of birth, order, and a check digit (ISO 7064 MOD
11-2, by python-stdnum). The registry of readers hashes the canonical form, so it must never change.
python-stdnum's list of regions is not used: it refuses valid ones (830000, 9..., 510212, 500106 before 1997).

Promises: the canonical form of a canonical form is itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from stdnum.iso7064 import mod_11_2

from node.lists.remarks import Kind

__all__ = ["DOCUMENT_NAMES", "Document", "DocumentType", "ReadNumber", "document_type", "read_number", "with_18_digits"]


class DocumentType(StrEnum):
    """What the number stands on. The value is stored: never change it."""

    IDENTITY_CARD = "identity_card"
    RESIDENCE_PERMIT = "residence_permit"
    HONG_KONG_MACAO_PERMIT = "hong_kong_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    PASSPORT = "passport"


DOCUMENT_NAMES: Final[Mapping[DocumentType, str]] = {
    DocumentType.IDENTITY_CARD: "居民身份证",
    DocumentType.RESIDENCE_PERMIT: "港澳台居民居住证",
    DocumentType.HONG_KONG_MACAO_PERMIT: "港澳通行证",
    DocumentType.TAIWAN_PERMIT: "台胞证",
    DocumentType.PASSPORT: "护照",
}
"""As the template writes them."""

_OTHER_NAMES: Final[Mapping[str, DocumentType]] = {
    "": DocumentType.IDENTITY_CARD,
    "身份证": DocumentType.IDENTITY_CARD,
    "二代身份证": DocumentType.IDENTITY_CARD,
    "第二代居民身份证": DocumentType.IDENTITY_CARD,
    "居民户口簿": DocumentType.IDENTITY_CARD,
    "户口簿": DocumentType.IDENTITY_CARD,
    "户口本": DocumentType.IDENTITY_CARD,
    "居住证": DocumentType.RESIDENCE_PERMIT,
    "港澳居民居住证": DocumentType.RESIDENCE_PERMIT,
    "台湾居民居住证": DocumentType.RESIDENCE_PERMIT,
    "港澳台居住证": DocumentType.RESIDENCE_PERMIT,
    "港澳居民来往内地通行证": DocumentType.HONG_KONG_MACAO_PERMIT,
    "港澳来往内地通行证": DocumentType.HONG_KONG_MACAO_PERMIT,
    "回乡证": DocumentType.HONG_KONG_MACAO_PERMIT,
    "台湾居民来往大陆通行证": DocumentType.TAIWAN_PERMIT,
    "台湾通行证": DocumentType.TAIWAN_PERMIT,
    "护照号": DocumentType.PASSPORT,
    "外国护照": DocumentType.PASSPORT,
    "passport": DocumentType.PASSPORT,
}
_TYPES: Final = {**{name: each for each, name in DOCUMENT_NAMES.items()}, **_OTHER_NAMES}

_REGION: Final = re.compile("1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9.")
"""Of the first two digits; 9 is that of foreigners who live here for good."""
_IGNORED: Final = re.compile(r"[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff'`´’‘\"“”\-‐-―−·.]")
_DIGITS_18: Final = re.compile(r"[0-9]{17}[0-9X]")
_DIGITS_15: Final = re.compile(r"[0-9]{15}")
_LOOKS_LIKE_ANOTHER: Final = re.compile(r"[A-Z]{1,3}[0-9]{5,12}|[0-9]{8}(?:[0-9]{2}[A-Z]?)?")
_HONG_KONG: Final = re.compile(r"([HM][0-9]{8})(?:[0-9]{2})?")
_TAIWAN: Final = re.compile(r"([0-9]{8})(?:[0-9]{2}(?:\(?[A-Z]\)?)?)?")
_PASSPORT: Final = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,20}")
YOUNGEST_YEARS, OLDEST_YEARS = 3, 20


@dataclass(frozen=True, slots=True)
class Document:
    """A document number in canonical form."""

    type: DocumentType
    number: str = field(repr=False)

    @property
    def key(self) -> str:
        """One text for one person. Numbers of GB 11643 are never given twice, whatever they stand on."""
        if self.type in (DocumentType.IDENTITY_CARD, DocumentType.RESIDENCE_PERMIT):
            return self.number
        return f"{self.type}:{self.number}"


@dataclass(frozen=True, slots=True)
class ReadNumber:
    """What stands in a cell as a number: `wrong` says why it is none; `doubts` do not stand in its way."""

    document: Document | None
    wrong: Kind | None = None
    doubts: tuple[Kind, ...] = ()


def document_type(cell: str) -> DocumentType | None:
    """None: no type that is known. An empty cell means the resident ID card."""
    plain = re.sub(r"\([^()]*\)|[\s\u200b-\u200f\ufeff]", "", unicodedata.normalize("NFKC", cell)).lower()
    return _TYPES.get(plain)


def read_number(cell: str, type_: DocumentType, today: date) -> ReadNumber:
    """The number in canonical form, by the rules of its document. `cell` is not empty."""
    plain = _IGNORED.sub("", unicodedata.normalize("NFKC", cell)).upper()
    return _READERS[type_](plain, today)


def with_18_digits(number: str) -> str:
    """A number of 15 digits (until 1999) as one of 18: the century and the check digit are added."""
    body = f"{number[:6]}19{number[6:]}"
    return body + str(mod_11_2.calc_check_digit(body))


def _identity_card(plain: str, today: date) -> ReadNumber:
    doubts: tuple[Kind, ...] = ()
    if _DIGITS_15.fullmatch(plain):
        plain, doubts = with_18_digits(plain), (Kind.FIFTEEN,)
    if not _DIGITS_18.fullmatch(plain):
        if _LOOKS_LIKE_ANOTHER.fullmatch(plain):
            return ReadNumber(None, Kind.NUMBER_OF_ANOTHER)
        right_length = len(plain) == 18 or not re.fullmatch("[0-9]*X?", plain)
        return ReadNumber(None, Kind.NUMBER_SIGNS if right_length else Kind.NUMBER_LENGTH)
    return _of_18_digits(plain, DocumentType.IDENTITY_CARD, doubts, today)


def _of_18_digits(plain: str, type_: DocumentType, doubts: tuple[Kind, ...], today: date) -> ReadNumber:
    if not mod_11_2.is_valid(plain):
        return ReadNumber(None, Kind.CHECK_DIGIT_ZEROS if plain.endswith("000") else Kind.CHECK_DIGIT)
    try:
        born = date(int(plain[6:10]), int(plain[10:12]), int(plain[12:14]))
    except ValueError:
        return ReadNumber(None, Kind.BIRTH_DATE)
    if born > today:
        return ReadNumber(None, Kind.BIRTH_FUTURE)
    if not _REGION.fullmatch(plain[:2]):
        doubts = (*doubts, Kind.REGION)
    if not YOUNGEST_YEARS <= _age(born, today) <= OLDEST_YEARS:
        doubts = (*doubts, Kind.AGE)
    return ReadNumber(Document(type_, plain), None, doubts)


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _residence_permit(plain: str, today: date) -> ReadNumber:
    if not _DIGITS_18.fullmatch(plain) or not plain.startswith(("81", "82", "83")):
        return ReadNumber(None, Kind.RESIDENCE_FORM)
    return _of_18_digits(plain, DocumentType.RESIDENCE_PERMIT, (), today)


def _hong_kong_macao(plain: str, _today: date) -> ReadNumber:
    # the two digits behind the number of the holder count how often the older permit was issued
    found = _HONG_KONG.fullmatch(plain)
    if found is None:
        return ReadNumber(None, Kind.HONG_KONG_FORM)
    return ReadNumber(Document(DocumentType.HONG_KONG_MACAO_PERMIT, found[1]))


def _taiwan(plain: str, _today: date) -> ReadNumber:
    # the same, and a letter for where it was issued
    found = _TAIWAN.fullmatch(plain)
    if found is None:
        return ReadNumber(None, Kind.TAIWAN_FORM)
    return ReadNumber(Document(DocumentType.TAIWAN_PERMIT, found[1]))


def _passport(plain: str, _today: date) -> ReadNumber:
    if not _PASSPORT.fullmatch(plain):
        return ReadNumber(None, Kind.PASSPORT_FORM)
    return ReadNumber(Document(DocumentType.PASSPORT, plain))


_READERS: Final[Mapping[DocumentType, Callable[[str, date], ReadNumber]]] = {
    DocumentType.IDENTITY_CARD: _identity_card,
    DocumentType.RESIDENCE_PERMIT: _residence_permit,
    DocumentType.HONG_KONG_MACAO_PERMIT: _hong_kong_macao,
    DocumentType.TAIWAN_PERMIT: _taiwan,
    DocumentType.PASSPORT: _passport,
}
