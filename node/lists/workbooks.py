"""XLSX and XLS as tables, read by python-calamine after `xlsx_facts` and `xls_facts` have looked them over.

Promises: no formula is computed, no macro run, no link followed. What a spreadsheet keeps as a quantity with more
than 15 digits comes out as a shortened number, because the rest of it is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Final, TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from node.lists.limits import SHEET_CELLS
from node.lists.refusals import CannotRead, Why
from node.lists.tables import Facts, SheetRow, Table
from node.lists.xls_facts import xls_facts
from node.lists.xlsx_facts import xlsx_facts

__all__ = ["xls_tables", "xlsx_tables"]

Value: TypeAlias = str | float | int | bool | date | datetime | time | timedelta

_EXACT: Final = 10**15
"""Spreadsheets keep 15 digits of a quantity."""


def xlsx_tables(path: Path) -> list[Table]:
    """The sheets of the workbook. Errors: CannotRead."""
    facts = xlsx_facts(path)
    if any(each.rows * each.columns > SHEET_CELLS for each in facts.values()):
        raise CannotRead(Why.TOO_MANY_CELLS)
    return [_table(path, name, hidden, facts[name]) for name, hidden in _sheets(path) if name in facts]


def xls_tables(path: Path) -> list[Table]:
    """The same of an XLS. Its reader builds all sheets at once, so they share the limit."""
    facts = xls_facts(path)
    if sum(each.rows * each.columns for each in facts) > SHEET_CELLS:
        raise CannotRead(Why.TOO_MANY_CELLS)
    sheets = _sheets(path)
    if len(sheets) != len(facts):
        raise CannotRead(Why.DAMAGED)
    return [_table(path, name, hidden, each) for (name, hidden), each in zip(sheets, facts, strict=True)]


def _sheets(path: Path) -> list[tuple[str, bool]]:
    with _opened(path) as workbook:
        found = workbook.sheets_metadata
        return [
            (each.name, each.visible != SheetVisibleEnum.Visible or each.typ != SheetTypeEnum.WorkSheet)
            for each in found
        ]


def _opened(path: Path) -> CalamineWorkbook:
    try:
        # by path it would go by the ending of the name
        return CalamineWorkbook.from_filelike(BytesIO(path.read_bytes()))
    except (CalamineError, OSError, ValueError) as error:
        raise CannotRead(Why.DAMAGED) from error
    except BaseException as error:
        raise _of_a_panic(error) from error


def _of_a_panic(error: BaseException) -> BaseException:
    """Where the reader's own code gives up, it is no `Exception`; Ctrl-C is none either."""
    return CannotRead(Why.DAMAGED) if type(error).__name__ == "PanicException" else error


def _table(path: Path, name: str, hidden: bool, facts: Facts) -> Table:
    return Table(name, lambda: _rows(path, name, facts), hidden, facts.merged_from)


def _rows(path: Path, name: str, facts: Facts) -> Iterator[SheetRow]:
    with _opened(path) as workbook:
        try:
            sheet = workbook.get_sheet_by_name(name)
            before = [""] * (sheet.start[1] if sheet.start else 0)
            values = sheet.iter_rows()
        except (CalamineError, OSError, ValueError) as error:
            raise CannotRead(Why.DAMAGED) from error
        except BaseException as error:
            raise _of_a_panic(error) from error
        number = 0
        for number, row in enumerate(values, 1):
            yield _row(number, _texts(before, row), facts)
        # a reader ends at the last value; formulas that nobody has computed have none
        for below in sorted(each for each in facts.formulas if each > number):
            yield _row(below, [], facts)


def _row(number: int, texts: list[str], facts: Facts) -> SheetRow:
    return SheetRow(
        number,
        texts,
        facts.formulas.get(number, 0),
        facts.blank_formulas.get(number, 0),
        facts.errors.get(number, 0),
        facts.merged.get(number, 0),
        number in facts.hidden,
    )


def _texts(before: Sequence[str], row: Sequence[Value]) -> list[str]:
    return [*before, *(each if type(each) is str else _text(each) for each in row)]


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if abs(value) >= _EXACT:
            return f"{value:.14E}"
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)
