"""An operation knows its question, and what its answer may lead to."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed

from federation.contract import CheckoutQuestion, HoldMode, HoldQuestion, Reason, Refused, RenewQuestion
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import Kind
from node.service.desk.memory import Ask, Fresh
from node.service.desk.operations import Checkout, Hold, Operation, Renewal, renewal_op

CARD, ITEM = "23501000001", "CQBB1000001"
FRESH = Fresh("00" * 16, "11" * 16, 1, "digest", date_near=True, asked_at_ms=1_000, answer_by_ms=5_000)
OWN_LOAN = Refused(Reason.ON_LOAN_TO_READER)


def ask(kind: Kind, **more: Any) -> Ask:
    return Ask(kind, "sc", "20260302    100000", 1_000, CARD, **{"barcode": ITEM, **more})


CHECKOUT = Checkout(ask(Kind.CHECKOUT, fee_acknowledged=True))
RENEWAL = Renewal(ask(Kind.RENEWAL))
HOLD = Hold(
    ask(Kind.HOLD, barcode="", fee_acknowledged=True), HoldMode.PLACE, ItemName(ITEM), "Title", "CQCQ", date(2026, 4, 1)
)
ALL: list[Operation[Any, Any]] = [CHECKOUT, RENEWAL, HOLD]


def question_of(operation: Operation[Any, Any]) -> Any:
    return operation.question(FRESH, home="CQSPB", branch="CQCQ")


class Owner:
    """Notes what it is asked for."""

    def __getattr__(self, name: str) -> Any:
        def answer(question: Any, timeout_s: float) -> Deferred[Any]:
            return succeed((name, question, timeout_s))

        return answer


@pytest.mark.parametrize(
    ("operation", "kind", "name"),
    [(CHECKOUT, CheckoutQuestion, "checkout"), (RENEWAL, RenewQuestion, "renew"), (HOLD, HoldQuestion, "hold")],
)
def test_the_owner_is_asked_for_its_own_kind_of_decision(operation: Any, kind: type[Any], name: str) -> None:
    question = question_of(operation)
    assert isinstance(question, kind)
    asked: list[Any] = []
    operation.ask_owner(Owner(), question, 2.5).addCallback(asked.append)
    assert asked == [(name, question, 2.5)]


@pytest.mark.parametrize("operation", ALL)
def test_the_question_has_the_times_of_the_request_and_the_parties(operation: Any) -> None:
    question = question_of(operation)
    assert (question.op, question.card, question.barcode) == (FRESH.op, CARD, ITEM)
    assert (question.home, question.branch) == ("CQSPB", "CQCQ")
    assert (question.asked_at_ms, question.answer_by_ms) == (1_000, 5_000)


@pytest.mark.parametrize("operation", [CHECKOUT, HOLD])
def test_the_question_says_that_the_reader_agreed_to_the_fee(operation: Any) -> None:
    assert question_of(operation).fee_acknowledged


def test_a_hold_by_title_is_of_the_branch_s_own_items_and_concerns_the_library_where_it_is_collected() -> None:
    by_title = Hold(ask(Kind.HOLD, barcode=""), HoldMode.PLACE, ItemName(""), "Title", "", None)
    authorities: Any = SimpleNamespace(here="CQBB")
    with pytest.raises(StopIteration) as found:
        by_title.find_owner(authorities).send(None)
    assert found.value.value == "CQBB"
    assert (HOLD.barcode, HOLD.concerns) == (ITEM, ("CQCQ",))
    assert (by_title.barcode, by_title.concerns) == ("", ())


def test_a_checkout_is_refused_where_the_item_was_taken_back_meanwhile() -> None:
    overtaken = Fresh("00" * 16, "11" * 16, 1, "digest", date_near=True, asked_at_ms=1, answer_by_ms=2, overtaken=True)
    assert CHECKOUT.objection(overtaken) == Refused(Reason.BUSY)
    assert RENEWAL.objection(overtaken) is None
    assert CHECKOUT.objection(FRESH) is None


def test_a_checkout_of_what_the_reader_has_becomes_a_renewal_where_the_terminal_renews() -> None:
    renewing = Checkout(ask(Kind.CHECKOUT, renews=True))
    instead = renewing.instead(question_of(renewing), OWN_LOAN)
    assert instead is not None
    assert isinstance(instead.operation, Renewal)
    assert isinstance(instead.question, RenewQuestion)
    assert instead.question.op == renewal_op(FRESH.op) != FRESH.op
    assert (instead.question.card, instead.question.barcode) == (CARD, ITEM)


def test_else_it_stays_what_it_was() -> None:
    renewing = Checkout(ask(Kind.CHECKOUT, renews=True))
    assert renewing.instead(question_of(renewing), Refused(Reason.ON_LOAN)) is None
    assert CHECKOUT.instead(question_of(CHECKOUT), OWN_LOAN) is None
    assert RENEWAL.instead(question_of(RENEWAL), OWN_LOAN) is None
