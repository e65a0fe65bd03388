"""`tongjie places`: which library holds which places in the quotas of this library's readers, and freeing one.

Staff use it when a reader does not have what the account says. Promises: a place that was freed stays free, whatever
its owner says later; the owner is told; who freed it and why stands on the list of exceptions. It may run beside the
node. No card number and no name is printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import click

from federation.contract import HoldState
from node.commands.by_staff import (
    LONGEST_BY,
    LONGEST_NOTE,
    asked,
    names_a_reader,
    options,
    settings_of,
    text_of,
    wall_ms,
)
from node.commands.exception_texts import WORDS
from node.commands.language import Language
from node.domain.staff import StaffKind
from node.service.books import Books
from node.settings.library import NodeSettings
from node.storage.beside import read_beside, write_beside
from node.storage.desk.exceptions import close_own
from node.storage.home import cards, claims, holds
from node.storage.meta import known_identity
from node.storage.store import Tx

__all__ = ["command"]

MOST: Final = 1_000
_SAID: Final[dict[Language, dict[str, str]]] = {
    "zh": {
        "loan": "借阅",
        "hold": "预约",
        "off line": "脱机",
        "due": "应还",
        "by owner": "{} 占用 {} 个名额，涉及 {} 位读者",
        "none": "没有占用的名额。",
        "no card": "本馆没有这个卡号。",
        "no place": "没有编号为 {} 的在用名额或预约。",
        "freed": "已释放 {}，将通知 {}。",
    },
    "en": {
        "loan": "loan",
        "hold": "hold",
        "off line": "off line",
        "due": "due",
        "by owner": "{} holds {} places of {} readers",
        "none": "no places are held",
        "no card": "this library has no such card",
        "no place": "no place is held, and no hold is in force, under {}",
        "freed": "freed {}; {} will be told",
    },
}


@dataclass(frozen=True, slots=True)
class _Held:
    """A place or a hold. `number` names it for `free`; `owner` is the library that says so."""

    number: str
    kind: str
    owner: str
    barcode: str
    title: str
    branch: str
    due_on: str
    off_line: bool
    reader: str


@click.group()
def command() -> None:
    """Which library holds which places of this library's readers: list them, free one."""


@command.command("list")
@options
@click.option("--card", help="The places and holds of this card.")
@click.option("--owner", help="The places that this library holds.")
def list_(*, config: Path, lang: Language, as_json: bool, card: str | None, owner: str | None) -> None:
    """What a card has, or what a library holds; without either, how many places each library holds."""
    settings, said = settings_of(config), _SAID[lang]
    if card is None and owner is None:
        _print_counts(asked(read_beside, settings, claims.held_by_owner), lang, as_json)
        return
    found = asked(read_beside, settings, lambda tx: _of_card(tx, card) if card else _of_owner(tx, owner or ""))
    if found is None:
        raise click.ClickException(said["no card"])
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=1))
        return
    click.echo("\n".join(_line(each, said) for each in found) or said["none"])


@command.command()
@options
@click.option("--by", required=True, metavar="NAME", help="Who of the staff frees it: a name or a staff number.")
@click.option("--note", required=True, metavar="TEXT", help="Why. No reader's name, card or telephone.")
@click.argument("number", metavar="ID")
def free(*, config: Path, lang: Language, as_json: bool, by: str, note: str, number: str) -> None:
    """Free the place ID, or end the hold ID, of a reader who does not have it. The owner is told.

    Exit status 1 if no place is held and no hold is in force under that ID.
    """
    words = WORDS[lang]
    by, note = text_of(by, "--by", LONGEST_BY, words), text_of(note, "--note", LONGEST_NOTE, words)
    settings = settings_of(config)
    if names_a_reader(note, settings.city.directory):
        raise click.BadParameter(words.private, param_hint="--note")
    owner = asked(write_beside, settings, lambda tx: _free(tx, settings, number, by, note))
    if owner is None:
        raise click.ClickException(_SAID[lang]["no place"].format(number))
    said = json.dumps({"freed": number, "owner": owner}) if as_json else _SAID[lang]["freed"].format(number, owner)
    click.echo(said)


def _free(tx: Tx, settings: NodeSettings, number: str, by: str, note: str) -> str | None:
    identity = known_identity(tx)
    assert identity is not None, "the database was checked when it was opened"
    books = Books(
        settings.library,
        identity.epoch,
        settings.city.rule_book,
        wall_ms,
        ahead_ms=lambda *_: None,
        owners_of=settings.city.directory.owners_of,
    )
    owner = books.home.free(tx, number)
    if owner is not None:
        close_own(tx, number, StaffKind.PLACE_FREED, at_ms=wall_ms(), by=by, note=note)
    return owner


def _of_card(tx: Tx, number: str) -> list[_Held] | None:
    card = cards.find_card(tx, number)
    if card is None:
        return None
    return [*_places(cards.held_places(tx, card.reader)), *_holds(holds.mirrored_holds(tx, card.reader))]


def _of_owner(tx: Tx, owner: str) -> list[_Held]:
    return list(_places(claims.held_of_owner(tx, owner, MOST)))


def _places(rows: Sequence[cards.PlaceRow]) -> Iterator[_Held]:
    for row in rows:
        due_on = "" if row.due_on is None else row.due_on.isoformat()
        yield _Held(
            number=row.op,
            kind="loan",
            owner=row.owner,
            barcode=row.barcode,
            title=row.title,
            branch=row.branch,
            due_on=due_on,
            off_line=row.forced,
            reader=row.reader or "",
        )


def _holds(rows: Sequence[holds.HoldMirrorRow]) -> Iterator[_Held]:
    for row in rows:
        branch = row.pickup if row.state == HoldState.READY else ""
        yield _Held(row.hold, "hold", row.owner, row.barcode, row.title, branch, "", off_line=False, reader=row.reader)


def _line(held: _Held, said: dict[str, str]) -> str:
    due = f"{said['due']} {held.due_on}" if held.due_on else ""
    off_line = said["off line"] if held.off_line else ""
    parts = (held.number, said[held.kind], held.owner, held.barcode, held.title, held.branch, due, off_line)
    return "  ".join(part for part in parts if part)


def _print_counts(counts: list[tuple[str, int, int]], lang: Language, as_json: bool) -> None:
    if as_json:
        rows = [{"owner": owner, "places": places, "readers": readers} for owner, places, readers in counts]
        click.echo(json.dumps(rows, indent=1))
        return
    lines = [_SAID[lang]["by owner"].format(*each) for each in counts]
    click.echo("\n".join(lines) or _SAID[lang]["none"])
