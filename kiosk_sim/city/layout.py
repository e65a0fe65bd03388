"""Lays a city out under its folder: certificates, settings, and for each library the CSV files of its books and
cards. Nothing is started, no database is touched.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from argon2 import PasswordHasher

from kiosk_sim.city.city import Branch, City
from kiosk_sim.city.settings_files import federation_toml, node_toml

ITEM_COLUMNS = (
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
CARD_COLUMNS = ("card", "pin", "name", "category", "expires_on")

# A demo's passwords stand in world.json in clear: a costly hash would only make the city start later.
_HASHER = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)


class NotEmpty(ValueError):
    """The folder for the city holds something already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is not empty")
        self.folder = folder


def require_empty(folder: Path) -> None:
    """Raise `NotEmpty` if the folder exists and holds anything, or is a file."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotEmpty(folder)


def write_settings(city: City) -> None:
    """federation.toml, and node.toml, items.csv, cards.csv of each library."""
    city.root.mkdir(parents=True, exist_ok=True)
    _write(city.root / "federation.toml", federation_toml(city))
    for branch in city.branches:
        folder = branch.folder(city.root)
        folder.mkdir()
        _write(branch.config(city.root), node_toml(branch, _HASHER.hash, city.language))
        _write_csv(items_csv(city, branch), ITEM_COLUMNS, _item_rows(branch))
        _write_csv(cards_csv(city, branch), CARD_COLUMNS, _card_rows(branch))


def items_csv(city: City, branch: Branch) -> Path:
    return branch.folder(city.root) / "items.csv"


def cards_csv(city: City, branch: Branch) -> Path:
    return branch.folder(city.root) / "cards.csv"


def _item_rows(branch: Branch) -> Iterable[Sequence[object]]:
    for i in branch.items:
        yield (
            *(i.barcode, i.title, i.author, i.isbn, i.call_number, i.item_type, i.location),
            int(i.foreign),
            i.price_fen,
        )


def _card_rows(branch: Branch) -> Iterable[Sequence[object]]:
    for r in branch.readers:
        yield (r.card, r.pin, r.name, r.category, r.expires_on)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
