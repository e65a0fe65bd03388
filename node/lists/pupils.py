"""One row of a list as a pupil, or what is wrong with it.

Promises: the consent is looked at first. Of a row without it nothing else is read, and nothing is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from node.lists.damage import FORMULA_FAILED, NO_NUMBERS, NO_VALUES, SHORTENED
from node.lists.documents import Document, DocumentType, document_type, read_number
from node.lists.names import read_name, unprintable
from node.lists.phones import read_phone
from node.lists.remarks import Column, Kind, Remark

__all__ = ["EXAMPLE_NAME", "EXAMPLE_NUMBER", "RELATIONS", "Checked", "Pupil", "check_row", "is_example"]

EXAMPLE_NUMBER: Final = "11010519491231002X"
"""Of the example in GB 11643. The template shows it, and it is never taken."""
EXAMPLE_NAME: Final = "示例：张小雨"

RELATIONS: Final = ("父亲", "母亲", "祖父", "祖母", "外祖父", "外祖母", "其他")
_RELATIONS: Final[Mapping[str, str]] = {
    **{each: each for each in RELATIONS},
    **dict.fromkeys(("爸爸", "父", "父子", "父女", "爸"), "父亲"),
    **dict.fromkeys(("妈妈", "母", "母子", "母女", "妈"), "母亲"),
    **dict.fromkeys(("爷爷",), "祖父"),
    **dict.fromkeys(("奶奶",), "祖母"),
    **dict.fromkeys(("外公", "姥爷"), "外祖父"),
    **dict.fromkeys(("外婆", "姥姥"), "外祖母"),
    **dict.fromkeys(
        ("其它", "亲属", "监护人", "养父", "养母", "继父", "继母", "叔叔", "姑姑", "舅舅", "哥哥", "姐姐"), "其他"
    ),
}
_YES: Final = frozenset(("是", "同意", "已同意", "是的", "√", "✓", "✔", "☑", "y", "yes", "1", "true"))
_NO: Final = frozenset(("否", "不同意", "不", "未同意", "不是", "×", "✗", "✘", "☒", "x", "n", "no", "0", "false"))
_EXAMPLE: Final = re.compile(
    "(?:[(【\\[]?(?:示例|样例|范例|举例|例如|例)[)】\\]]?[:：]|[(【\\[](?:示例|样例|范例|例)[)】\\]]|示例)"
)
_LONGEST: Final = 120
"""Characters of a cell that is looked at at all."""


@dataclass(frozen=True, slots=True)
class Pupil:
    """A row that was taken, in canonical form. `row` is the number that the sheet shows."""

    row: int
    name: str = field(repr=False)
    document: Document
    phone: str = field(repr=False)
    guardian: str = field(default="", repr=False)
    relation: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a row: a pupil, or the reasons why not. `doubts` stand beside a pupil."""

    pupil: Pupil | None
    wrong: tuple[Remark, ...] = ()
    doubts: tuple[Remark, ...] = ()

    @property
    def without_consent(self) -> bool:
        """Or the consent can't be read, which is the same."""
        return self.pupil is None and self.wrong[0].column is Column.CONSENT


def is_example(values: Mapping[Column, str]) -> bool:
    """The example of the template as it stood there."""
    return _has_example_name(values) and _has_example_number(values)


def _has_example_name(values: Mapping[Column, str]) -> bool:
    return _EXAMPLE.match(values.get(Column.NAME, "").strip()) is not None


def _has_example_number(values: Mapping[Column, str]) -> bool:
    return unicodedata.normalize("NFKC", values.get(Column.NUMBER, "")).strip().upper() == EXAMPLE_NUMBER


def check_row(row: int, values: Mapping[Column, str], faults: Mapping[Column, Kind], today: date) -> Checked:
    """`faults`: what is wrong with a cell whatever stands in it, such as a formula."""
    consent = faults.get(Column.CONSENT) or _consent(values.get(Column.CONSENT, ""))
    if consent is not None:
        return Checked(None, (Remark(consent, Column.CONSENT),))
    return _Row(row, values, faults, today).checked()


def _consent(cell: str) -> Kind | None:
    """None: the guardian agrees. Nothing else means yes."""
    if cell in _YES:
        return None
    word = unicodedata.normalize("NFKC", cell).strip().strip(".。!").lower()
    if word in _YES:
        return None
    if not word or word in NO_NUMBERS or cell.strip() in NO_VALUES:
        return Kind.CONSENT_EMPTY
    return Kind.CONSENT_NO if word in _NO else Kind.CONSENT_UNCLEAR


