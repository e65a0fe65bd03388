"""The lines between libraries: serialised bytes, and what the weather does to them.

Every message (a question or an answer) may be lost, late, doubled, even days later; a way may be cut in one direction
or both. The asker learns of none of it: only that no answer came in time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.calling import Answerer
from federation.contract import NotPermitted, PeerUnreachable
from kiosk_sim.simulation.clock import HeapClock, Life
from kiosk_sim.simulation.faults.weather import CALM, Weather
from kiosk_sim.simulation.streams import Random, stream
from kiosk_sim.simulation.trace import Trace

AGAIN_S = (0.1, 8.0, 8.0, 50.0, 50.0, 3600.0, 2 * 86_400.0)
TAIL_S = (1.0, 6.0, 15.0, 50.0)


@dataclass(frozen=True, slots=True)
class End:
    """A library as the network reaches it now: its answerer, and the life that answers."""

    answer: Answerer
    life: Life


class SimNetwork:
    """`end_of(code)`: None while that library is down."""

    def __init__(
        self, clock: HeapClock, seed: str, weather: Weather, trace: Trace, end_of: Callable[[str], End | None]
    ) -> None:
        self.clock = clock
        self.trace = trace
        self.end_of = end_of
        self._weather = weather
        self._seed = seed
        self._links: dict[tuple[str, str], Random] = {}
        self._cut_until: dict[tuple[str, str], float] = {}
        self._slow: dict[tuple[str, str], tuple[float, float]] = {}
        self._asked = 0

    def transport(self, code: str, life: Life) -> SimTransport:
        return SimTransport(self, code, life)

    def calm(self) -> None:
        """From now on nothing goes wrong; what is under way still arrives, however late."""
        self._weather = CALM
        self._cut_until.clear()
        self._slow.clear()

    def cut(self, one: str, other: str, for_s: float) -> None:
        self._cut_until[one, other] = max(self._cut_until.get((one, other), 0.0), self.clock.seconds() + for_s)

    def slow(self, one: str, other: str, for_s: float, by_s: float) -> None:
        self._slow[one, other] = self.clock.seconds() + for_s, by_s

    def number(self) -> int:
        self._asked += 1
        return self._asked

    def refuses_at_once(self, one: str, other: str) -> bool:
        return self._link(one, other).random() < self._weather.reset

    def send(self, one: str, other: str, number: int, arrive: Callable[[], None]) -> None:
        """Carry one message: `arrive` is called never, once or twice."""
        rng = self._link(one, other)
        if self.is_cut(one, other) or rng.random() < self._weather.loss:
            self.trace.add("lost", number, one, other)
        else:
            self.clock.callLater(self._delay_s(rng, one, other), self._arrive, one, other, number, arrive)
        if self._weather.duplicate and rng.random() < self._weather.duplicate:
            late_s = rng.choice(AGAIN_S) * rng.random()
            self.clock.callLater(late_s, self._arrive, one, other, number, arrive)

    def _arrive(self, one: str, other: str, number: int, arrive: Callable[[], None]) -> None:
        if self.is_cut(one, other):
            self.trace.add("lost", number, one, other)
        else:
            arrive()

    def is_cut(self, one: str, other: str) -> bool:
        return self._cut_until.get((one, other), 0.0) > self.clock.seconds()

    def _delay_s(self, rng: Random, one: str, other: str) -> float:
        delay_s = self._weather.delay_s * (0.5 + rng.random())
        until_s, by_s = self._slow.get((one, other), (0.0, 0.0))
        if until_s > self.clock.seconds():
            delay_s += by_s * rng.random()
        if self._weather.tail and rng.random() < self._weather.tail:
            delay_s += rng.choice(TAIL_S) * rng.random()
        return delay_s

    def _link(self, one: str, other: str) -> Random:
        if (one, other) not in self._links:
            self._links[one, other] = stream(self._seed, "link", one, other)
        return self._links[one, other]


class SimTransport:
    """`federation.calling.Transport` of one life of library `code`."""

    def __init__(self, network: SimNetwork, code: str, life: Life) -> None:
        self._network = network
        self._code = code
        self._life = life

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        if not self._life.alive:
            return Deferred()
        call = _Call(
            self._network, self._code, self._life, peer=peer, method=method, payload=payload, timeout_s=timeout_s
        )
        return call.answer


class _Call:
    def __init__(
        self,
        network: SimNetwork,
        code: str,
        life: Life,
        *,
        peer: str,
        method: str,
        payload: bytes,
        timeout_s: float,
    ) -> None:
        self._network = network
        self._code = code
        self._life = life
        self._peer = peer
        self._method = method
        self._payload = payload
        self._number = network.number()
        self._timeout_s = timeout_s
        self._open = True
        self.answer: Deferred[bytes] = Deferred(self._given_up)
        network.trace.add("ask", self._number, code, peer, method, payload)
        self._late = network.clock.callLater(timeout_s, self._fail, "no answer in time")
        network.send(code, peer, self._number, self._arrive)

    def _given_up(self, _answer: Deferred[bytes]) -> None:
        self._open = False
        self._late.cancel()

    def _arrive(self) -> None:
        end = self._network.end_of(self._peer)
        if end is None:
            if self._network.refuses_at_once(self._code, self._peer):
                self._network.send(self._peer, self._code, self._number, lambda: self._fail("connection refused"))
            return
        # The time allowed is told as a duration, so a question that comes late still believes it has all of it.
        deciding = end.answer(self._code, self._method, self._payload, self._timeout_s)
        deciding.addBoth(self._answered, end.life)

    def _answered(self, result: Any, life: Life) -> None:
        if life.alive:
            self._network.send(self._peer, self._code, self._number, lambda: self._heard(result))

    def _heard(self, result: bytes | Failure) -> None:
        if isinstance(result, Failure):
            if result.check(NotPermitted):
                self._end(result)
            else:
                self._fail(f"failed inside: {type(result.value).__name__}")
            return
        if self._open and self._life.alive:
            self._network.trace.add("answer", self._number, self._peer, self._code, self._method, result)
        self._end(result)

    def _fail(self, why: str) -> None:
        if self._open and self._life.alive:
            self._network.trace.add("silence", self._number, self._code, self._peer, why)
        self._end(Failure(PeerUnreachable(self._peer, why)))

    def _end(self, result: bytes | Failure) -> None:
        if not self._open:
            return
        self._open = False
        self._late.cancel()
        if self._life.alive:
            self.answer.callback(result)
