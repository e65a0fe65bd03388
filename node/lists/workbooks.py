"""XLSX and XLS as tables: looked over by `xlsx_facts` and `xls_facts`, then read apart (`apart.py`).

Promises: no formula is computed, no macro run, no link followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from node.lists.apart import rows_of, sheets_of
from node.lists.limits import SHEET_CELLS
from node.lists.refusals import CannotRead, Why
from node.lists.tables import Facts, SheetRow, Table
from node.lists.xls_facts import xls_facts
from node.lists.xlsx_facts import xlsx_facts

__all__ = ["xls_tables", "xlsx_tables"]


def xlsx_tables(path: Path) -> list[Table]:
    """The sheets of the workbook. Errors: CannotRead."""
    facts = xlsx_facts(path)
    if any(each.rows * each.columns > SHEET_CELLS for each in facts.values()):
        raise CannotRead(Why.TOO_MANY_CELLS)
    return [_table(path, name, hidden, facts[name]) for name, hidden in sheets_of(path) if name in facts]


def xls_tables(path: Path) -> list[Table]:
    """The same of an XLS. Its reader builds all sheets at once, so they share the limit."""
    facts = xls_facts(path)
    if sum(each.rows * each.columns for each in facts) > SHEET_CELLS:
        raise CannotRead(Why.TOO_MANY_CELLS)
    sheets = sheets_of(path)
    if len(sheets) != len(facts) or len({name for name, _hidden in sheets}) != len(sheets):
        raise CannotRead(Why.DAMAGED)
    return [_table(path, name, hidden, each) for (name, hidden), each in zip(sheets, facts, strict=True)]


def _table(path: Path, name: str, hidden: bool, facts: Facts) -> Table:
    return Table(name, lambda: _rows(path, name, facts), hidden, facts.merged_from)


def _rows(path: Path, name: str, facts: Facts) -> Iterator[SheetRow]:
    number = 0
    # an empty sheet is not worth a process
    for number, texts in enumerate(rows_of(path, name) if facts.rows else (), 1):
        yield _row(number, texts, facts)
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
