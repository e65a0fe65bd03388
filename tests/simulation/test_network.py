"""The simulated lines and the simulated clock: what they promise to those who build on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from federation.contract import NotPermitted, PeerUnreachable
from kiosk_sim.simulation.clock import HeapClock, Life, NodeClock
from kiosk_sim.simulation.faults.network import End, SimNetwork
from kiosk_sim.simulation.faults.weather import CALM, Weather
from kiosk_sim.simulation.trace import Trace


class City:
    """CQBB asks CQSPB, which echoes."""

    def __init__(self, weather: Weather = CALM) -> None:
        self.clock = HeapClock()
        self.life = Life()
        self.there = Life()
        self.asked: list[bytes] = []
        self.answer: Any = lambda payload: succeed(b"echo " + payload)
        self.up = True
        self.network = SimNetwork(self.clock, "a seed", weather, Trace(self.clock.seconds), self.end_of)

    def end_of(self, _code: str) -> End | None:
        return End(self.take, self.there) if self.up else None

    def take(self, _caller: str, _method: str, payload: bytes, _left_s: float) -> Deferred[bytes]:
        self.asked.append(payload)
        answer: Deferred[bytes] = self.answer(payload)
        return answer

    def ask(self, payload: bytes = b"?", within_s: float = 4.0) -> list[Any]:
        """What came of it, once something has."""
        results: list[Any] = []
        transport = self.network.transport("CQBB", self.life)
        transport.call("CQSPB", "/method", payload, within_s).addBoth(results.append)
        return results

    def run(self, until_s: float = 1e9) -> None:
        while self.clock.step(until_s):
            pass


def error(results: list[Any]) -> Exception:
    (failure,) = results
    assert isinstance(failure, Failure)
    assert isinstance(failure.value, Exception)
    return failure.value


def test_an_answer_comes_back() -> None:
    city = City()
    results = city.ask(b"one")
    city.run()
    assert results == [b"echo one"]


def test_a_lost_question_is_silence_until_the_deadline() -> None:
    city = City(replace(CALM, loss=1.0))
    results = city.ask(within_s=4.0)
    city.run(3.9)
    assert results == []
    city.run()
    assert isinstance(error(results), PeerUnreachable)
    assert city.asked == []


def test_a_way_cut_in_one_direction_lets_the_question_through_and_no_answer() -> None:
    city = City()
    city.network.cut("CQSPB", "CQBB", for_s=60.0)
    results = city.ask()
    city.run()
    assert city.asked == [b"?"]
    assert isinstance(error(results), PeerUnreachable)


def test_a_cut_ends() -> None:
    city = City()
    city.network.cut("CQBB", "CQSPB", for_s=60.0)
    city.clock.callLater(61.0, city.network.number)
    city.run()
    results = city.ask()
    city.run()
    assert results == [b"echo ?"]


def test_a_doubled_question_is_asked_twice_and_answered_once() -> None:
    city = City(replace(CALM, duplicate=1.0))
    results = city.ask()
    city.run()
    assert city.asked == [b"?", b"?"]
    assert results == [b"echo ?"]


def test_a_library_that_is_down_is_unreachable() -> None:
    city = City()
    city.up = False
    results = city.ask()
    city.run()
    assert isinstance(error(results), PeerUnreachable)


def test_what_a_peer_may_not_ask_it_is_told() -> None:
    city = City()
    city.answer = lambda _payload: fail(NotPermitted("not yours"))
    results = city.ask()
    city.run()
    assert isinstance(error(results), NotPermitted)


def test_an_accident_of_the_peer_is_no_answer() -> None:
    city = City()
    city.answer = lambda _payload: fail(ZeroDivisionError())
    results = city.ask()
    city.run()
    assert isinstance(error(results), PeerUnreachable)


def test_the_dead_hear_nothing_and_say_nothing() -> None:
    city = City()
    results = city.ask()
    city.life.alive = False
    silent = city.ask()
    city.run()
    assert (results, silent) == ([], [])
    assert city.asked == [b"?"]


def test_a_peer_that_crashes_while_it_decides_does_not_answer() -> None:
    city = City()
    deciding: Deferred[bytes] = Deferred()
    city.answer = lambda _payload: deciding
    results = city.ask()
    city.run(1.0)
    city.there.alive = False
    deciding.callback(b"too late")
    city.run()
    assert isinstance(error(results), PeerUnreachable)


def test_calls_at_one_instant_run_in_the_order_in_which_they_were_made() -> None:
    clock, order = HeapClock(), list[int]()
    for number in range(5):
        clock.callLater(1.0, order.append, number)
    while clock.step(2.0):
        pass
    assert order == [0, 1, 2, 3, 4]
    assert clock.seconds() == 1.0


def test_a_cancelled_call_does_not_run() -> None:
    clock, order = HeapClock(), list[int]()
    call = clock.callLater(1.0, order.append, 1)
    call.cancel()
    assert not call.active()
    assert not clock.step(2.0)
    assert order == []


def test_the_timers_of_a_life_die_with_it() -> None:
    clock, life, order = HeapClock(), Life(), list[int]()
    NodeClock(clock, life).callLater(1.0, order.append, 1)
    life.alive = False
    clock.step(2.0)
    assert order == []
