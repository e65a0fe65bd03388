"""Owners and homes, ledgers and mirrors, compared: what differs is found, and repaired in the safe direction only."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from node.service.delivery.comparison import AGAIN_AFTER_S
from node.service.delivery.differences import Difference, Kind
from node.storage.delivery import outbox
from tests.node.service.small_city import DAY_MS, SmallCity
from tests.node.watching import by_hand

OWNER, HOME, BRANCH = "CQBB", "CQSPB", "CQCQ"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def lend(city: SmallCity, number: int = 1) -> str:
    """A card of the home borrows at the branch an item of the owner; an hour passes. The operation."""
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(city.card(HOME), city.item(OWNER, number))).ok
    city.pass_minutes(60)
    return next(op for op, barcode in city.loans().items() if barcode == city.item(OWNER, number))


def fine(city: SmallCity) -> str:
    """The same, returned late at the branch: a fine that is owed there. Its id."""
    lend(city)
    city.pass_days(40)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.settle()
    city.pass_minutes(60)
    return str(city[BRANCH].column("SELECT fine FROM fine")[0])


def write(city: SmallCity, code: str, sql: str, *values: Any) -> None:
    with by_hand():
        city[code].connection.execute(sql, values)


def look(city: SmallCity, code: str) -> tuple[Difference, ...]:
    return city.wait_for(Deferred.fromCoroutine(city[code].core.lookout.comparison.look())).differences


def repair(city: SmallCity, code: str) -> tuple[Difference, ...]:
    """Twice, with the pause between, and until everything has arrived."""
    done = Deferred.fromCoroutine(city[code].core.lookout.comparison.look_and_repair())
    held: list[tuple[Difference, ...]] = []
    done.addCallback(held.append)
    city.run_until(lambda: bool(held), within_s=AGAIN_AFTER_S + 60.0)
    city.settle()
    return held[0]


def kinds(differences: tuple[Difference, ...]) -> list[tuple[str, Kind, str]]:
    return [(each.peer, each.kind, each.subject) for each in differences]


def held(city: SmallCity) -> list[str]:
    return [str(op) for op in city[HOME].column("SELECT op FROM place WHERE state = 'held'")]


# --- finding -------------------------------------------------------------------------------------------------


def test_books_that_agree_have_no_difference(city: SmallCity) -> None:
    lend(city, 2)
    fine(city)
    assert [look(city, code) for code in (OWNER, HOME, BRANCH)] == [(), (), ()]


def test_what_is_still_on_its_way_is_no_difference(city: SmallCity) -> None:
    lend(city)
    city.cut(OWNER, HOME)
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.heal()
    assert held(city)
    assert look(city, OWNER) == ()


def test_a_loan_of_this_minute_is_no_difference(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "UPDATE place SET state = 'freed' WHERE op = ?", op)
    write(city, OWNER, "UPDATE loan SET opened_at_ms = ?", city.wall_ms())
    assert look(city, OWNER) == ()


def test_a_home_that_does_not_answer_is_named_and_the_others_are_compared(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "UPDATE place SET state = 'freed' WHERE op = ?", op)
    city.cut(OWNER, BRANCH)
    found = city.wait_for(Deferred.fromCoroutine(city[OWNER].core.lookout.comparison.look()))
    assert kinds(found.differences) == [(HOME, Kind.LOAN_WITHOUT_PLACE, op)]
    assert {peer for peer, _why in found.silent} == {BRANCH, "CQWZ"}


def test_lists_longer_than_a_page_are_compared_to_their_end(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.service.delivery.mirroring.PAGE", 2)
    monkeypatch.setattr("node.service.delivery.differences.PAGE", 2)
    ops = [lend(city, number) for number in range(1, 6)]
    assert look(city, OWNER) == ()
    write(city, OWNER, "UPDATE loan SET closed_at_ms = opened_at_ms, closed_how = 'returned'")
    assert sorted(each.subject for each in look(city, OWNER)) == sorted(ops)


def test_each_is_told_of_its_own_only(city: SmallCity) -> None:
    lend(city)
    desk = city.kiosk(HOME)
    assert desk.ask(desk.checkout(city.card(HOME, 2), city.item(HOME))).ok
    city.pass_minutes(60)
    write(city, HOME, "UPDATE place SET due_on = '2026-01-01'")
    assert [each.peer for each in look(city, OWNER)] == [HOME]
    assert [(each.peer, each.subject) for each in look(city, HOME)] == [
        (HOME, city[HOME].column("SELECT op FROM loan")[0])
    ]


# --- repairing -----------------------------------------------------------------------------------------------


def test_a_place_whose_loan_is_over_is_freed(city: SmallCity) -> None:
    op = lend(city)
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.settle()
    write(city, HOME, "UPDATE place SET state = 'held', epoch = 0, version = 0 WHERE op = ?", op)
    write(city, HOME, "UPDATE card SET places_used = 1 WHERE card = ?", city.card(HOME))
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_WITHOUT_LOAN, op)]
    city.check()
    assert look(city, OWNER) == ()


def test_a_place_of_an_operation_that_came_to_nothing_is_freed(city: SmallCity) -> None:
    op = lend(city)
    write(city, OWNER, "DELETE FROM loan")
    write(city, OWNER, "UPDATE owner_op SET state = 'aborted', loan = NULL WHERE op = ?", op)
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_WITHOUT_LOAN, op)]
    city.check()


@pytest.mark.parametrize("lost", ["UPDATE place SET state = 'freed'", "DELETE FROM place"])
def test_an_open_loan_without_a_place_gets_it_back(city: SmallCity, lost: str) -> None:
    op = lend(city)
    write(city, HOME, lost)
    write(city, HOME, "UPDATE card SET places_used = 0")
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.LOAN_WITHOUT_PLACE, op)]
    city.check()
    assert look(city, OWNER) == ()
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    city.check()


def test_a_place_that_no_longer_fits_in_is_held_beside_the_quota(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "DELETE FROM place")
    write(city, HOME, "UPDATE card SET places_used = 0, max_loans = 0")
    repair(city, OWNER)
    assert city[HOME].column("SELECT forced FROM place WHERE op = '" + op + "'") == [1]


def test_a_due_date_that_was_never_heard_is_told_again(city: SmallCity) -> None:
    op = lend(city)
    desk = city.kiosk(BRANCH)
    city.pass_days(1)
    assert desk.ask(desk.renew(city.card(HOME), city.item(OWNER))).ok
    city.settle()
    write(city, HOME, "UPDATE place SET due_on = '2026-01-01', renewals = 0, epoch = 0, version = 0")
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_DIFFERS, op)]
    assert city[HOME].column("SELECT due_on FROM place") == city[OWNER].column("SELECT due_on FROM loan")
    assert city[HOME].column("SELECT renewals FROM place") == [1]


@pytest.mark.parametrize("lost", ["DELETE FROM fine_mirror", "UPDATE fine_mirror SET amount_fen = 20, version = 0"])
def test_a_fine_that_its_home_has_wrong_is_told_again(city: SmallCity, lost: str) -> None:
    number = fine(city)
    write(city, HOME, lost)
    expected = Kind.FINE_NOT_MIRRORED if lost.startswith("DELETE") else Kind.FINE_MIRROR_DIFFERS
    assert kinds(repair(city, BRANCH)) == [(HOME, expected, number)]
    assert city[HOME].column("SELECT amount_fen FROM fine_mirror") == city[BRANCH].column("SELECT amount_fen FROM fine")


def test_a_payment_that_its_home_never_heard_of_is_told_again(city: SmallCity) -> None:
    number = fine(city)
    write(city, BRANCH, "UPDATE fine SET paid_fen = amount_fen, version = version + 1")
    assert kinds(repair(city, BRANCH)) == [(HOME, Kind.FINE_MIRROR_DIFFERS, number)]
    assert city[HOME].column("SELECT amount_fen - paid_fen FROM fine_mirror") == [0]


def test_a_library_is_compared_with_itself_as_well(city: SmallCity) -> None:
    desk = city.kiosk(HOME)
    assert desk.ask(desk.checkout(city.card(HOME), city.item(HOME))).ok
    city.pass_minutes(60)
    write(city, HOME, "UPDATE place SET state = 'freed'")
    write(city, HOME, "UPDATE card SET places_used = 0")
    assert [each.peer for each in repair(city, HOME)] == [HOME]
    city.check()


# --- what people must look at --------------------------------------------------------------------------------


def test_a_place_of_an_operation_that_the_owner_does_not_know_is_left_and_shown_to_staff(city: SmallCity) -> None:
    """The owner's books may have been restored from an old copy: the reader may have the item."""
    op = lend(city)
    write(city, OWNER, "DELETE FROM loan")
    write(city, OWNER, "DELETE FROM owner_op")
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_UNKNOWN_HERE, op)]
    assert held(city) == [op]
    assert [kind for kind, _barcode, _detail in city[OWNER].exceptions()] == ["place_unknown_here"]