class _Row:
    """One row with consent, read cell by cell."""

    def __init__(self, row: int, values: Mapping[Column, str], faults: Mapping[Column, Kind], today: date) -> None:
        self._row = row
        self._values = values
        self._faults = faults
        self._today = today
        self._wrong: list[Remark] = []
        self._doubts: list[Remark] = []

    def checked(self) -> Checked:
        if _has_example_name(self._values) or _has_example_number(self._values):
            return Checked(None, (Remark(Kind.EXAMPLE_LEFT),))
        name, document, phone = self._name(), self._document(), self._phone()
        guardian, relation = self._guardian(), self._relation()
        if self._wrong or document is None:
            return Checked(None, tuple(self._wrong))
        return Checked(Pupil(self._row, name, document, phone, guardian, relation), (), tuple(self._doubts))

    def _cell(self, column: Column) -> str:
        """What stands there; "" with a remark where it is nothing or can't be what it seems."""
        value = self._values.get(column, "").strip()
        wrong = self._faults.get(column) or _damage(value, number=column in (Column.NUMBER, Column.PHONE))
        if wrong is not None:
            self._refuse(wrong, column)
            return ""
        return value

    def _refuse(self, kind: Kind, column: Column) -> None:
        self._wrong.append(Remark(kind, column))

    def _doubt(self, kinds: tuple[Kind, ...], column: Column) -> None:
        self._doubts.extend(Remark(kind, column) for kind in kinds)

    def _name(self) -> str:
        if not (cell := self._cell(Column.NAME)):
            return ""
        read = read_name(cell)
        if read.wrong is not None:
            self._refuse(read.wrong, Column.NAME)
        self._doubt(read.doubts, Column.NAME)
        return read.name

    def _document(self) -> Document | None:
        type_ = self._document_type()
        cell = self._cell(Column.NUMBER)
        if not cell or type_ is None:
            return None
        read = read_number(cell, type_, self._today)
        if read.wrong is not None:
            self._refuse(read.wrong, Column.NUMBER)
        self._doubt(read.doubts, Column.NUMBER)
        return read.document

    def _document_type(self) -> DocumentType | None:
        cell = self._values.get(Column.DOCUMENT, "").strip()
        wrong = self._faults.get(Column.DOCUMENT)
        type_ = document_type("" if cell in NO_VALUES else cell) if wrong is None else None
        if type_ is None:
            self._refuse(wrong or Kind.DOCUMENT_UNKNOWN, Column.DOCUMENT)
        return type_

    def _phone(self) -> str:
        if not (cell := self._cell(Column.PHONE)):
            return ""
        read = read_phone(cell)
        if read.wrong is not None:
            self._refuse(read.wrong, Column.PHONE)
        self._doubt(read.doubts, Column.PHONE)
        return read.phone

    def _guardian(self) -> str:
        cell = self._optional(Column.GUARDIAN)
        if cell is None or (cell and (read := read_name(cell)).wrong is not None):
            self._doubt((Kind.GUARDIAN_LEFT_OUT,), Column.GUARDIAN)
            return ""
        return read.name if cell else ""

    def _relation(self) -> str:
        cell = self._optional(Column.RELATION)
        if cell == "":
            return ""
        relation = _RELATIONS.get("".join(unicodedata.normalize("NFKC", cell or "").split()), "")
        if not relation:
            self._doubt((Kind.RELATION_LEFT_OUT,), Column.RELATION)
        return relation

    def _optional(self, column: Column) -> str | None:
        """None where something stands that can't be what it seems."""
        cell = self._values.get(column, "").strip()
        if cell in NO_VALUES and column not in self._faults:
            return ""
        return None if column in self._faults or (cell and _damage(cell, number=False)) else cell


def _damage(value: str, *, number: bool) -> Kind | None:
    """What is wrong with a cell that must hold something, before its meaning is asked."""
    if not value or value in NO_VALUES or (number and value.lower() in NO_NUMBERS):
        return Kind.EMPTY
    if len(value) > _LONGEST:
        return Kind.TOO_LONG
    if value.isalnum() and "e" not in value.lower():
        return None
    if FORMULA_FAILED.fullmatch(value):
        return Kind.FORMULA_FAILED
    if value.startswith(("=", "＝")):
        return Kind.FORMULA
    if number and SHORTENED.fullmatch(unicodedata.normalize("NFKC", value)):
        return Kind.SHORTENED
    # several phones may stand in several lines of one cell
    if unprintable(value if not number else re.sub(r"[\r\n\t]", " ", value)):
        return Kind.CONTROL
    return None
