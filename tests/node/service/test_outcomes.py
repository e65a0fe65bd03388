"""Each outcome of each request happens for real, and reaches metric and log with its reason and its operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from federation.contract import Reason
from node.observe.outcomes import EdgeReason, Outcome
from sip2 import Message, encode, tailoring
from sip2 import messages as m
from tests.node.service.errands import city_at_work
from tests.node.service.kiosks import Kiosk
from tests.node.service.mishaps import read_only_disk
from tests.node.service.notebook import counted
from tests.node.service.small_city import SmallCity

BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"
NOBODY = "unknown"  # the label of a line without a login
NO_CARD, NO_ITEM = "2350299999999", "CQBB0199999999"
Make = Callable[[SmallCity, Kiosk], Message]

LOGIN = m.Login(login_user_id="sc", login_password="secret")
SOUND: dict[str, Make] = {
    "01": lambda city, desk: desk.block(city.card(HOME)),
    "09": lambda city, desk: desk.checkin(city.item(OWNER)),
    "11": lambda city, desk: desk.checkout(city.card(HOME), city.item(OWNER, 2)),
    "15": lambda city, desk: desk.hold("+", city.card(BRANCH), city.item(OWNER)),
    "17": lambda city, desk: desk.item(city.item(OWNER)),
    "19": lambda city, desk: desk.properties(city.item(BRANCH), "a torn page"),
    "23": lambda city, desk: desk.status(city.card(HOME)),
    "25": lambda city, desk: desk.enable(city.card(HOME)),
    "29": lambda city, desk: desk.renew(city.card(HOME), city.item(OWNER)),
    "35": lambda city, desk: desk.end_session(city.card(HOME)),
    "37": lambda city, desk: desk.pay(city.card(BRANCH), "0.20"),
    "63": lambda city, desk: desk.information(city.card(HOME), 2),
    "65": lambda city, desk: desk.renew_all(city.card(HOME)),
    "93": lambda _city, _desk: LOGIN,
    "99": lambda _city, desk: desk.sc_status(),
}
# Where the branch needs its own books alone.
OWN: dict[str, Make] = {
    "17": lambda city, desk: desk.item(city.item(BRANCH)),
    "23": lambda city, desk: desk.status(city.card(BRANCH)),
    "63": lambda city, desk: desk.information(city.card(BRANCH)),
}
OPERATIONS = ("01", "09", "11", "15", "19", "25", "29", "37", "65")
REFUSED: dict[str, tuple[Make, str]] = {
    "01": (lambda _city, desk: desk.block(NO_CARD), Reason.UNKNOWN_CARD),
    "09": (lambda _city, desk: desk.checkin(NO_ITEM), Reason.UNKNOWN_ITEM),
    "11": (lambda city, desk: desk.checkout(city.card(BRANCH), city.item(BRANCH, 14)), Reason.NOT_LENDABLE),
    "15": (lambda city, desk: desk.hold("+", city.card(BRANCH)), EdgeReason.FIELD_MISSING),
    "17": (lambda _city, desk: desk.item(NO_ITEM), Reason.UNKNOWN_ITEM),
    "19": (lambda _city, desk: desk.properties(NO_ITEM, "torn"), Reason.UNKNOWN_ITEM),
    "23": (lambda _city, desk: desk.status(NO_CARD), Reason.UNKNOWN_CARD),
    "25": (lambda city, desk: desk.enable(city.card(BRANCH)), Reason.STAFF_ONLY),
    "29": (lambda city, desk: desk.renew(city.card(BRANCH), city.item(OWNER)), Reason.NOT_BORROWER),
    "37": (lambda city, desk: desk.pay(city.card(BRANCH), "0.20", currency_type="USD"), EdgeReason.FOREIGN_CURRENCY),
    "63": (lambda city, desk: desk.information(city.card(HOME), patron_password="0"), Reason.PIN_WRONG),
    "65": (lambda _city, desk: desk.renew_all(NO_CARD), Reason.UNKNOWN_CARD),
    "93": (lambda _city, _desk: m.Login(login_user_id="sc", login_password="no"), EdgeReason.WRONG_PASSWORD),
    "99": (
        lambda _city, _desk: m.ScStatus(status_code="0", max_print_width=80, protocol_version="0.90"),
        EdgeReason.OLD_VERSION,
    ),
}
UNKNOWN: dict[str, tuple[str, Reason]] = {
    **dict.fromkeys(("11", "15", "17", "29"), (OWNER, Reason.OWNER_UNREACHABLE)),
    **dict.fromkeys(("23", "25", "63", "65"), (HOME, Reason.HOME_UNREACHABLE)),
}


@pytest.fixture
def city() -> SmallCity:
    return city_at_work()


class Counter:
    """One terminal of the branch, and what the node counted of it since."""

    def __init__(self, city: SmallCity, code: str, login: str = "") -> None:
        self.city, self.code = city, code
        self.desk = city.kiosk(BRANCH, login or ("staff" if code == "25" else "sc"))
        self.start()

    def start(self) -> None:
        self._before = self._series()

    def _series(self) -> dict[tuple[str, ...], float]:
        found: dict[tuple[str, ...], float] = {}
        for family in self.city[BRANCH].core.metrics.registry.collect():
            for each in family.samples:
                if each.name in ("tongjie_sip2_requests_total", "tongjie_sip2_refusals_total"):
                    found[each.name, *each.labels.values()] = each.value
        return found

    def counted(self) -> dict[tuple[str, ...], float]:
        """(metric, its labels) of what was counted since."""
        return {
            key: value - self._before.get(key, 0)
            for key, value in self._series().items()
            if value > self._before.get(key, 0)
        }

    def ask(self, make: Make) -> None:
        self.desk.ask(make(self.city, self.desk))

    def line(self) -> dict[str, Any]:
        return self.city[BRANCH].log.of("sip2")[-1]

    def expect(self, outcome: Outcome, reason: str | None = None, terminal: str = "") -> None:
        """One request of this code was counted and, but for the heartbeat, logged so."""
        expected: dict[tuple[str, ...], float] = {
            ("tongjie_sip2_requests_total", self.code, outcome, terminal or self.desk.login): 1.0
        }
        if outcome in (Outcome.REFUSED, Outcome.UNKNOWN):
            assert reason is not None
            expected["tongjie_sip2_refusals_total", self.code, reason] = 1.0
        assert self.counted() == expected
        if self.code == "99":
            return
        line = self.line()
        assert (line["message"], line["outcome"], line.get("reason")) == (self.code, outcome, reason)
        assert "dropped" not in line


# --- the decision's own outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(SOUND))
def test_what_was_done_is_ok_and_names_its_operation(city: SmallCity, code: str) -> None:
    counter = Counter(city, code)
    counter.ask(SOUND[code])
    counter.expect(Outcome.OK)
    if code != "99":
        assert ("op" in counter.line()) == (code in OPERATIONS)


@pytest.mark.parametrize("code", list(REFUSED))
def test_what_was_refused_tells_its_reason(city: SmallCity, code: str) -> None:
    make, reason = REFUSED[code]
    counter = Counter(city, code, login="sc")
    counter.ask(make)
    counter.expect(Outcome.REFUSED, reason, NOBODY if code == "93" else "sc")


def test_without_its_login_a_terminal_is_refused_for_that() -> None:
    city = SmallCity(changes={"login_required": True})
    counter = Counter(city, "35")
    counter.desk.ask(REFUSED["93"][0](city, counter.desk))
    counter.ask(SOUND["35"])
    assert counter.line() == {
        **{"message": "35", "outcome": "refused", "reason": "login_required", "terminal": ""},
        "ms": counter.line()["ms"],
    }


@pytest.mark.parametrize("code", list(UNKNOWN))
def test_a_no_because_a_library_is_silent_is_unknown_and_no_refusal(city: SmallCity, code: str) -> None:
    silent, reason = UNKNOWN[code]
    city.cut(BRANCH, silent)
    counter = Counter(city, code)
    counter.ask(SOUND[code])
    counter.expect(Outcome.UNKNOWN, reason)


@pytest.mark.parametrize("code", OPERATIONS)
def test_the_same_request_on_a_new_line_is_repeated_under_the_same_operation(city: SmallCity, code: str) -> None:
    counter = Counter(city, code)
    request = SOUND[code](city, counter.desk)
    counter.desk.ask(request)
    first = counter.line()
    counter.desk.connect()
    counter = Counter(city, code)
    counter.desk.ask(request)
    counter.expect(Outcome.REPEATED)
    assert counter.line()["op"] == first["op"]


@pytest.mark.parametrize("code", ["11", "17", "63"])
def test_the_same_bytes_on_the_same_line_are_repeated(city: SmallCity, code: str) -> None:
    counter = Counter(city, code)
    data = counter.desk.bytes_of(SOUND[code](city, counter.desk))
    counter.desk.send(data)
    counter.expect(Outcome.OK)
    counter.start()
    counter.desk.send(data)
    assert counter.counted() == {("tongjie_sip2_requests_total", code, "repeated", "sc"): 1.0}


@pytest.mark.parametrize("lent", [True, False])
def test_a_gate_that_opens_is_ok_and_one_that_stays_shut_says_why(city: SmallCity, lent: bool) -> None:
    gate = city.kiosk(BRANCH, "gate")
    gate.ask(gate.status(city.card(HOME) if lent else NO_CARD))
    line = city[BRANCH].log.of("sip2")[-1]
    told = (line["outcome"], line.get("reason"))
    assert told == (("ok", None) if lent else ("refused", "unknown_card"))


# --- what no decision was made about ---------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(SOUND))
def test_an_accident_is_an_error_whatever_the_fields_of_its_answer_say(
    city: SmallCity, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(city, code)

    def broken(_answer: Message, _dialect: object) -> Message:
        raise RuntimeError("an accident on the way out")

    monkeypatch.setattr(tailoring, "answered", broken)
    counter.ask(SOUND[code])
    counter.expect(Outcome.ERROR, Reason.BUSY)


@pytest.mark.parametrize("code", ["01", "09", "11", "15", "17", "19", "23", "29", "37", "63", "65"])
def test_a_database_that_fails_is_an_error(city: SmallCity, code: str) -> None:
    counter = Counter(city, code)
    store: Any = city[BRANCH].store
    store.run = store.read = lambda *_asked: fail(RuntimeError("the disk"))
    counter.ask(OWN.get(code, SOUND[code]))
    counter.expect(Outcome.ERROR, Reason.BUSY)


def test_a_disk_that_refuses_writes_is_an_error_and_the_heartbeat_says_so(city: SmallCity) -> None:
    counter = Counter(city, "11")
    with read_only_disk(city[BRANCH]):
        counter.ask(SOUND["11"])
    counter.expect(Outcome.ERROR, Reason.BUSY)
    city[BRANCH].store.writable = False
    counter = Counter(city, "99")
    counter.ask(SOUND["99"])
    counter.expect(Outcome.REFUSED, EdgeReason.NOT_WRITABLE)


@pytest.mark.parametrize("code", ["01", "09", "11", "15", "17", "23", "29", "37", "63", "93"])
def test_an_answer_that_does_not_come_is_late(city: SmallCity, code: str) -> None:
    counter = Counter(city, code)
    core: Any = city[BRANCH].core
    store: Any = city[BRANCH].store
    store.run = store.read = lambda *_asked: Deferred()
    core.kiosks.edge.answerer._logins.check = lambda *_asked: Deferred()
    counter.ask(OWN.get(code, SOUND[code]))
    counter.expect(Outcome.LATE, Reason.IN_DOUBT, NOBODY if code == "93" else "sc")


def test_what_cannot_be_read_is_malformed(city: SmallCity) -> None:
    counter = Counter(city, "11")
    sound = counter.desk.bytes_of(SOUND["11"](city, counter.desk))
    counter.desk.send(sound.replace(b"CQCQ", b"CQCX"))
    assert counter.counted() == {("tongjie_sip2_requests_total", "other", "malformed", "sc"): 1.0}


def test_what_was_read_with_holes_is_malformed_and_answered(city: SmallCity) -> None:
    counter = Counter(city, "17")
    sound = encode(SOUND["17"](city, counter.desk)).rstrip(b"\r")
    counter.desk.send(sound + b"CH\xff\xff|\r")
    assert counter.counted() == {
        ("tongjie_sip2_requests_total", "17", "malformed", "sc"): 1.0,
        ("tongjie_sip2_requests_total", "17", "ok", "sc"): 1.0,
    }


# --- an operation at every library that took part --------------------------------------------------------------


def test_the_operation_of_a_checkout_stands_in_the_log_of_branch_owner_and_home(city: SmallCity) -> None:
    counter = Counter(city, "11")
    counter.ask(SOUND["11"])
    op = counter.line()["op"]
    assert city[OWNER].log.of("federation")[-1] == {"op": op, "peer": BRANCH, "method": "checkout", "outcome": "ok"}
    assert city[HOME].log.of("federation")[-1] == {"op": op, "peer": OWNER, "method": "hold_place", "outcome": "ok"}


def test_a_refusal_of_another_library_has_its_reason_at_both(city: SmallCity) -> None:
    counter = Counter(city, "11")
    counter.ask(lambda city, desk: desk.checkout(city.card(HOME), city.item(OWNER, 14)))
    counter.expect(Outcome.REFUSED, Reason.NOT_LENDABLE)
    answered = city[OWNER].log.of("federation")[-1]
    assert (answered["op"], answered["outcome"], answered["reason"]) == (
        counter.line()["op"],
        "refused",
        "not_lendable",
    )
    asked, owner = city[BRANCH].core.metrics, city[OWNER].core.metrics
    calls = {"peer": OWNER, "method": "checkout", "outcome": "refused"}
    assert counted(asked, "tongjie_federation_calls_total", **calls) == 1
    assert counted(asked, "tongjie_federation_refusals_total", method="checkout", reason="not_lendable") == 1
    assert counted(owner, "tongjie_federation_answers_total", **{**calls, "peer": BRANCH}) == 1


def test_nothing_of_a_reader_is_in_any_line(city: SmallCity) -> None:
    for code, make in SOUND.items():
        Counter(city, code).ask(make)
    for node in city.nodes.values():
        text = str(node.log.lines)
        assert not any(city.card(code) in text for code in city.nodes)
        assert "读者" not in text
        assert "'dropped'" not in text


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (m.Login(login_user_id="nobody", login_password="open sesame"), EdgeReason.UNKNOWN_LOGIN),
        (m.Login(login_user_id="sc", login_password="open sesame"), EdgeReason.WRONG_PASSWORD),
        (m.Login(uid_algorithm="1", login_user_id="sc", login_password="open sesame"), EdgeReason.LOGIN_ENCRYPTED),
    ],
)
def test_a_refused_login_is_logged_by_name_and_without_its_password(
    city: SmallCity, asked: m.Login, reason: EdgeReason
) -> None:
    desk = city.kiosk(BRANCH)
    assert not desk.ask(asked).ok
    (line,) = city[BRANCH].log.of("login_refused")
    assert (line["login"], line["reason"], line["count"]) == (asked.login_user_id, reason, 1)
    assert "sesame" not in repr(city[BRANCH].log.lines)