def test_a_home_that_knows_a_later_version_than_the_owner_is_left_and_shown_to_staff(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "UPDATE place SET due_on = '2026-12-31', renewals = 1, epoch = 1, version = 7")
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_AHEAD, op)]
    assert city[HOME].column("SELECT due_on FROM place") == ["2026-12-31"]
    assert [kind for kind, _barcode, _detail in city[OWNER].exceptions()] == ["place_ahead"]


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        ("DELETE FROM fine", Kind.FINE_UNKNOWN_HERE),
        ("UPDATE fine SET amount_fen = amount_fen - 20, version = 0", Kind.FINE_MIRROR_AHEAD),
    ],
)
def test_a_mirror_that_knows_more_than_its_ledger_is_left_and_shown_to_staff(
    city: SmallCity, spoil: str, expected: Kind
) -> None:
    number = fine(city)
    write(city, BRANCH, spoil)
    assert kinds(repair(city, BRANCH)) == [(HOME, expected, number)]
    assert [kind for kind, _barcode, _detail in city[BRANCH].exceptions()] == [str(expected)]
    assert len(city[HOME].column("SELECT fine FROM fine_mirror")) == 1


def test_a_payment_that_the_ledger_has_forgotten_is_shown_to_staff_when_telling_it_again_did_not_help(
    city: SmallCity,
) -> None:
    """Restored from an old copy, the ledger takes for owed what the home knows to be paid."""
    number = fine(city)
    write(city, HOME, "UPDATE fine_mirror SET paid_fen = amount_fen, version = 2")
    assert kinds(repair(city, BRANCH)) == [(HOME, Kind.FINE_NOT_MIRRORED, number)]
    assert city[BRANCH].exceptions() == []
    city.pass_days(1)
    for _ in range(2):
        assert kinds(repair(city, BRANCH)) == [(HOME, Kind.FINE_NOT_TAKEN, number)]
        city.pass_days(1)
    assert city[BRANCH].exceptions() == [("fine_not_taken", "", f"{HOME}: 200 fen owed here")]
    assert city[HOME].column("SELECT paid_fen FROM fine_mirror") == [200]


