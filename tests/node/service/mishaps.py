"""What happens to a library: its power is cut at a certain commit, a message to it is late, its disk refuses.

cut = cut_power(city["CQCQ"], "after commit", "checkout", nth=2)
kiosk.say(data)
city.run_until(cut.happened)
city.restart("CQCQ")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from twisted.internet.defer import Deferred

from federation.contract import Reason, Refused
from federation.methods import DELIVER, METHODS
from node.kiosk import texts
from node.kiosk.terminal import CHINESE
from node.storage.store import Tx
from tests.node.service.small_city import Node

BEFORE, AFTER = "before commit", "after commit"


class PowerCut(BaseException):
    """No handler of the node may go on after it."""


class Cut:
    """`happened()` is true once the power is gone. `work` "" counts every commit."""

    def __init__(self, node: Node, moment: str, work: str, nth: int) -> None:
        self._node = node
        self._moment = moment
        self._work = work
        self._left = nth
        self._gone = False
        node.store._between = self._between

    def happened(self) -> bool:
        return self._gone

    def _between(self, moment: str, work: str) -> None:
        if self._gone:
            raise PowerCut
        if moment == self._moment and self._work in ("", work):
            self._left -= 1
            if self._left == 0:
                self._gone = True
                self._node.kill()
                raise PowerCut


def cut_power(node: Node, moment: str, work: str = "", nth: int = 1) -> Cut:
    """The process ends at its `nth` commit of that work from now on: before it (nothing is kept) or after it."""
    return Cut(node, moment, work, nth)


class HeldBack:
    """The calls of one method of the contract reach the node only when they are let go; `caught` counts them."""

    def __init__(self, node: Node, method: str) -> None:
        self._path = DELIVER if method == "deliver" else next(each.path for each in METHODS if each.name == method)
        self._answer = node.core.answer._answer
        self._held: list[Callable[[], Any]] = []
        self.caught = 0
        node.core.answer._answer = self._pass  # type: ignore[misc]

    def _pass(self, caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        if method != self._path:
            return self._answer(caller, method, payload, left_s)
        late: Deferred[bytes] = Deferred()
        self._held.append(lambda: self._answer(caller, method, payload, left_s).chainDeferred(late))
        self.caught += 1
        return late

    def let_go(self) -> None:
        for arrive in self._held:
            arrive()


def hold_back(node: Node, method: str) -> HeldBack:
    return HeldBack(node, method)


def slow_commit(node: Node, seconds: float) -> None:
    """Its next unit of work is heard to be durable so much later; those after it, at once."""
    run = node.store.run

    def slowly(work: Callable[[Tx], Any], name: str) -> Deferred[Any]:
        node.store.run = run  # type: ignore[method-assign]
        late: Deferred[Any] = Deferred()
        node.clock.callLater(seconds, run(work, name).chainDeferred, late)
        return late

    node.store.run = slowly  # type: ignore[method-assign]


@contextmanager
def read_only_disk(node: Node) -> Iterator[None]:
    """Whatever is written within the block is refused by the database itself."""
    node.connection.execute("PRAGMA query_only=ON")
    try:
        yield
    finally:
        node.connection.execute("PRAGMA query_only=OFF")


def sentence(refused: Refused | Reason, library: str = "") -> str:
    """What the screen says, in Chinese."""
    known = refused if isinstance(refused, Refused) else Refused(refused, library)
    return texts.refusal(known, CHINESE, library or known.library)


def screen(answer: Any) -> str:
    return " / ".join(answer.screen_message)
