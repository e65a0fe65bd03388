"""Logins under attack: who is checked, in which order, and what an address that guesses is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from node.kiosk.known_logins import KEEP_AFTER_S, KnownLogins
from node.kiosk.logins import WAITING_MAX, WRONG_AT_ADDRESS, WRONG_LOGINS, Logins, household
from node.kiosk.terminal import Terminal
from node.observe.outcomes import EdgeReason
from node.storage.opening import new_memory_database
from node.storage.sqlite import InlineStore

KIOSKS = [Terminal(f"sc{number}", "selfcheck", password_hash=f"hash:pw{number}") for number in range(2_000)]
GATE = Terminal("gate", "gate", area="adult", password_hash="hash:gate")


class SlowHash:
    """Each check waits until the test lets it end. `begun`: the hashes that were checked."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._running: list[tuple[Deferred[bool], bool]] = []

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        self.begun.append(hashed)
        answer: Deferred[bool] = Deferred()
        self._running.append((answer, hashed == f"hash:{secret}"))
        return answer

    def end(self) -> bool:
        """Let the oldest check end; whether there was one."""
        if not self._running:
            return False
        answer, right = self._running.pop(0)
        answer.callback(right)
        return True

    def end_all(self) -> None:
        while self.end():
            pass


class Port:
    """The logins of a node with slow hashes, over a database that outlives it."""

    def __init__(self, database: Any = None, secret: bytes = b"", terminals: Iterable[Terminal] = KIOSKS) -> None:
        self.clock = Clock()
        self.hashes = SlowHash()
        self.database = database or new_memory_database()
        logins = [each.login for each in terminals]
        self.known = KnownLogins(
            InlineStore(self.database), self.clock, digest_key=b"k" * 32, secret=secret, logins=logins
        )
        load: Deferred[None] = Deferred.fromCoroutine(self.known.load())
        assert load.called
        self.logins = Logins(self.hashes, self.known, self.clock)

    def try_(self, terminal: Terminal | None, password: str, host: str = "10.0.0.1") -> Try:
        return Try(self.logins.check(terminal, password, host))

    def right(self, number: int, host: str = "10.0.0.1") -> Try:
        return self.try_(KIOSKS[number], f"pw{number}", host)


class Try:
    """A login whose answer may come later. `answer`: None while it waits; "right", or the reason."""

    def __init__(self, checking: Deferred[Any]) -> None:
        self.answer: str | None = None
        self._checking = checking
        checking.addCallbacks(self._told, self._failed)

    def _told(self, why: EdgeReason | None) -> None:
        self.answer = "right" if why is None else why

    def _failed(self, failure: Failure) -> None:
        failure.trap(CancelledError)
        self.answer = "cancelled"

    def hang_up(self) -> None:
        self._checking.cancel()


@pytest.fixture
def port() -> Port:
    return Port()


def test_a_right_login_is_right_and_a_wrong_one_and_one_of_nobody_say_so(port: Port) -> None:
    tries = [port.right(0), port.try_(KIOSKS[1], "?", "10.0.0.2"), port.try_(None, "?", "10.0.0.3")]
    port.hashes.end_all()
    assert [each.answer for each in tries] == ["right", EdgeReason.WRONG_PASSWORD, EdgeReason.UNKNOWN_LOGIN]


def test_nobodys_login_is_checked_against_nothing_so_that_it_takes_as_long(port: Port) -> None:
    port.try_(None, "?")
    assert port.hashes.begun == [""]


def test_what_waits_leaves_with_its_connection_and_costs_no_hash(port: Port) -> None:
    for number in range(4_000):
        port.try_(KIOSKS[number % 1_000], "?", f"10.1.{number // 250}.{number % 250}").hang_up()
    kiosk = port.right(1_500)
    port.hashes.end()  # the one that was being checked as its connection ended
    port.hashes.end()
    assert kiosk.answer == "right"
    assert len(port.hashes.begun) == 2


def test_an_address_that_guesses_waits_behind_others_and_others_wait_for_one_of_its_guesses(port: Port) -> None:
    for number in range(200):
        port.try_(KIOSKS[number], "?", "10.9.9.9")
    kiosks = [port.right(1_000 + number, f"10.0.0.{number}") for number in range(5)]
    for _ in range(12):
        port.hashes.end()
    assert [kiosk.answer for kiosk in kiosks] == ["right"] * 5


def test_gates_come_first_and_logins_of_nobody_last(port: Port) -> None:
    port.right(0)
    port.try_(None, "?", "10.0.0.5")
    port.right(1, "10.0.0.6")
    port.try_(GATE, "gate", "10.0.0.7")
    port.hashes.end_all()
    assert port.hashes.begun == ["hash:pw0", "hash:gate", "hash:pw1", ""]


def test_a_terminal_that_was_right_is_known_again_at_once_while_others_guess(port: Port) -> None:
    port.right(0)
    port.hashes.end_all()
    for number in range(100):
        port.try_(KIOSKS[number], "?")
    assert port.right(0).answer == "right"
    assert port.try_(KIOSKS[0], "?", "10.0.0.2").answer is None


def test_a_new_password_in_the_settings_makes_the_old_one_worthless(port: Port) -> None:
    port.right(0)
    port.hashes.end_all()
    changed = Terminal("sc0", "selfcheck", password_hash="hash:new")
    old = port.try_(changed, "pw0")
    port.hashes.end_all()
    assert old.answer == EdgeReason.WRONG_PASSWORD


def guesses(port: Port, terminal: Terminal | None, times: int, host: str = "10.0.0.1") -> list[str | None]:
    answers = []
    for _ in range(times):
        tried = port.try_(terminal, "?", host)
        port.hashes.end_all()
        answers.append(tried.answer)
    return answers