def test_a_place_of_another_reader_than_the_loan_is_left_and_shown_to_staff(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "UPDATE place SET reader = 'CQSPB-reader-3'")
    assert kinds(repair(city, OWNER)) == [(HOME, Kind.PLACE_OF_ANOTHER, op)]
    assert city[OWNER].exceptions() == [("place_of_another_reader", "", HOME)]
    assert city[HOME].column("SELECT reader FROM place") == ["CQSPB-reader-3"]


def test_a_loan_whose_reader_its_home_has_not_named_yet_is_no_difference(city: SmallCity) -> None:
    op = lend(city)
    write(city, OWNER, "UPDATE loan SET reader = NULL WHERE op = ?", op)
    assert look(city, OWNER) == ()


def test_what_is_seen_once_only_is_not_repaired(city: SmallCity) -> None:
    op = lend(city)
    write(city, HOME, "UPDATE place SET state = 'freed'")
    done = Deferred.fromCoroutine(city[OWNER].core.lookout.comparison.look_and_repair())
    heard: list[object] = []
    done.addCallback(heard.append)
    city.run_for(5.0)
    write(city, HOME, "UPDATE place SET state = 'held'")
    city.run_until(lambda: bool(heard), within_s=AGAIN_AFTER_S + 60.0)
    assert heard == [()]
    assert city[OWNER].column(f"SELECT version FROM loan WHERE op = '{op}'") == [1]


def test_a_difference_that_has_gone_when_it_is_to_be_repaired_is_left_alone(city: SmallCity) -> None:
    op = lend(city)
    steps = city[OWNER].core.lookout.comparison._steps
    for kind in (Kind.PLACE_WITHOUT_LOAN, Kind.FINE_NOT_MIRRORED):
        assert not city[OWNER].store.run_now(lambda tx, kind=kind: steps.repair(tx, Difference(HOME, kind, op)), "test")  # type: ignore[misc]
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.checkin(city.item(OWNER))).ok
    for kind in (Kind.LOAN_WITHOUT_PLACE, Kind.PLACE_DIFFERS):
        assert not city[OWNER].store.run_now(lambda tx, kind=kind: steps.repair(tx, Difference(HOME, kind, op)), "test")  # type: ignore[misc]
    city.check()


def test_the_same_notice_can_be_told_again_however_often_it_was_acknowledged(city: SmallCity) -> None:
    fine(city)
    for _ in range(2):
        write(city, HOME, "DELETE FROM fine_mirror")
        repair(city, BRANCH)
        city.pass_days(8)  # acknowledged notices are forgotten by then
        city[BRANCH].store.run_now(
            lambda tx: outbox.forget_acknowledged(tx, city.wall_ms() - 7 * DAY_MS, 100), "forget"
        )
        assert len(city[HOME].column("SELECT fine FROM fine_mirror")) == 1
