"""`tongjie items`: the items of this library, from a CSV file (design 10)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import click
from stdnum import isbn, issn
from stdnum.exceptions import ValidationError

from federation.directory import Directory
from node.commands.checks import about_uncovered
from node.commands.csv_rows import Cells, Encoding
from node.commands.importing import Import, Importing, importing_options, progress, settings_of, summary
from node.commands.language import Language
from node.storage.imports import NewItem, claim_database, import_items
from node.storage.opening import database_path, prepare_database

__all__ = ["COLUMNS", "ITEM_TYPES", "command", "item_reader"]

COLUMNS: Final = (
    "barcode",
    "title",
    "author",
    "isbn",
    "call_number",
    "item_type",
    "location",
    "foreign",
    "price_fen",
)
ITEM_TYPES: Final = ("book", "picture_book", "periodical", "audiovisual", "reference", "rare")
_DEAREST_FEN: Final = 100_000_000


@click.group()
def command() -> None:
    """Items of this library: import."""


@command.command("import")
@importing_options
def import_(
    *,
    file: Path,
    config: Path,
    lang: Language,
    encoding: Encoding,
    refused_file: Path | None,
    all_or_nothing: bool,
) -> None:
    """Add the items of FILE, and bring those whose barcode is there up to date, all in one transaction.

    FILE is CSV; its first line names the columns, in any order: barcode, title, author, isbn, call_number, item_type
    (book, picture_book, periodical, audiovisual, reference, rare), location, foreign (1 or 0), price_fen.

    A row that can't be taken is refused and reported, with its line and what to do. An item whose ISBN is none is
    taken without it, and reported too. Exit status: 0 if every row was taken, 1 if some were refused, 2 if nothing
    could be imported. May run beside the node.
    """
    settings = settings_of(config)
    database = database_path(settings.database)
    directory = settings.city.directory
    uncovered = Uncovered(directory)
    what = Import(
        file=file,
        encoding=encoding,
        refused_file=refused_file or file.with_suffix(".refused.csv"),
        all_or_nothing=all_or_nothing,
        language=lang,
        columns=COLUMNS,
        key="barcode",
        read=item_reader(directory, settings.library),
    )
    with progress(file, lang) as tell:
        run = Importing(what, tell)
        prepare_database(database)
        claim_database(database, settings.library, os.urandom)
        report = import_items(database, uncovered.seen_in(run.good_rows()))
    done = f"{report.new} items added, {report.changed} changed, {report.unchanged} unchanged"
    summary(done, run, uncovered.advice())


class Uncovered:
    """The barcodes of what is imported that no prefix gives to one library alone."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._number = 0
        self._example = ""

    def seen_in(self, items: Iterable[NewItem]) -> Iterator[NewItem]:
        """The same items."""
        for item in items:
            if len(self._directory.owners_of(item.barcode)) != 1:
                self._number += 1
                self._example = self._example or item.barcode
            yield item

    def advice(self) -> str:
        """What to do about them; "" if there is nothing to do."""
        return about_uncovered(self._number, self._example) if self._number else ""


def item_reader(directory: Directory, library: str) -> Callable[[Cells], NewItem]:
    """Reads one row of COLUMNS as an item of `library`."""

    def read(cells: Cells) -> NewItem:
        item_type = cells.choice("item_type", ITEM_TYPES)
        return NewItem(
            barcode=_barcode(cells, directory, library),
            title=cells.text("title", 300, required=True),
            author=cells.text("author", 200),
            isbn=_standard_number(cells, item_type),
            call_number=cells.text("call_number", 100),
            item_type=item_type,
            location=cells.text("location", 100),
            foreign=cells.flag("foreign"),
            price_fen=cells.whole_number("price_fen", _DEAREST_FEN, "fen"),
        )

    return read


def _barcode(cells: Cells, directory: Directory, library: str) -> str:
    """Without an institution code in front of it, as it is stored and asked for."""
    number = directory.item_number(cells.number_text("barcode", 40))
    owners = directory.owners_of(number.text)
    if number.wrong or number.library not in ("", library):
        cells.refuse("barcode", "its institution code is not that of this library; correct it, or `isil`")
    elif owners and library not in owners:
        # such an item would be looked for at the other library
        whose = " and ".join(owners)
        cells.refuse("barcode", f"its prefix is one of {whose}; correct it, or `item_prefixes` in federation.toml")
    return number.text


def _standard_number(cells: Cells, item_type: str) -> str:
    """The ISBN (of a periodical also the ISSN) without hyphens; "" and a remark if it is none, as old books have it:
    a wrong check digit, a binding behind it, a 统一书号. The item is lent by its barcode."""
    written = cells.text("isbn", 30)
    if not written:
        return ""
    try:
        if item_type == "periodical" and issn.is_valid(written):
            return issn.compact(written)
        return isbn.validate(written)
    except ValidationError as error:
        cells.remark("isbn", f"is no ISBN ({str(error).rstrip('.')}); the item is taken without it")
        return ""
