"""`tongjie cards template` and `cards check-list`: lists of pupils as schools send them, read and checked.

Promises: nothing is stored and no database is asked. What is printed names rows and columns, never what stands in a
cell. A file that is there already is not replaced.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from node.commands.importing import SOME_REFUSED, CannotImport
from node.commands.language import Language, lang_option, said
from node.domain.calendar import SHANGHAI
from node.lists.marking import write_marked
from node.lists.reading import ReadList, read_list
from node.lists.refusals import ListRefused, refusal_sentence
from node.lists.remarks import Remark, sentence
from node.lists.template import write_template

__all__ = ["check_list", "template"]

_SHOWN: Final = 20
_PATH: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@lang_option("zh")
@click.argument("out", type=_PATH)
def template(*, out: Path, lang: Language) -> None:
    """Write the template for a school's list to OUT (.xlsx). It is in Chinese."""
    _refuse_to_replace(out)
    try:
        write_template(out)
    except OSError as error:
        raise CannotImport(f"{out}: can't be written ({error.strerror}); name another file") from None
    click.echo(said(f"{out} written", lang))


@click.command("check-list")
@click.option("--out", type=_PATH, help="Write the list with a column that says what is wrong in each row (.xlsx).")
@click.option("--sheet", help="The sheet to read, where several are lists.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: what became of the list and of its rows.")
@lang_option("zh")
@click.argument("file", metavar="LIST", type=_PATH)
def check_list(*, file: Path, out: Path | None, sheet: str | None, as_json: bool, lang: Language) -> None:
    """Read a school's LIST and say what is wrong in each row. Nothing is stored.

    LIST is XLSX, XLS or CSV (UTF-8, UTF-16, GB18030). Columns are found by their names; `cards template` makes a list
    to fill in. A row without the guardian's consent is not read.

    Exit status: 0 if every row can be taken, 1 if some can't, 2 if the list can't be read.
    """
    if out is not None:
        _refuse_to_replace(out)
    today = datetime.now(SHANGHAI).date()  # noqa: TID251 - a command line is where the clock enters
    checked = read_list(file, today=today, known=lambda _numbers: (), tell=lambda _rows: None, sheet=sheet)
    if isinstance(checked, ListRefused):
        _tell_refused(file, checked, lang, as_json=as_json)
        raise click.exceptions.Exit(CannotImport.exit_code)
    if out is not None:
        _write_marked(checked, out)
    click.echo(json.dumps(_object_of(checked, lang), ensure_ascii=False) if as_json else _text_of(file, checked, lang))
    if out is not None and not as_json:
        click.echo(said(f"{out} written", lang))
    if checked.refused:
        raise click.exceptions.Exit(SOME_REFUSED)


def _refuse_to_replace(out: Path) -> None:
    if out.suffix.lower() != ".xlsx":
        raise CannotImport(f"{out}: must end in .xlsx; name another file")
    if out.exists():
        raise CannotImport(f"{out}: is there already; name another file")


def _write_marked(checked: ReadList, out: Path) -> None:
    try:
        write_marked(checked, out)
    except OSError as error:
        raise CannotImport(f"{out}: can't be written ({error.strerror}); name another file") from None


def _tell_refused(file: Path, refused: ListRefused, lang: Language, *, as_json: bool) -> None:
    text = refusal_sentence(refused, lang)
    if as_json:
        click.echo(json.dumps({"ok": False, "why": refused.why, "text": text}, ensure_ascii=False))
    else:
        click.echo(f"{file}：{text}。" if lang == "zh" else f"{file}: {text}", err=True)


def _text_of(file: Path, checked: ReadList, lang: Language) -> str:
    """The first remarks, and how many rows there are of each kind."""
    lines = [f"{file}:{row}: {text}" for row, text in _remarked(checked, lang)]
    more = [said(f"... and {len(lines) - _SHOWN} more", lang)] if len(lines) > _SHOWN else []
    total = f"{checked.rows} rows: {len(checked.taken)} can be taken, {len(checked.refused)} can't"
    doubtful = [f"{len(checked.doubts)} rows can be taken but should be looked at"] if checked.doubts else []
    hidden = [f"hidden sheet {name} was not read" for name in checked.found.hidden_lists]
    return "\n".join([*lines[:_SHOWN], *more, *(said(each, lang) for each in [*hidden, *doubtful, total])])


def _remarked(checked: ReadList, lang: Language) -> Iterator[tuple[int, str]]:
    for row in sorted({*checked.refused, *checked.doubts}):
        for each in (*checked.refused.get(row, ()), *checked.doubts.get(row, ())):
            yield row, sentence(each, lang)


def _object_of(checked: ReadList, lang: Language) -> dict[str, Any]:
    return {
        "ok": not checked.refused,
        "sheet": checked.found.table.name,
        "rows": checked.rows,
        "taken": len(checked.taken),
        "refused": _objects(checked.refused, lang),
        "doubts": _objects(checked.doubts, lang),
        "examples": list(checked.examples),
        "hidden_lists": list(checked.found.hidden_lists),
    }


def _objects(remarks: Mapping[int, Sequence[Remark]], lang: Language) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "kind": each.kind,
            "column": each.column,
            "other_row": each.other_row,
            "text": sentence(each, lang),
        }
        for row, several in remarks.items()
        for each in several
    ]