def test_wrong_logins_of_an_address_are_refused_without_a_check_after_a_few(port: Port) -> None:
    burst = WRONG_LOGINS.burst
    assert guesses(port, KIOSKS[0], burst + 2)[burst:] == [EdgeReason.TOO_MANY_WRONG_LOGINS] * 2
    assert guesses(port, None, burst + 1)[burst:] == [EdgeReason.TOO_MANY_WRONG_LOGINS]
    assert len(port.hashes.begun) == 2 * burst
    port.clock.advance(WRONG_LOGINS.every_s)
    kiosk = port.right(0)
    port.hashes.end_all()
    assert kiosk.answer == "right"


def test_each_terminal_behind_one_address_has_its_own_tries(port: Port) -> None:
    guesses(port, None, 50)
    guesses(port, KIOSKS[0], 50)
    kiosks = [port.right(number) for number in range(1, 300)]
    port.hashes.end_all()
    assert {kiosk.answer for kiosk in kiosks} == {"right"}


def test_an_address_with_very_many_wrong_logins_comes_after_everybody_else(port: Port) -> None:
    for number in range(WRONG_AT_ADDRESS.burst):
        guesses(port, KIOSKS[number], 1)
    port.right(1_999, "10.0.0.2")
    port.right(1_000)
    port.try_(None, "?", "10.0.0.3")
    port.hashes.end_all()
    assert port.hashes.begun[-3:] == ["hash:pw1999", "", "hash:pw1000"]


def test_few_wait_and_the_least_urgent_gives_way(port: Port) -> None:
    port.right(0, "10.0.0.2")
    many = [port.try_(None, "?", f"10.{number // 250}.{number % 250}.1") for number in range(WAITING_MAX + 50)]
    assert [each.answer for each in many].count(EdgeReason.LOGINS_BUSY) == 50
    kiosk, gate = port.right(1, "10.0.0.3"), port.try_(GATE, "gate", "10.0.0.4")
    assert [each.answer for each in many].count(EdgeReason.LOGINS_BUSY) == 52
    port.hashes.end()
    port.hashes.end()
    port.hashes.end()
    assert [kiosk.answer, gate.answer] == ["right", "right"]


def test_the_address_with_the_most_gives_way_to_another_of_the_same_rank(port: Port) -> None:
    greedy = [port.try_(KIOSKS[number], "?") for number in range(WAITING_MAX + 1)]
    assert port.right(1_999, "10.0.0.2").answer is None
    assert [each.answer for each in greedy].count(EdgeReason.LOGINS_BUSY) == 1


def test_one_login_at_one_address_has_two_checks_waiting_at_most(port: Port) -> None:
    port.right(0, "10.0.0.2")
    assert [port.try_(KIOSKS[1], "?").answer for _ in range(3)] == [None, None, EdgeReason.LOGINS_BUSY]


def test_an_ipv6_network_is_one_address_and_ipv4_in_ipv6_is_ipv4() -> None:
    assert household("2001:db8:1:2::7") == household("2001:db8:1:2:ffff::9") != household("2001:db8:1:3::7")
    assert household("::ffff:10.0.0.1") == "10.0.0.1"
    assert household("somewhere") == "somewhere"


def test_an_accident_in_a_check_is_one_and_the_next_goes_on(port: Port) -> None:
    failed: list[Failure] = []
    port.logins.check(KIOSKS[0], "pw0", "10.0.0.1").addErrback(failed.append)
    kiosk = port.right(1)
    port.hashes._running.pop(0)[0].errback(RuntimeError("no thread"))
    port.hashes.end_all()
    assert failed[0].check(RuntimeError)
    assert kiosk.answer == "right"


# --- after a restart ---------------------------------------------------------------------------------------------


def test_after_a_restart_terminals_are_known_again_without_a_hash() -> None:
    before = Port(secret=b"private key")
    for number in range(300):
        before.right(number, f"10.0.{number // 250}.{number % 250}")
    before.hashes.end_all()
    before.clock.advance(KEEP_AFTER_S)
    after = Port(before.database, b"private key")
    assert {after.right(number).answer for number in range(300)} == {"right"}
    assert after.hashes.begun == []


def kept_by(port: Port) -> list[str]:
    port.right(0)
    port.hashes.end_all()
    port.clock.advance(KEEP_AFTER_S)
    return [row[0] for row in port.database.execute("SELECT value FROM meta WHERE name = 'known_logins'")]


def test_at_the_end_what_has_not_been_kept_yet_is_kept_at_once() -> None:
    before = Port(secret=b"private key")
    before.right(0)
    before.hashes.end_all()
    before.known.keep_now()
    before.known.keep_now()
    assert Port(before.database, b"private key").right(0).answer == "right"
    assert before.clock.getDelayedCalls() == []


def test_what_is_kept_needs_the_secret_that_is_not_in_the_database() -> None:
    before = Port(secret=b"private key")
    assert len(kept_by(before)) == 1
    assert "pw0" not in kept_by(before)[0]
    assert Port(before.database, b"another key").right(0).answer is None


def test_without_a_secret_nothing_is_kept() -> None:
    assert kept_by(Port()) == []


def test_a_terminal_that_left_the_settings_is_kept_no_longer() -> None:
    before = Port(secret=b"private key")
    kept_by(before)
    after = Port(before.database, b"private key", terminals=KIOSKS[1:])
    after.right(1)
    after.hashes.end_all()
    after.clock.advance(KEEP_AFTER_S)
    (kept,) = (row[0] for row in after.database.execute("SELECT value FROM meta WHERE name = 'known_logins'"))
    assert ("sc0" in kept, "sc1" in kept) == (False, True)
