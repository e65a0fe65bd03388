"""What the answering library says of each answer: its outcome, its reason, its operation."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from federation.contract import (
    CancelOp,
    CheckoutQuestion,
    ItemQuestion,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Receipt,
    Refused,
)
from federation.methods import CHECKOUT, DELIVER, DESCRIBE, METHODS, RENEW, Envelope, encode_notices
from federation.outcomes import AnswerOutcome
from federation.wire import WireError
from tests.contract.facts import LIBRARY, NOW_MS
from tests.contract.scripted import ScriptedLibrary
from tests.federation.lanes import peers, server
from tests.federation.said import SAID
from tests.federation.test_server import CALLER, OTHER, result


class World:
    """A server over `library`; `told`: (caller, method, op, outcome, reason) of each answer."""

    def __init__(self, library: Any) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.server = server(
            library,
            LIBRARY,
            lambda: NOW_MS,
            peers(Clock(), lambda: NOW_MS),
            answered=lambda *told: self.told.append(told),
        )

    def ask(self, method: Any, question: Any, caller: str = CALLER) -> Any:
        payload = method.encode_question(Envelope(CALLER, 1, NOW_MS), question)
        return result(self.server.answer(caller, method.path, payload, 3.0))


@pytest.mark.parametrize("method", [each for each in METHODS if each is not RENEW], ids=lambda method: method.name)
def test_a_decision_is_ok_and_has_the_operation_of_its_question(method: Any) -> None:
    world, question = World(ScriptedLibrary()), SAID[method.question](CALLER)
    world.ask(method, question)
    assert world.told == [(CALLER, method.name, getattr(question, "op", ""), AnswerOutcome.OK, None)]


def test_a_refusal_has_its_reason() -> None:
    class Refusing(ScriptedLibrary):
        def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[Any]:
            return succeed(Refused(Reason.QUOTA))

    world, question = World(Refusing()), SAID[CheckoutQuestion](CALLER)
    world.ask(CHECKOUT, question)
    assert world.told == [(CALLER, "checkout", question.op, AnswerOutcome.REFUSED, Reason.QUOTA)]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (PeerUnreachable("CQCQ", "cut"), AnswerOutcome.UNKNOWN),
        (LookupError("no row"), AnswerOutcome.ERROR),
    ],
)
def test_what_fails_inside_is_told_apart(error: Exception, outcome: AnswerOutcome) -> None:
    class Failing(ScriptedLibrary):
        def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[Any]:
            return fail(error)

    world = World(Failing())
    with pytest.raises(type(error)):
        world.ask(DESCRIBE, SAID[ItemQuestion](CALLER))
    assert world.told == [(CALLER, "describe", "", outcome, None)]


def test_what_is_not_permitted_and_what_is_malformed_is_told_apart() -> None:
    world = World(ScriptedLibrary())
    with pytest.raises(NotPermitted):
        world.ask(DESCRIBE, SAID[ItemQuestion](CALLER), caller=OTHER)
    with pytest.raises(WireError):
        result(world.server.answer(CALLER, DESCRIBE.path, b"\xff", 3.0))
    with pytest.raises(NotPermitted):
        result(world.server.answer(CALLER, "/no/such", b"", 3.0))
    assert world.told == [
        (OTHER, "describe", "", AnswerOutcome.NOT_PERMITTED, None),
        (CALLER, "describe", "", AnswerOutcome.MALFORMED, None),
        (CALLER, "", "", AnswerOutcome.NOT_PERMITTED, None),
    ]


@pytest.mark.parametrize(("taken", "outcome"), [(True, AnswerOutcome.OK), (False, AnswerOutcome.REFUSED)])
def test_a_delivery_is_ok_if_every_notice_was_taken(taken: bool, outcome: AnswerOutcome) -> None:
    class Mailbox(ScriptedLibrary):
        def deliver(self, notices: Any, timeout_s: float) -> Deferred[Any]:
            return succeed(tuple(Receipt(taken, "" if taken else "no") for _ in notices))

    world = World(Mailbox())
    result(
        world.server.answer(CALLER, DELIVER, encode_notices(Envelope(CALLER, 1, NOW_MS), [SAID[CancelOp](CALLER)]), 3.0)
    )
    assert world.told == [(CALLER, "deliver", "", outcome, None)]
