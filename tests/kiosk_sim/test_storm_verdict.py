"""The check of a storm's checks: books that are wrong in one way each, and the sentence that says so."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk_sim.city.city import City
from kiosk_sim.city.layout import write_settings
from kiosk_sim.simulation.account import Account, Intention, Kind
from kiosk_sim.simulation.world import World
from kiosk_sim.storm import verdict
from kiosk_sim.storm.devices import Sent
from kiosk_sim.storm.town import CODES, TownClock, database, fill, town, world_of
from sip2 import messages as m

AT_MS = 1_772_416_800_000  # 2026-03-02 10:00 in Shanghai
DATE = "20260302    100000"
DUE = "2026-04-01"
OP = "a" * 32
BASE_PORT = 9_000


@dataclass
class Aftermath:
    """A town after a storm in which one reader of CQSPB borrowed at CQBB an item of CQCQ, and all is well."""

    town: City
    world: World
    account: Account = field(default_factory=lambda: Account(lambda: 0.0))
    sent: dict[int, Sent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reader = next(each for each in self.world.readers if each.home == "CQSPB")
        self.item = next(each for each in self.world.items if each.owner == "CQCQ" and not each.foreign)
        self.device = next(each for each in self.world.devices if each.branch == "CQBB")
        self._lend()

    def _lend(self) -> None:
        reader, item = self.reader, self.item
        self.write("CQSPB", "UPDATE card SET places_used = 1 WHERE card = ?", reader.card)
        self.write(
            "CQSPB",
            "INSERT INTO place (op, state, reader, owner, barcode, title, is_foreign, forced, due_on, renewals, epoch,"
            " version, branch, at_ms) VALUES (?, 'held', ?, 'CQCQ', ?, '', 0, 0, ?, 0, 0, 0, 'CQBB', ?)",
            *(OP, reader.reader, item.barcode, DUE, AT_MS),
        )
        self.write(
            "CQCQ",
            "INSERT INTO loan (op, barcode, home, reader, category, branch, opened_at_ms, due_on, renewals, version)"
            " VALUES (?, ?, 'CQSPB', ?, 'pupil', 'CQBB', ?, ?, 0, 1)",
            *(OP, item.barcode, reader.reader, AT_MS, DUE),
        )
        self.write(
            "CQBB",
            "INSERT INTO kiosk_op (op, base, attempt, message, kiosk_date, terminal, card_digest, barcode, date_near,"
            " asked_at_ms, answer_by_ms, told_at_ms, answer) VALUES (?, 'b', 1, '11', ?, ?, '', ?, 1, ?, ?, ?, ?)",
            *(OP, DATE, self.device.login, item.barcode, AT_MS, AT_MS + 4000, AT_MS + 10),
            f'Lent {{"op": "{OP}"}}',
        )
        self.hear("11", True, DATE)

    def hear(self, kind: Kind, ok: bool, date: str) -> Intention:
        """Somebody heard that at the device, about the item."""
        told = self.account.intend(kind, self.device, self.reader, self.item)
        told.heard = _Answer(ok)  # type: ignore[assignment]
        self.sent[told.number] = Sent([date], AT_MS / 1000 + 1)
        return told

    def write(self, code: str, sql: str, *values: Any) -> None:
        with closing(sqlite3.connect(database(self.town, code))) as books, books:
            books.execute(sql, values)

    def violations(self) -> list[str]:
        return verdict.violations(self.town, self.world, self.account, self.sent)


@dataclass
class _Answer:
    ok: bool
    due_date: str = "20260401    235959"
    renewal_ok: bool = False


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The databases of a town, made once."""
    place = town(tmp_path_factory.mktemp("filled") / "town", BASE_PORT, 1)
    write_settings(place)
    fill(place, world_of(place))
    for code in CODES:
        log = place.branch(code).folder(place.root) / "node.log"
        log.write_text('{"event":"ready"}\n{"event":"stopped"}\n', "utf-8")
    return place.root


@pytest.fixture
def aftermath(filled: Path, tmp_path: Path) -> Aftermath:
    place = town(Path(shutil.copytree(filled, tmp_path / "town")), BASE_PORT, 1)
    return Aftermath(place, world_of(place))


def test_books_that_agree_have_no_violation(aftermath: Aftermath) -> None:
    assert aftermath.violations() == []


