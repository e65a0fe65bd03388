"""What is not taken although its speaker may say it: while clocks are apart, of another time, about no member."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.contract import CancelOp, CheckoutQuestion, Reason, Receipt, Refused
from federation.methods import CHECKOUT, METHODS, Method
from federation.permissions import ADDRESSEE, ASKED_NOW, ASKED_WITHIN_MS, NEEDS_NEAR_CLOCKS
from tests.contract.facts import LIBRARY, NOW_MS
from tests.contract.scripted import ScriptedLibrary
from tests.federation.said import SAID
from tests.federation.test_server import CALLER, World, result


@pytest.fixture
def world() -> World:
    return World(ScriptedLibrary())


# --- clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("apart_ms", [61_000, -61_000])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_with_clocks_a_minute_apart_nothing_is_lent(world: World, method: Method[Any, Any], apart_ms: int) -> None:
    world.apart_ms = apart_ms
    decision = result(world.ask(CALLER, method, SAID[method.question](CALLER)))
    if method.question in NEEDS_NEAR_CLOCKS:
        assert decision == Refused(Reason.CLOCKS_APART, library=LIBRARY)
        assert world.library.asked == []
    else:
        assert not isinstance(decision, Refused)


def test_with_clocks_just_less_apart_lending_goes_on_and_the_difference_is_known(world: World) -> None:
    world.apart_ms = -60_000
    assert not isinstance(result(world.ask(CALLER, CHECKOUT, SAID[CheckoutQuestion](CALLER))), Refused)
    assert world.peers.clock_apart_s(CALLER) == -60.0


@pytest.mark.parametrize("kind", sorted(ASKED_NOW, key=repr), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("aside_ms", [-ASKED_WITHIN_MS, ASKED_WITHIN_MS])
def test_a_question_is_decided_as_of_the_instant_of_its_asking_and_that_is_now(
    world: World, kind: type[Any], aside_ms: int
) -> None:
    """A question asked some seconds ago is; one of another day is not, whatever the envelope says."""
    method = next(method for method in METHODS if method.question is kind)
    late = replace(SAID[kind](CALLER), asked_at_ms=NOW_MS + aside_ms)
    result(world.ask(CALLER, method, late))
    too_late = replace(late, asked_at_ms=NOW_MS + aside_ms + (1 if aside_ms > 0 else -1))
    assert result(world.ask(CALLER, method, too_late)) == Refused(Reason.CLOCKS_APART, library=LIBRARY)
    assert world.library.asked == [late]


# --- no member --------------------------------------------------------------------------------------------------------

ADDRESSED = [pytest.param(kind, field, id=f"{kind.__name__}.{field}") for kind, field in ADDRESSEE.items()]


@pytest.mark.parametrize(("kind", "field"), ADDRESSED)
@pytest.mark.parametrize("nobody", ["CQXX", "cqbb"])
def test_a_notice_that_makes_the_library_write_to_no_member_waits_at_its_sender(
    world: World, kind: type[Any], field: str, nobody: str
) -> None:
    notice, good = replace(SAID[kind](CALLER), **{field: nobody}), SAID[CancelOp](CALLER)
    refused, taken = world.deliver(CALLER, notice, good)
    assert (refused.taken, refused.why) == (False, f"{kind.__name__}.{field} is no member of the federation")
    assert taken == Receipt(True)
    assert world.library.asked == [(good,)]


@pytest.mark.parametrize(("kind", "field"), ADDRESSED)
def test_carried_by_a_question_it_is_left_out(world: World, kind: type[Any], field: str) -> None:
    notice, good = replace(SAID[kind](CALLER), **{field: "CQXX"}), SAID[CancelOp](CALLER)
    question = replace(SAID[CheckoutQuestion](CALLER), carried=(notice, good))
    assert not isinstance(result(world.ask(CALLER, CHECKOUT, question)), Refused)
    assert world.library.asked == [replace(question, carried=(good,))]
