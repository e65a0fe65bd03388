"""`tongjie cards`: readers' cards of this library: ready ones of an older system, and lists of schools.

Promises: a name, a PIN and a whole card number are neither printed nor reported nor logged; of a PIN only its hash
is kept.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from argon2 import PasswordHasher

from federation.directory import Directory
from node.commands.csv_rows import Cells, CsvRow, Encoding
from node.commands.importing import Import, Importing, importing_options, progress, settings_of, summary
from node.commands.language import Language, language_in, said
from node.commands.school_lists import check_list, template
from node.domain.calendar import SHANGHAI
from node.domain.rules import ANY_TYPE, DEFAULT_CATEGORY, RuleBook
from node.storage.home.cards import NewCard
from node.storage.imports import claim_database, import_cards, known_cards
from node.storage.opening import database_path, prepare_database

__all__ = ["COLUMNS", "FAST_HASHER", "PIN_HASHER", "CardDraft", "CardReader", "command", "new_cards"]

COLUMNS: Final = ("card", "pin", "name", "category", "expires_on")

# argon2id; a PIN is checked while a reader waits, and many readers may wait at once (OWASP's second choice)
PIN_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# for a demo, whose PINs stand in a file anyway
FAST_HASHER: Final = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)

_PIN: Final = re.compile(r"[!-{}~]{4,32}")
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class CardDraft:
    """One row of the file; `pin` None for a card without one."""

    card: str = field(repr=False)
    pin: str | None = field(repr=False)
    name: str = field(repr=False)
    category: str
    expires_on: date | None


@click.group()
def command() -> None:
    """Readers' cards of this library: import, lists of schools."""


command.add_command(template)
command.add_command(check_list)


@command.command("import-legacy")
@importing_options
@click.option("--fast-hash", is_flag=True, hidden=True, help="Cheap hashes of PINs, for a demo.")
def import_legacy(
    *,
    file: Path,
    config: Path,
    lang: Language,
    encoding: Encoding,
    refused_file: Path | None,
    all_or_nothing: bool,
    fast_hash: bool,
) -> None:
    """Add the cards of FILE, ready ones of an older system, all in one transaction.

    FILE is CSV; its first line names the columns, in any order: card, pin (may be empty), name, category, expires_on
    (the last day, as 2027-08-31; may be empty). The limits of a card are those of its category today.

    A row that can't be taken is refused and reported, with its line and what to do; the report holds no name, no PIN
    and no whole card number. A card that is there already is refused. Exit status: 0 if every row was taken, 1 if
    some were refused, 2 if nothing could be imported. May run beside the node.
    """
    settings = settings_of(config)
    database = database_path(settings.database)
    today = datetime.now(SHANGHAI).date()  # noqa: TID251 - a command line is where the clock enters
    with progress(file, lang) as tell:
        prepare_database(database)
        claim_database(database, settings.library, os.urandom)
        city = settings.city
        read = CardReader(city.directory, settings.library, city.rule_book, known_cards(database))
        what = Import(
            file=file,
            encoding=encoding,
            refused_file=refused_file or file.with_suffix(".refused.csv"),
            all_or_nothing=all_or_nothing,
            language=lang,
            columns=COLUMNS,
            key="card",
            read=read,
            private=True,
            masked=_masked,
        )
        run = Importing(what, tell)
        hasher = FAST_HASHER if fast_hash else PIN_HASHER
        report = import_cards(database, new_cards(run.good_rows(), city.rule_book, today, os.urandom, hasher.hash))
    summary(f"{report.new} cards added", run)


@command.command("import", hidden=True)
@importing_options
@click.option("--fast-hash", is_flag=True, hidden=True)
@click.pass_context
def import_(context: click.Context, /, **options: Any) -> None:
    """The name of `import-legacy` before there were lists of schools."""
    hint = "`tongjie cards import` is called `tongjie cards import-legacy` now; use that name"
    click.echo(said(hint, language_in(context)), err=True)
    context.invoke(import_legacy, **options)


class CardReader:
    """Reads one row of COLUMNS as a card of `library`; `known` are the cards that are there already."""

    def __init__(self, directory: Directory, library: str, rules: RuleBook, known: Collection[str]) -> None:
        self._directory = directory
        self._library = library
        self._known = known
        self._categories = sorted({DEFAULT_CATEGORY, *(rule.category for rule in rules.rules)})

    def __call__(self, cells: Cells) -> CardDraft:
        return CardDraft(
            card=self._card(cells),
            pin=_pin(cells),
            name=cells.text("name", 60),
            category=cells.choice("category", self._categories),
            expires_on=cells.day("expires_on"),
        )

    def _card(self, cells: Cells) -> str:
        card = cells.number_text("card", 40)
        if card in self._known:
            cells.refuse("card", "is there already; remove the row")
        elif card and self._directory.home_of(card) != self._library:
            why = f"has no prefix of {self._library}; correct it, or `card_prefixes` in federation.toml"
            cells.refuse("card", why)
        return card


def _pin(cells: Cells) -> str | None:
    pin = cells.secret("pin")
    if pin and not _PIN.fullmatch(pin):
        cells.refuse("pin", "must be of 4 to 32 letters, digits or signs, without | and space; or leave it empty")
    return pin or None


def _masked(row: CsvRow) -> dict[str, str]:
    """What a report may hold of a card: enough to recognise it beside its line. The other cells may be names or
    PINs that slipped into the wrong column."""
    card = row.values.get("card", "").strip()
    known_shape = card.isascii() and len(card) > 10 and row.fault is None
    return {"card": f"{card[:4]}{'*' * (len(card) - 7)}{card[-3:]}" if known_shape else ""}


def new_cards(
    drafts: Iterable[CardDraft],
    rules: RuleBook,
    on: date,
    random_bytes: Callable[[int], bytes],
    hash_pin: Callable[[str], str],
) -> Iterator[NewCard]:
    """The rows of new cards: limits of the category on the day `on`, a reader reference that tells nothing, the PIN
    hashed (on all processors: a hash is slow on purpose)."""
    remaining = iter(drafts)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        while batch := list(islice(remaining, _BATCH)):
            hashes = threads.map(lambda draft: draft.pin and hash_pin(draft.pin), batch)
            for draft, pin_hash in zip(batch, hashes, strict=True):
                rule = rules.rule_for(draft.category, ANY_TYPE, on)
                yield NewCard(
                    card=draft.card,
                    reader=uuid.UUID(bytes=random_bytes(16), version=4).hex,
                    name=draft.name,
                    category=draft.category,
                    expires_on=draft.expires_on,
                    pin_hash=pin_hash,
                    max_loans=rule.max_loans,
                    max_foreign=rule.max_foreign_loans,
                )