def heard_no(it: Aftermath) -> None:
    it.account.intentions.clear()
    it.hear("11", False, DATE)


def lost_return(it: Aftermath) -> None:
    it.write("CQBB", "UPDATE kiosk_op SET message = '09'")
    it.hear("09", True, DATE)


WRONG: dict[str, tuple[Callable[[Aftermath], object], str]] = {
    "a loan is lost": (lambda it: it.write("CQCQ", "DELETE FROM loan"), "told lent, and there is no loan"),
    "a place is lost": (
        lambda it: it.write("CQSPB", "UPDATE place SET state = 'freed'"),
        "has no place at CQSPB",
    ),
    "a place has no loan": (
        lambda it: it.write("CQCQ", "UPDATE loan SET closed_at_ms = 1, closed_how = 'returned'"),
        "has no open loan at CQCQ",
    ),
    "a card counts wrong": (lambda it: it.write("CQSPB", "UPDATE card SET places_used = 0"), "and holds 1/0"),
    "a loan was undone": (
        lambda it: it.write("CQCQ", "UPDATE loan SET closed_at_ms = 1, closed_how = 'cancelled'"),
        "told lent, and the loan was undone",
    ),
    "a reader heard no": (
        heard_no,
        "told not lent, and the loan runs",
    ),
    "a yes without a row": (lambda it: it.hear("29", True, "20260302    110000"), "the branch forgot it"),
    "a return is lost": (
        lost_return,
        "told ok, and CQCQ has no such return",
    ),
    "an outbox is not empty": (
        lambda it: it.write(
            "CQBB", "INSERT INTO outbox (peer, key, payload, created_at_ms) VALUES ('CQCQ', 'k', X'00', 1)"
        ),
        "unfinished: the outbox is empty",
    ),
    "a kiosk was not told": (
        lambda it: it.write("CQBB", "UPDATE kiosk_op SET told_at_ms = NULL"),
        "every kiosk was told",
    ),
    "an item is being lent": (
        lambda it: it.write("CQCQ", "UPDATE item SET pending_op = 'x' WHERE barcode = ?", it.item.barcode),
        "no item is being lent",
    ),
    "a node failed": (
        lambda it: _log(it, '{"event":"x","level":"error","why":"bad"}\n{"event":"stopped"}'),
        "CQBB said",
    ),
    "a node had to be killed": (lambda it: _log(it, '{"event":"ready"}'), "CQBB did not stop in order"),
    "a log shows a card": (lambda it: _log(it, it.reader.card + '\n{"event":"stopped"}'), "CQBB shows a reader"),
    "the books show a card": (
        lambda it: it.write("CQBB", "UPDATE kiosk_op SET question = ?", it.reader.card),
        "shows a card number",
    ),
}


def _log(it: Aftermath, text: str) -> None:
    (it.town.branch("CQBB").folder(it.town.root) / "node.log").write_text(text + "\n", "utf-8")


@pytest.mark.parametrize("wrong", WRONG)
def test_each_wrong_is_found_and_said(aftermath: Aftermath, wrong: str) -> None:
    spoil, sentence = WRONG[wrong]
    spoil(aftermath)
    assert any(sentence in each for each in aftermath.violations()), aftermath.violations()


def test_a_new_date_on_what_was_lent_already_is_taken_for_the_first_operation(aftermath: Aftermath) -> None:
    again = aftermath.hear("11", True, "20260302    100002")
    assert aftermath.violations() == []
    assert again.heard_op == OP


def test_what_a_device_was_refused_before_anything_was_written_has_no_operation(aftermath: Aftermath) -> None:
    refused = aftermath.hear("11", False, "20260302    100002")
    assert aftermath.violations() == []
    assert refused.heard_op == ""


def test_the_towns_clock_runs_ahead_as_its_nodes_do() -> None:
    clock = TownClock(lambda: datetime(2026, 3, 2, tzinfo=UTC))
    assert clock.option == "+0"
    clock.pass_days(31)
    assert clock() == datetime(2026, 4, 2, tzinfo=UTC)
    assert clock.option == f"+{31 * 86_400}"
    assert clock.seconds() == clock().timestamp()


def test_an_answer_of_the_account_is_one_of_the_protocol() -> None:
    """The stand-in above has what the checks read of a real answer."""
    assert {"ok", "due_date", "renewal_ok"} <= set(m.CheckoutResponse.__dataclass_fields__)
