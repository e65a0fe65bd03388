"""A member with a valid certificate says that somebody owes: only what the own rows bear out is booked, and shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.contract import FineKind, FineOrder, FineSnapshot, ForcedPlace, LoanSnapshot, ReleasePlace
from node.domain.rules import LendingRule, RuleBook
from node.service.unconfirmed import MOST_KEPT
from tests.node.service.errands import lend, renew, take_back
from tests.node.service.members import deliver, new_op
from tests.node.service.small_city import SmallCity

HOME, LEDGER, LIAR = "CQSPB", "CQBB", "CQCQ"
CAP_FEN = 5000


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def order(city: SmallCity, owner: str = LIAR, **changes: Any) -> FineOrder:
    """Ten days late: 2 yuan."""
    loan = new_op()
    said = FineOrder(
        fine=f"{loan}:{city.today}",
        version=1,
        loan=loan,
        owner=owner,
        ledger=LEDGER,
        home=HOME,
        reader=f"{HOME}-reader-1",
        barcode=city.item(owner),
        title="书",
        due_on=city.today.replace(day=1).replace(month=city.today.month - 1),
        returned_on=city.today,
        days_late=10,
        amount_fen=200,
        kind=FineKind.LATE,
    )
    return replace(said, **changes)


def snapshot(city: SmallCity, **changes: Any) -> FineSnapshot:
    said = order(city)
    found = FineSnapshot(
        *(said.fine, LIAR, 1, 1, said.reader, said.barcode, said.title, said.due_on, 200, 0, FineKind.LATE, said.loan)
    )
    return replace(found, **changes)


def booked(city: SmallCity) -> list[Any]:
    return city[LEDGER].column("SELECT amount_fen FROM fine WHERE amount_fen > 0")


def shown(city: SmallCity) -> str:
    """What the account says is owed."""
    city.settle()
    desk = city.kiosk(HOME)
    answer = desk.ask(desk.information(city.card(HOME), 3))
    found: str = answer.fee_amount
    return found


def kinds(city: SmallCity, code: str) -> list[str]:
    return [kind for kind, _barcode, _detail in city[code].exceptions()]


# --- at the ledger ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount_fen", [1, 200, CAP_FEN, CAP_FEN + 1, 100_000_000])
def test_a_debt_for_a_loan_that_never_was_is_acknowledged_and_not_booked(city: SmallCity, amount_fen: int) -> None:
    said = order(city, amount_fen=amount_fen)
    for _ in range(2):
        (receipt,) = deliver(city, LIAR, LEDGER, said)
        assert receipt.taken
    assert booked(city) == []
    assert shown(city) == "0.00"
    assert kinds(city, LEDGER) == ["fine_unconfirmed"]
    assert city[LEDGER].exceptions()[0][2] == f"{LIAR}, {amount_fen} fen"


def test_a_return_here_bears_out_one_fine_of_its_item_and_owner(city: SmallCity) -> None:
    take_back(city, LEDGER, city.item(LIAR), "bin")
    assert deliver(city, LIAR, LEDGER, order(city), order(city), order(city))[2].taken
    assert booked(city) == [200]
    assert kinds(city, LEDGER) == ["fine_unconfirmed"] * 2


def test_a_return_of_one_librarys_item_bears_out_nothing_that_another_says(city: SmallCity) -> None:
    take_back(city, LEDGER, city.item(HOME), "bin")
    deliver(city, LIAR, LEDGER, order(city, barcode=city.item(HOME)))
    assert booked(city) == []


def test_no_fine_is_more_than_the_rules_allow_for_its_days(city: SmallCity) -> None:
    take_back(city, LEDGER, city.item(LIAR), "bin")
    deliver(city, LIAR, LEDGER, order(city, due_on=city.today, amount_fen=20))
    deliver(city, LIAR, LEDGER, order(city, due_on=city.today.replace(year=1990), amount_fen=CAP_FEN + 1))
    assert booked(city) == []
    deliver(city, LIAR, LEDGER, order(city, due_on=city.today.replace(year=1990), amount_fen=CAP_FEN))
    assert booked(city) == [CAP_FEN]


def test_a_fee_for_a_hold_is_no_way_round_it(city: SmallCity) -> None:
    take_back(city, LEDGER, city.item(LIAR), "bin")
    deliver(city, LIAR, LEDGER, order(city, kind=FineKind.HOLD, amount_fen=1))
    deliver(city, LIAR, LEDGER, order(city, kind=None, fine=f"{new_op()}:hold", amount_fen=1))
    assert booked(city) == []


def test_what_was_not_borne_out_is_booked_once_the_return_is_free_for_it(city: SmallCity) -> None:
    """The owner took the return for the end of one loan, and then for that of another. The news come in any order."""
    take_back(city, LEDGER, city.item(LIAR), "bin")
    first, second = order(city), order(city)
    deliver(city, LIAR, LEDGER, first, second)
    deliver(city, LIAR, LEDGER, replace(first, version=2, amount_fen=0))
    assert booked(city) == [200]
    assert city[LEDGER].column("SELECT ordered FROM fine WHERE amount_fen > 0") == [second.fine]
    assert city[LEDGER].column("SELECT key FROM unconfirmed") == []


def test_only_so_many_are_kept_and_listed_of_one_library(city: SmallCity) -> None:
    for _ in range(MOST_KEPT // 100 + 2):
        assert all(receipt.taken for receipt in deliver(city, LIAR, LEDGER, *(order(city) for _ in range(100))))
    assert city[LEDGER].column("SELECT count(*) FROM unconfirmed") == [MOST_KEPT]
    assert sorted(set(kinds(city, LEDGER))) == ["fine_unconfirmed", "many_unconfirmed"]


# --- at the home -----------------------------------------------------------------------------------------------


def test_a_mirror_of_a_debt_for_no_loan_is_neither_shown_nor_counted(city: SmallCity) -> None:
    lend(city, HOME, city.card(HOME), city.item(HOME))
    city.pass_days(1)
    for said in (snapshot(city), snapshot(city, loan=""), snapshot(city, reader_unknown=True)):
        assert deliver(city, LIAR, HOME, said)[0].taken
    assert shown(city) == "0.00"
    assert renew(city, HOME, city.card(HOME), city.item(HOME)).ok
    assert kinds(city, HOME) == ["fine_unconfirmed"] * 2


def test_nobody_else_can_make_a_debt_of_a_loan_that_is_not_late(city: SmallCity) -> None:
    lend(city, HOME, city.card(HOME), city.item(HOME))
    (loan,) = city[HOME].column("SELECT op FROM loan")
    deliver(city, LIAR, HOME, snapshot(city, loan=loan))
    assert shown(city) == "0.00"


def test_a_loan_has_one_late_fee_whoever_else_says_so(city: SmallCity) -> None:
    lend(city, HOME, city.card(HOME), city.item(HOME))
    city.pass_days(35)
    take_back(city, LEDGER, city.item(HOME))
    assert shown(city) == "1.00"
    (loan,) = city[HOME].column("SELECT op FROM loan")
    deliver(city, LIAR, HOME, snapshot(city, loan=loan, amount_fen=100))
    assert shown(city) == "1.00"


def test_a_debt_is_shown_once_its_loan_is_known(city: SmallCity) -> None:
    """Lent off line: the ledger may hear of the return before the home hears of the loan."""
    op, due_on = new_op(), order(city).due_on
    said = snapshot(city, loan=op, due_on=due_on, reader=f"op:{op}", reader_unknown=True)
    assert deliver(city, LIAR, HOME, said)[0].taken
    assert (shown(city), kinds(city, HOME)) == ("0.00", [])
    place = ForcedPlace(
        *(op, city.card(HOME), LIAR, city.item(LIAR), "书", False, due_on, LIAR, city.wall_ms() - 40 * 86_400_000)
    )
    deliver(city, LIAR, HOME, place, ReleasePlace(op, LIAR), LoanSnapshot(op, LIAR, 1, 0, due_on, 0))
    assert shown(city) == "2.00"


def test_what_was_shown_is_lowered_and_paid_as_ever(city: SmallCity) -> None:
    lend(city, HOME, city.card(HOME), city.item(HOME))
    city.pass_days(35)
    take_back(city, LEDGER, city.item(HOME))
    desk = city.kiosk(LEDGER, "staff")
    assert desk.ask(desk.pay(city.card(HOME), "1.00")).payment_accepted
    assert shown(city) == "0.00"


def test_an_answer_shows_no_fine_that_is_not_booked(city: SmallCity) -> None:
    """The owner goes by other rules. The screen at the bin says what the books of the ledger say."""
    lend(city, LIAR, city.card(HOME), city.item(LIAR))
    city.pass_days(35)
    greedy = LendingRule(late_fee_fen_per_day=1_000_000, late_fee_cap_fen=100_000_000)
    city[LIAR].plan = replace(city[LIAR].plan, rule_book=RuleBook((greedy,)))
    city.restart(LIAR)
    answer = take_back(city, LEDGER, city.item(LIAR))
    assert answer.ok
    assert not any("50000" in text for text in answer.screen_message)
    assert booked(city) == []
    assert shown(city) == "0.00"
    assert kinds(city, LEDGER) == ["fine_unconfirmed"]
