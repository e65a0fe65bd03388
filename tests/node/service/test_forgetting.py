"""What the books forget in time, and that nobody is answered otherwise because of it."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred

from federation.contract import CancelOp, FineOrder, FineSnapshot, ItemReturned, LoanRecorded, Notice, ReopenLoan
from node.storage import tally
from tests.node.service.kiosks import sip_date
from tests.node.service.members import deliver, new_op
from tests.node.service.small_city import SmallCity

HOME, OWNER, BRANCH = "CQSPB", "CQBB", "CQCQ"
LATE_DAYS = 33
CODES = (HOME, OWNER, BRANCH)


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


def a_night(city: SmallCity) -> None:
    city.settle()
    for code in CODES:
        city.wait_for(Deferred.fromCoroutine(city[code].core.forgetting.forget()))


def everything(city: SmallCity) -> str:
    """All that stands in any table but the lists of items and cards."""
    found = []
    for code in CODES:
        connection = city[code].connection
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if table not in ("item", "card", "meta"):
                found += [f"{code}.{table}: {row}" for row in connection.execute(f"SELECT * FROM {table}").fetchall()]
    return "\n".join(found)


def names_of(city: SmallCity, card: str, item: str) -> list[str]:
    """The reader of that card, the title of that item, the digests of the card at each library."""
    (reader,) = city[HOME].column(f"SELECT reader FROM card WHERE card = '{card}'")
    (title,) = city[OWNER].column(f"SELECT title FROM item WHERE barcode = '{item}'")
    digests = [city[code].core.desk.branch.memory.card_digest(card) for code in CODES]
    return [f"'{reader}'", f'"{reader}"', title, *digests]


def lend_and_return(city: SmallCity, days: int) -> tuple[str, str]:
    card, item = city.card(HOME), city.item(OWNER)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(card, item)).ok
    city.pass_days(days)
    assert city.kiosk(BRANCH, "bin").ask(desk.checkin(item)).ok
    city.settle()
    return card, item


def test_a_month_after_its_return_nobody_can_tell_who_had_the_item(city: SmallCity) -> None:
    card, item = lend_and_return(city, 10)
    names = names_of(city, card, item)
    a_night(city)
    assert all(name in everything(city) for name in names[1:3])
    city.pass_days(31)
    a_night(city)
    left = everything(city)
    seen = [line for line in left.splitlines() if ".seen_card:" not in line]
    assert [name for name in names for line in seen if name in line] == []
    city.check()


def test_what_is_on_loan_is_not_forgotten_however_long_it_lasts(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.checkout(card, item)).ok
    for _ in range(3):
        city.pass_days(300)
        a_night(city)
    assert list(city.loans().values()) == [item]
    city.check()
    found = desk.ask(desk.information(card, wanted=2))
    assert found.charged_items_count == 1
    assert city.kiosk(BRANCH, "bin").ask(desk.checkin(item)).ok
    city.settle()
    city.check()
    assert city[OWNER].column("SELECT reader FROM loan") != [""]


def test_a_fee_that_is_not_paid_keeps_its_title_and_its_reader(city: SmallCity) -> None:
    card, _item = lend_and_return(city, LATE_DAYS)
    desk = city.kiosk(BRANCH)
    before = desk.ask(desk.information(card, wanted=4))
    for _ in range(3):
        city.pass_days(200)
        a_night(city)
    after = desk.ask(desk.information(card, wanted=4))
    assert (after.fine_items, after.fee_amount) == (before.fine_items, before.fee_amount)
    assert after.fee_amount
    assert "" not in city[HOME].column("SELECT reader FROM place")
    paid = desk.ask(desk.pay(card, "0.60"))
    assert paid.payment_accepted
    city.settle()
    city.pass_days(31)
    a_night(city)
    assert city[HOME].column("SELECT reader || title FROM place") in ([""], [])
    assert city[BRANCH].column("SELECT title || barcode FROM fine") == [""]
    assert city[BRANCH].column("SELECT amount_fen FROM payment") == [60]


def test_what_is_told_stays_until_nothing_can_refer_to_it_and_then_goes(city: SmallCity) -> None:
    lend_and_return(city, 10)
    city.pass_days(380)
    a_night(city)
    assert len(city[BRANCH].column("SELECT op FROM kiosk_op")) == 2
    city.pass_days(30)
    a_night(city)
    tables = ("kiosk_op", "owner_op", "loan", "evidence", "place", "outbox")
    left = {(name, code): len(city[code].column(f"SELECT 1 FROM {name}")) for name in tables for code in CODES}
    assert left == dict.fromkeys(left, 0) | {("kiosk_op", BRANCH): 1}  # the newest, from which the next are counted


def test_operations_are_counted_on_although_all_of_them_were_forgotten(city: SmallCity) -> None:
    for _ in range(3):
        lend_and_return(city, 10)
        city.pass_days(500)
        a_night(city)
    assert city[BRANCH].column("SELECT seq FROM kiosk_op") == [6]
    assert city[BRANCH].column("SELECT card_digest FROM kiosk_op") == [""]


def test_what_a_kiosk_did_off_line_is_not_done_again_years_later(city: SmallCity) -> None:
    card, item = city.card(HOME), city.item(OWNER)
    desk = city.kiosk(BRANCH)
    stored = desk.checkout(card, item, no_block=True, transaction_date=sip_date(city.wall_ms() - 3_600_000))
    assert desk.ask(stored).ok
    city.settle()
    assert city.kiosk(BRANCH, "bin").ask(desk.checkin(item)).ok
    for _ in range(3):
        city.pass_days(400)
        a_night(city)
    assert desk.ask(desk.checkout(city.card(HOME, 2), item)).ok  # meanwhile somebody else has it
    before = city.loans()
    assert desk.ask(stored).ok
    city.settle()
    assert city.loans() == before


def test_a_clock_that_stands_still_for_years_lends_again_and_makes_a_loan(city: SmallCity) -> None:
    """The same words at both times, and the owner remembers them longer than the branch."""
    card, item = city.card(HOME), city.item(OWNER)
    desk = city.kiosk(BRANCH)
    words: dict[str, Any] = {"transaction_date": sip_date(city.wall_ms())}
    assert desk.ask(desk.checkout(card, item, **words)).ok
    city.pass_days(25)
    assert city.kiosk(OWNER, "bin").ask(desk.checkin(item)).ok
    city.pass_days(390)
    city.settle()
    city.wait_for(Deferred.fromCoroutine(city[BRANCH].core.forgetting.forget()))
    assert len(city[BRANCH].column("SELECT op FROM kiosk_op")) == 1
    city[BRANCH].connection.execute("DELETE FROM kiosk_op")
    assert city[OWNER].column("SELECT state FROM owner_op") == ["done"]
    assert desk.ask(desk.checkout(card, item, **words)).ok
    city.settle()
    assert list(city.loans().values()) == [item]
    city.check()


def test_late_news_of_what_is_forgotten_is_acknowledged(city: SmallCity) -> None:
    _card, item = lend_and_return(city, LATE_DAYS)
    (op,) = city[OWNER].column("SELECT op FROM loan")
    (returned,) = city[OWNER].column("SELECT op FROM evidence")
    (order,) = city[BRANCH].column("SELECT ordered FROM fine")
    desk = city.kiosk(BRANCH)
    assert desk.ask(desk.pay(city.card(HOME), "0.60")).payment_accepted
    at_ms = city.wall_ms()
    for days in (40, 420):
        city.pass_days(days)
        a_night(city)
        due = city.today
        fine = FineOrder(order, 1, op, OWNER, BRANCH, HOME, "r", item, "t", due, due, 3, 60)
        snapshot = FineSnapshot(order, BRANCH, 1, 9, "r", item, "t", due, 60, 0)
        new = LoanRecorded(new_op(), city.card(HOME), HOME, item, BRANCH, at_ms, due)
        to_owner: list[Notice] = [
            ReopenLoan(new_op(), returned, item, BRANCH),
            CancelOp(op, item, BRANCH),
            ItemReturned(returned, item, BRANCH, at_ms),
        ]
        if days == 420:
            to_owner.append(new)
        assert all(receipt.taken for receipt in deliver(city, BRANCH, OWNER, *to_owner))
        assert all(receipt.taken for receipt in deliver(city, OWNER, BRANCH, fine))
        assert all(receipt.taken for receipt in deliver(city, BRANCH, HOME, snapshot))
        assert city.loans() == {}
        assert desk.ask(desk.information(city.card(HOME))).charged_items_count == 0


def test_the_kept_counts_are_those_of_the_rows(city: SmallCity) -> None:
    lend_and_return(city, LATE_DAYS)
    desk = city.kiosk(OWNER)
    assert desk.ask(desk.checkout(city.card(OWNER), city.item(OWNER, 2))).ok
    for code in CODES:
        assert city[code].read(tally.errors) == {}
    assert city[OWNER].read(lambda tx: tally.value(tx, tally.LOANS_ACTIVE)) == 1
    assert city[BRANCH].read(lambda tx: tally.value(tx, tally.FINES_OUTSTANDING_FEN)) == 60


def test_a_night_that_is_cut_short_goes_on_the_next(city: SmallCity) -> None:
    for number in range(1, 8):
        desk = city.kiosk(OWNER)
        assert desk.ask(desk.checkout(city.card(OWNER), city.item(OWNER, number))).ok
        assert desk.ask(desk.checkin(city.item(OWNER, number))).ok
    city.pass_days(31)
    core = city[OWNER].core
    city.wait_for(Deferred.fromCoroutine(core.forgetting.forget(within_s=0.004)))
    assert 0 < len(city[OWNER].column("SELECT 1 FROM kiosk_op WHERE card_digest <> ''")) < 14
    a_night(city)
    assert city[OWNER].column("SELECT 1 FROM kiosk_op WHERE card_digest <> ''") == []
