"""A node whose nightly works are done when somebody asks for them, and which tells how long each held its thread.

It reads what to do, one a line: `forget`, `forget for a minute`, `compare`, `count`, `rest`. For each it prints a line
of JSON.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred

from node.__main__ import install_reactor
from node.core import Core
from node.counting import CountCheck
from node.node import Node
from node.observe.logs import JsonLog
from node.settings.library import load_node_settings

TICK_S: Final = 0.001
REST_S: Final = 20.0
MINUTE_S: Final = 60.0


class _Turns:
    """How long the thread was held: a call every millisecond, how late it came, and how much of that time the processor
    was ours (on a busy machine it is often somebody else's)."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._due_s = 0.0
        self._worked_s = time.thread_time()
        self.longest_s = 0.0
        self.longest_work_s = 0.0
        self._tick()

    def _tick(self) -> None:
        now_s, worked_s = time.perf_counter(), time.thread_time()
        self.longest_work_s = max(self.longest_work_s, worked_s - self._worked_s)
        self._worked_s = worked_s
        if self._due_s:
            self.longest_s = max(self.longest_s, now_s - self._due_s)
        self._due_s = now_s + TICK_S
        self._reactor.callLater(TICK_S, self._tick)


class _Watched(Node):
    """`works`: by the word that asks for them."""

    works: dict[str, Callable[[], Coroutine[Any, Any, object]]]

    def _plan_nights(self, core: Core, counts: CountCheck, log: JsonLog) -> None:
        self.works = {
            "forget": core.forgetting.forget,
            "forget for a minute": lambda: core.forgetting.forget(within_s=MINUTE_S),
            "compare": core.lookout.comparison.look,
            "count": counts.check,
            "rest": lambda: _pause(self._reactor),
        }


async def _pause(clock: Any) -> None:
    done: Deferred[None] = Deferred()
    clock.callLater(REST_S, done.callback, None)
    await done


def main(config: Path, later_days: int) -> None:
    began_s = time.perf_counter()
    install_reactor()
    from twisted.internet import reactor as installed  # noqa: PLC0415, TID251 - just installed

    reactor: Any = installed
    node = _Watched(load_node_settings(config), reactor, later_days * 86_400_000)

    async def serve() -> None:
        await node.start()
        gc.collect()
        gc.freeze()  # as `tongjie node` does
        _say(ready_s=time.perf_counter() - began_s)
        turns = _Turns(reactor)
        reactor.getThreadPool().callInThread(_listen, reactor, lambda word: work(word, turns))

    def work(word: str, turns: _Turns) -> None:
        Deferred.fromCoroutine(timed(word, turns))

    async def timed(word: str, turns: _Turns) -> None:
        if word == "stop":
            reactor.stop()
            return
        turns.longest_s, turns.longest_work_s, before_s = 0.0, 0.0, time.perf_counter()
        result = await node.works[word]()
        rows = result if isinstance(result, int) else 0
        took_s = time.perf_counter() - before_s
        longest = {"longest_turn_s": turns.longest_s, "longest_turn_cpu_s": turns.longest_work_s}
        _say(work=word, seconds=took_s, rows=rows, **longest)

    reactor.callWhenRunning(reactor.callLater, 0, lambda: Deferred.fromCoroutine(serve()).addErrback(_fail, reactor))
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(node.stop()))
    reactor.run()


def _fail(failure: Any, reactor: Any) -> None:
    failure.printTraceback(sys.stderr)
    reactor.stop()


def _listen(reactor: Any, work: Callable[[str], None]) -> None:
    for line in sys.stdin:
        reactor.callFromThread(work, line.strip())
    reactor.callFromThread(work, "stop")


def _say(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
