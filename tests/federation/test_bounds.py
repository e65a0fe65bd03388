"""What is too much to be said at once is not heard, and holds up nothing else."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from twisted.internet.defer import succeed

from federation.bounds import (
    AHEAD_MS,
    CARRIED_MAX,
    FEN_MAX,
    NOT_HELD_AGAINST_THE_CLOCK,
    NOTICES_MAX,
    TEXT_MAX,
    WHOLE_MAX,
    beyond,
)
from federation.contract import CancelOp, ItemQuestion, Lent, PeerUnreachable, PropertiesKept, TakenBack
from federation.methods import CHECKOUT, DELIVER, DESCRIBE, METHODS, TAKE_BACK, encode_notices
from federation.wire import NOTICE_TYPES, WireError, decode_notice, encode_notice
from tests.contract.facts import BOOK, LIBRARY, NOW_MS
from tests.contract.scripted import ScriptedLibrary
from tests.federation.lanes import MemoryLane, remote, server
from tests.federation.said import ANSWERED, ORDER, SAID
from tests.federation.test_server import CALLER, World, result

LAST = NOW_MS + AHEAD_MS


def too_much(said: Any) -> list[tuple[str, Any]]:
    """(field, the same said with too much in it), for each field that has a bound."""
    found = []
    for field in fields(said):
        value, name = getattr(said, field.name), field.name
        if (type(said), name) in NOT_HELD_AGAINST_THE_CLOCK:
            continue
        if type(value) is str:
            found.append((name, replace(said, **{name: "x" * (TEXT_MAX + 1)})))
        elif type(value) is int:
            most = LAST if name.endswith("_ms") else FEN_MAX if name.endswith("_fen") else WHOLE_MAX
            assert beyond(replace(said, **{name: most}), NOW_MS) == ""
            found.append((name, replace(said, **{name: most + 1})))
    return found


@pytest.mark.parametrize("kind", NOTICE_TYPES, ids=lambda kind: kind.__name__)
def test_each_field_of_each_notice_has_a_bound_and_the_fault_names_it(kind: type[Any]) -> None:
    said = SAID[kind](CALLER)
    assert beyond(said, NOW_MS) == ""
    for name, more in too_much(said):
        assert beyond(more, NOW_MS).startswith(f"{kind.__name__}.{name}: ")
        assert decode_notice(encode_notice(more)) == more, "what stands in an outbox must still be read"


@pytest.mark.parametrize(("kind", "name"), sorted(NOT_HELD_AGAINST_THE_CLOCK, key=str))
def test_what_has_happened_is_taken_whatever_its_date(kind: type[Any], name: str) -> None:
    late = replace(SAID[kind](CALLER), **{name: LAST * 2})
    assert World(ScriptedLibrary()).deliver(CALLER, late)[0].taken


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_question_with_too_much_in_it_does_not_reach_the_library(method: Any) -> None:
    world = World(ScriptedLibrary())
    speaker = {"branch", "owner", "ledger"}
    for name, question in too_much(SAID[method.question](CALLER)):
        if name not in speaker:
            with pytest.raises(WireError, match=name):
                result(world.ask(CALLER, method, question))
    assert world.library.asked == []


def test_of_a_delivery_only_the_notice_that_holds_too_much_is_not_taken_and_that_is_noted() -> None:
    library, noted = ScriptedLibrary(), []
    world = World(library)
    world.server = server(library, LIBRARY, lambda: NOW_MS, noted=lambda *what: noted.append(what))
    sound = CancelOp("op", BOOK.barcode, CALLER)
    huge = PropertiesKept("op", BOOK.barcode, CALLER, NOW_MS, "p" * 3_900_000)
    distant = PropertiesKept("op", BOOK.barcode, CALLER, LAST + 1, "p")
    receipts = world.deliver(CALLER, sound, huge, distant, sound)
    assert [receipt.taken for receipt in receipts] == [True, False, False, True]
    assert receipts[1].why == f"PropertiesKept.properties: longer than {TEXT_MAX} characters"
    assert noted == [(CALLER, "out_of_bounds")] * 2
    assert library.asked == [(sound, sound)]


def test_a_carried_notice_that_holds_too_much_is_left_out_and_the_question_is_answered() -> None:
    world = World(ScriptedLibrary())
    sound = CancelOp("op", BOOK.barcode, CALLER)
    huge = CancelOp("op", "b" * (TEXT_MAX + 1), CALLER)
    result(world.ask(CALLER, DESCRIBE, ItemQuestion(BOOK.barcode, CALLER, (huge, sound))))
    assert world.library.asked == [ItemQuestion(BOOK.barcode, CALLER, (sound,))]


def test_more_notices_than_anyone_sends_are_not_looked_at() -> None:
    world = World(ScriptedLibrary())
    many = tuple(CancelOp(f"op {number}", BOOK.barcode, CALLER) for number in range(NOTICES_MAX + 1))
    with pytest.raises(WireError, match="more than"):
        result(world.send(CALLER, DELIVER, encode_notices(world.envelope(CALLER), many)))
    assert world.library.asked == []
    assert len(world.deliver(CALLER, *many[1:])) == NOTICES_MAX
    result(world.ask(CALLER, DESCRIBE, ItemQuestion(BOOK.barcode, CALLER, many)))
    asked: Any = world.library.asked[-1]
    assert len(asked.carried) == CARRIED_MAX


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "decision"),
    [
        (CHECKOUT, Lent("c", "reader", "t" * (TEXT_MAX + 1), "book", False, ORDER.due_on)),
        (TAKE_BACK, replace(ANSWERED[TakenBack], fine=replace(ORDER, amount_fen=FEN_MAX + 1))),
    ],
)
def test_an_answer_with_too_much_in_it_is_unknown(method: Any, decision: Any) -> None:
    class Generous(ScriptedLibrary):
        def checkout(self, *_: Any) -> Any:
            return succeed(decision)

        def take_back(self, *_: Any) -> Any:
            return succeed(decision)

    lane = MemoryLane(CALLER, {LIBRARY: server(Generous(), LIBRARY, lambda: NOW_MS).answer})
    asker = remote(lane, CALLER, LIBRARY, lambda: NOW_MS)
    with pytest.raises(PeerUnreachable, match="not understood"):
        result(getattr(asker, method.name)(SAID[method.question](CALLER), 2.0))
