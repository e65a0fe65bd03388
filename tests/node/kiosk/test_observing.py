"""What is counted and logged of the kiosks' lines, and that nobody can fill a disk from one."""

from __future__ import annotations

from prometheus_client import generate_latest

from node.kiosk.answered import done, refused
from node.kiosk.observing import EdgeObserver
from node.kiosk.terminal import Session, Terminal
from node.observe.metrics import Metrics
from node.observe.outcomes import EdgeReason
from sip2 import messages as m

STATUS = m.ScStatus(status_code="0", max_print_width=80)


class Notebook:
    """An `EventLog`."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []

    def event(self, name: str, /, **fields: object) -> None:
        self.events.append((name, fields))

    def accident(self, name: str, failure: object, /, **fields: object) -> None:
        self.events.append((name, fields))


def at(login: str) -> Session:
    session = Session()
    session.login(Terminal(login, "selfcheck"))
    return session


def test_a_thousand_disturbances_are_ten_lines_with_their_count() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    for _ in range(1000):
        observer.disturbed("ignored", at("sc1"))
    assert [fields["count"] for _, fields in notes.events] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    observer.disturbed("ignored", at("sc2"))
    assert notes.events[-1][1] == {"reason": "ignored", "terminal": "sc2", "count": 1}


def test_a_silent_line_is_no_malformed_message_and_a_repeat_is_a_repeat() -> None:
    metrics = Metrics(["sc1"], [], [])
    observer = EdgeObserver(metrics, Notebook())
    for what in ("idle", "displaced", "duplicate", "damaged"):
        observer.disturbed(what, at("sc1"))
    text = generate_latest(metrics.registry).decode()
    counted = [line for line in text.splitlines() if line.startswith("tongjie_sip2_requests_total{")]
    assert sorted(line.partition("outcome=")[2] for line in counted) == [
        '"malformed",terminal="sc1"} 1.0',
        '"repeated",terminal="sc1"} 1.0',
    ]


def test_a_heartbeat_is_not_logged() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    answer = done(m.LoginResponse(ok=True))
    observer.answered(STATUS, answer, at("sc1"), 0.01)
    observer.answered(m.Login(login_user_id="u", login_password="p"), answer, at("sc1"), 0.01)
    assert [fields["message"] for _, fields in notes.events] == ["93"]


def test_a_refused_login_is_named_with_its_address_and_reason_and_a_guesser_makes_few_lines() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    observer.login_refused("sc1", "10.0.0.7", EdgeReason.WRONG_PASSWORD)
    for number in range(1000):
        observer.login_refused(f"guess{number}", "10.0.0.9", EdgeReason.UNKNOWN_LOGIN)
    assert notes.events[0] == (
        "login_refused",
        {"login": "sc1", "address": "10.0.0.7", "reason": "wrong_password", "count": 1},
    )
    assert [fields["count"] for _, fields in notes.events[1:]] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]


def test_a_login_that_was_refused_without_a_check_has_no_line_of_its_own() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    for _ in range(100):
        answer = refused(m.LoginResponse(ok=False), EdgeReason.TOO_MANY_WRONG_LOGINS)
        observer.answered(m.Login(login_user_id="u", login_password="p"), answer, Session(), 0.01)
    assert notes.events == []


def test_after_a_right_login_the_next_wrong_one_is_told_at_once() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics(["sc1"], [], []), notes)
    for _ in range(3):
        observer.login_refused("sc1", "10.0.0.7", EdgeReason.WRONG_PASSWORD)
    observer.answered(m.Login(login_user_id="sc1", login_password="p"), done(m.LoginResponse(ok=True)), at("sc1"), 0.01)
    observer.login_refused("sc1", "10.0.0.7", EdgeReason.WRONG_PASSWORD)
    counts = [fields["count"] for name, fields in notes.events if name == "login_refused"]
    assert counts == [1, 2, 1]


def test_guessers_at_a_thousand_addresses_take_bounded_room() -> None:
    notes = Notebook()
    observer = EdgeObserver(Metrics([], [], []), notes)
    for number in range(10_000):
        observer.login_refused("x", f"10.0.{number // 256}.{number % 256}", EdgeReason.UNKNOWN_LOGIN)
    assert len(notes.events) < 2_100
