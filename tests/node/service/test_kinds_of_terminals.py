"""What a terminal of each kind may ask, what may be undone and from where, and what is taken with a remark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from federation.contract import Reason
from node.domain.terminal_kinds import ALWAYS, MAY_ASK
from node.kiosk.failures import RESPONSE_TO
from node.kiosk.terminal import Terminal
from sip2 import Message
from sip2 import messages as m
from sip2.dialects import Dialect
from tests.node.service.errands import lend
from tests.node.service.kiosks import Kiosk, end_of
from tests.node.service.mishaps import screen, sentence
from tests.node.service.small_city import TERMINALS, SmallCity

HERE, AWAY = "CQSPB", "CQBB"
SECRET = "hash:secret"
KINDS = {"gate": "gate", "return": "bin", "sorter": "so", "selfcheck": "sc", "staff": "staff"}
"""kind -> login of a terminal of that kind."""


def with_(*more: Terminal, **changes: Any) -> SmallCity:
    return SmallCity(
        (HERE, AWAY), terminals=(*TERMINALS, Terminal("so", "sorter", password_hash=SECRET), *more), **changes
    )


@pytest.fixture
def city() -> SmallCity:
    return with_()


REQUESTS: dict[str, Callable[[SmallCity, Kiosk], Message]] = {
    "01": lambda city, desk: desk.block(city.card(HERE)),
    "09": lambda city, desk: desk.checkin(city.item(HERE)),
    "11": lambda city, desk: desk.checkout(city.card(HERE), city.item(HERE, 2)),
    "15": lambda city, desk: desk.hold("+", city.card(HERE), city.item(HERE, 3)),
    "17": lambda city, desk: desk.item(city.item(HERE)),
    "19": lambda city, desk: desk.properties(city.item(HERE), "x"),
    "23": lambda city, desk: desk.status(city.card(HERE)),
    "25": lambda city, desk: desk.enable(city.card(HERE)),
    "29": lambda city, desk: desk.renew(city.card(HERE), city.item(HERE)),
    "35": lambda city, desk: desk.end_session(city.card(HERE)),
    "37": lambda city, desk: desk.pay(city.card(HERE), "0.10"),
    "63": lambda city, desk: desk.information(city.card(HERE), 2),
    "65": lambda city, desk: desk.renew_all(city.card(HERE)),
    "93": lambda _city, desk: m.Login(login_user_id=desk.login, login_password="secret"),
    "99": lambda _city, desk: desk.sc_status(),
}


def refused_for_kind(answer: Any) -> bool:
    return bool(getattr(answer, "screen_message", ())) and screen(answer) == sentence(Reason.NOT_SUPPORTED)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("code", REQUESTS)
def test_a_terminal_may_ask_what_the_table_says_of_its_kind_and_nothing_else(
    city: SmallCity, kind: str, code: str
) -> None:
    lend(city, HERE, city.card(HERE), city.item(HERE))
    city.pass_minutes(20)
    desk = city.kiosk(HERE, KINDS[kind])
    before = city[HERE].column("SELECT count(*) FROM kiosk_op")
    answer = desk.ask(REQUESTS[code](city, desk))
    may = code in MAY_ASK[kind] | ALWAYS or (code == "37" and kind in ("selfcheck", "staff"))
    assert answer.command == RESPONSE_TO[code]
    assert refused_for_kind(answer) == (not may)
    assert may or city[HERE].column("SELECT count(*) FROM kiosk_op") == before


def test_a_gate_changes_nothing_whatever_it_sends(city: SmallCity) -> None:
    card, item = city.card(HERE), city.item(HERE)
    lend(city, HERE, card, item)
    city.pass_days(40)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(item)).ok
    books = list(city[HERE].connection.iterdump())
    gate = city.kiosk(HERE, "gate")
    for code in ("01", "09", "11", "15", "19", "25", "29", "65"):
        assert refused_for_kind(gate.ask(REQUESTS[code](city, gate)))
    assert refused_for_kind(gate.ask(gate.checkout(card, city.item(HERE, 2), no_block=True)))
    assert refused_for_kind(gate.ask(gate.checkin(item, no_block=True)))
    assert refused_for_kind(gate.ask(gate.checkout(card, item, cancel=True)))
    assert refused_for_kind(gate.ask(gate.pay(card, "999999.00")))
    assert list(city[HERE].connection.iterdump()) == books


def test_a_block_that_a_bin_may_not_make_leaves_the_status_as_it_is_and_tells_nothing(city: SmallCity) -> None:
    bin_ = city.kiosk(HERE, "bin")
    answer = bin_.ask(bin_.block(city.card(HERE)))
    assert (answer.patron_status, answer.personal_name) == (" " * 14, "")


# --- changed for a terminal ------------------------------------------------------------------------------------------


def test_the_settings_give_a_terminal_more_or_less_than_its_kind() -> None:
    more = Terminal("more", "return", may_also=frozenset(("63",)), password_hash=SECRET)
    less = Terminal("less", "selfcheck", may_not=frozenset(("15", "65")), password_hash=SECRET)
    city = with_(more, less)
    bin_, desk = city.kiosk(HERE, "more"), city.kiosk(HERE, "less")
    assert bin_.ask(REQUESTS["63"](city, bin_)).valid_patron
    assert refused_for_kind(bin_.ask(REQUESTS["11"](city, bin_)))
    assert refused_for_kind(desk.ask(REQUESTS["15"](city, desk)))
    assert desk.ask(REQUESTS["11"](city, desk)).ok


@pytest.mark.parametrize(("kind", "may"), [("selfcheck", False), ("return", True), ("gate", True)])
def test_only_a_terminal_that_may_take_payment_takes_one(kind: Any, may: bool) -> None:
    city = with_(Terminal("till", kind, area="adult", may_take_payment=may, password_hash=SECRET))
    card, desk = city.card(HERE), city.kiosk(HERE, "till")
    lend(city, HERE, card, city.item(HERE))
    city.pass_days(31)
    other = city.kiosk(HERE)
    assert other.ask(other.checkin(city.item(HERE))).ok
    assert desk.ask(desk.pay(card, "0.10")).payment_accepted == may


# --- undone (BI) -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [HERE, AWAY])
@pytest.mark.parametrize("other", ["sc2", "staff"])
def test_a_checkout_is_undone_by_the_terminal_that_made_it_alone(city: SmallCity, owner: str, other: str) -> None:
    desk, elsewhere, item = city.kiosk(HERE), city.kiosk(HERE, other), city.item(owner)
    assert desk.ask(desk.checkout(city.card(HERE), item)).ok
    assert not elsewhere.ask(elsewhere.checkin(item, cancel=True)).ok
    assert list(city.loans().values()) == [item]
    assert desk.ask(desk.checkin(item, cancel=True)).ok
    city.settle()
    assert city.loans() == {}


@pytest.mark.parametrize("owner", [HERE, AWAY])
@pytest.mark.parametrize("other", ["sc2", "staff", "bin"])
def test_a_return_is_undone_by_the_terminal_that_took_it_alone(city: SmallCity, owner: str, other: str) -> None:
    item, card = city.item(owner), city.card(HERE)
    lend(city, HERE, card, item)
    city.pass_minutes(20)
    desk, elsewhere = city.kiosk(HERE), city.kiosk(HERE, other)
    assert desk.ask(desk.checkin(item)).ok
    assert not elsewhere.ask(elsewhere.checkout(card, item, cancel=True)).ok
    city.settle()
    assert city.loans() == {}
    assert desk.ask(desk.checkout(card, item, cancel=True)).ok
    city.settle()
    assert list(city.loans().values()) == [item]


@pytest.mark.parametrize("home", [HERE, AWAY])
@pytest.mark.parametrize("lent_at", [HERE, AWAY])
def test_a_return_is_undone_for_its_own_card_alone(city: SmallCity, home: str, lent_at: str) -> None:
    """As far as the branch can know whose loan it was: made here, or of a reader of its own."""
    item, card = city.item(HERE), city.card(home)
    lend(city, lent_at, card, item)
    city.pass_minutes(20)
    desk = city.kiosk(HERE)
    assert desk.ask(desk.checkin(item)).ok
    known = HERE in (home, lent_at)
    assert desk.ask(desk.checkout(city.card(home, 2), item, cancel=True)).ok != known
    city.settle()
    assert bool(city.loans()) != known


def test_a_bin_may_say_that_a_return_failed_and_lend_nothing(city: SmallCity) -> None:
    lend(city, HERE, city.card(HERE), city.item(HERE))
    bin_ = city.kiosk(HERE, "bin")
    assert bin_.ask(bin_.checkin(city.item(HERE))).ok
    assert bin_.ask(bin_.checkout("", city.item(HERE), cancel=True)).ok
    assert list(city.loans().values()) == [city.item(HERE)]


# --- off line --------------------------------------------------------------------------------------------------------


def off_line(city: SmallCity, login: str = "sc", **fields: Any) -> list[Any]:
    """A loan, its renewal and its return, made off line there; what is answered."""
    desk, card, item = city.kiosk(HERE, login), city.card(HERE), city.item(AWAY)
    due = end_of(city.today)
    told = [desk.ask(desk.checkout(card, item, no_block=True, **fields))]
    city.settle()
    city.pass_days(1)
    told.append(desk.ask(desk.renew(card, item, no_block=True, nb_due_date=due, **fields)))
    city.settle()
    city.pass_days(1)
    told.append(desk.ask(desk.checkin(item, no_block=True)))
    return told


def listed(city: SmallCity) -> list[str]:
    return [kind for kind, _barcode, _detail in city[HERE].exceptions()]


def test_what_a_terminal_did_off_line_that_was_never_told_that_it_may_is_taken_and_listed() -> None:
    city = with_(changes={"offline_ok": False})
    assert all(each.ok for each in off_line(city))
    assert listed(city) == ["no_block_not_offered"] * 3
    city.settle()
    assert city.loans() == {}


@pytest.mark.parametrize(("library", "terminal", "count"), [(False, True, 0), (True, False, 3), (True, None, 0)])
def test_what_98_tells_the_terminal_decides(library: bool, terminal: bool | None, count: int) -> None:
    own = Terminal("own", "selfcheck", dialect=Dialect(offline_ok=terminal), password_hash=SECRET)
    city = with_(own, changes={"offline_ok": library})
    desk = city.kiosk(HERE, "own")
    assert desk.ask(desk.sc_status()).offline_ok == (count == 0)
    assert all(each.ok for each in off_line(city, "own"))
    assert listed(city) == ["no_block_not_offered"] * count


def test_a_transaction_that_comes_again_is_listed_once() -> None:
    city = with_(changes={"offline_ok": False})
    desk = city.kiosk(HERE)
    request = desk.checkout(city.card(HERE), city.item(HERE), no_block=True)
    assert [desk.ask(request).ok for _ in range(3)] == [True] * 3
    assert listed(city) == ["no_block_not_offered"]


@pytest.mark.parametrize(
    ("login", "pin", "count"),
    [("pin", None, 2), ("pin", "9999", 2), ("pin", "0001", 0), ("sc", None, 0), ("sc", "9999", 2)],
)
def test_a_loan_made_off_line_without_the_right_pin_is_taken_and_listed(
    login: str, pin: str | None, count: int
) -> None:
    city = with_(Terminal("pin", "selfcheck", pin="required", password_hash=SECRET))
    assert all(each.ok for each in off_line(city, login, patron_password=pin))
    assert listed(city) == ["no_block_without_pin"] * count


def test_a_pin_that_nobody_can_check_is_taken_and_listed(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    city.isolate(AWAY)
    assert desk.ask(desk.checkout(city.card(AWAY), city.item(HERE), no_block=True, patron_password="0001")).ok
    assert listed(city) == ["no_block_without_pin"]
