"""`tongjie places`: staff see which library holds what for a reader, and free what the reader does not have."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from federation.contract import ForcedPlace, HoldSnapshot, HoldState, StaffCalled
from federation.wire import decode_notice
from node.commands.places import command
from node.domain.rules import RuleBook
from node.service.books import Books
from node.storage.beside import write_beside
from node.storage.home import cards
from node.storage.imports import claim_database
from node.storage.opening import prepare_database
from node.storage.sqlite import open_connection
from node.storage.store import Tx
from tests.node.commands.city_files import Files, city_files

HERE, NEIGHBOUR = "CQBB", "CQSPB"
CARD, READER, NAME = "2350020000017", "r-1", "学生甲"
ITEM, DAY = "CQSPB0000000001", date(2026, 3, 2)
WHY = ("--by", "王老师", "--note", "读者没有借过，已向对方馆核实")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """The neighbour says that a reader has one of its items, and waits for another."""
    files = city_files(tmp_path)
    prepare_database(files.database)
    claim_database(files.database, HERE, os.urandom)
    books = Books(HERE, 1, RuleBook(), lambda: 1, ahead_ms=lambda *_: None, owners_of=lambda _barcode: ())

    def work(tx: Tx) -> None:
        cards.add_cards(tx, [cards.NewCard(CARD, READER, NAME, "pupil", None, None, 8, 3)])
        books.apply(tx, ForcedPlace("loan1", CARD, NEIGHBOUR, ITEM, "三体", False, DAY, NEIGHBOUR, 1))
        books.apply(tx, HoldSnapshot("hold1", NEIGHBOUR, 1, 1, READER, "", "红岩", HoldState.WAITING, NEIGHBOUR))

    write_beside(files.database, HERE, work)
    return files


def run(files: Files, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--config", str(files.config)])


def rows(files: Files, sql: str) -> list[Any]:
    with closing(open_connection(str(files.database), read_only=True)) as connection:
        return connection.execute(sql).fetchall()


def test_the_places_and_holds_of_a_card_are_listed_with_who_says_so(files: Files) -> None:
    result = run(files, "list", "--card", CARD)
    assert result.output.splitlines() == [
        f"loan1  借阅  {NEIGHBOUR}  {ITEM}  三体  {NEIGHBOUR}  应还 2026-03-02  脱机",
        f"hold1  预约  {NEIGHBOUR}  红岩",
    ]
    assert CARD not in result.output
    assert NAME not in result.output


def test_the_places_that_a_library_holds_are_counted_and_listed(files: Files) -> None:
    assert run(files, "list", "--lang", "en").output == f"{NEIGHBOUR} holds 1 places of 1 readers\n"
    assert run(files, "list", "--owner", NEIGHBOUR).output.startswith("loan1  借阅")
    assert run(files, "list", "--owner", "CQCQ", "--lang", "en").output == "no places are held\n"
    found = json.loads(run(files, "list", "--card", CARD, "--json").output)
    assert [(each["number"], each["kind"], each["owner"]) for each in found] == [
        ("loan1", "loan", NEIGHBOUR),
        ("hold1", "hold", NEIGHBOUR),
    ]


@pytest.mark.parametrize("number", ["loan1", "hold1"])
def test_what_is_freed_counts_no_more_and_its_owner_is_told(files: Files, number: str) -> None:
    result = run(files, "free", number, *WHY, "--lang", "en")
    assert (result.exit_code, result.output) == (0, f"freed {number}; {NEIGHBOUR} will be told\n")
    assert number not in run(files, "list", "--card", CARD).output
    (payload,) = rows(files, "SELECT payload FROM outbox WHERE key LIKE 'StaffCalled%'")
    called = decode_notice(payload[0])
    assert isinstance(called, StaffCalled)
    assert (called.op, called.branch, called.kind) == (number, NEIGHBOUR, "place_freed")
    assert rows(files, f"SELECT closed_by, closing_note FROM staff_exception WHERE op = '{number}'") == [WHY[1::2]]


def test_what_is_not_held_is_not_freed(files: Files) -> None:
    assert run(files, "free", "loan1", *WHY).exit_code == 0
    for number in ("loan1", "nothing"):
        result = run(files, "free", number, *WHY, "--lang", "en")
        assert result.exit_code == 1
        assert f"under {number}" in result.output


def test_a_card_of_nobody_and_a_note_with_a_card_are_refused(files: Files) -> None:
    assert "no such card" in run(files, "list", "--card", "2350020000099", "--lang", "en").output
    assert run(files, "free", "loan1", "--by", "王", "--note", f"卡 {CARD}").exit_code == 2
