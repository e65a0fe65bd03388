"""How much one library may say to this one: counted in the bytes of each call, before any object is made of them.

Each caller has an allowance of bytes and one of notices. They fill up again as time passes. What an honest library says
in a day that it was off line fits in. A call that is too large, or that says too many things, is refused whole; so is
one beyond the allowance, and its caller asks or delivers again later. No other caller waits for that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from federation.batching import BATCH, MAX_BATCH
from federation.bounds import CARRIED_MAX, MESSAGE_MAX, NOTICES_MAX
from federation.calling import OverBudget
from federation.clock import Clock
from federation.methods import DELIVER, METHODS
from federation.scanning import Scan, TooMany
from federation.v1 import batch_pb2, mailbox_pb2
from federation.wire import WireError

__all__ = ["BYTES", "NOTICES", "Allowance", "Meter"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` at once, and `each_s` more with every second."""

    burst: float
    each_s: float


BYTES: Final = Allowance(16 * 1024 * 1024, 1024 * 1024)
"""Fifty thousand notices at once, or three thousand questions in every second."""
NOTICES: Final = Allowance(20_000, 200)
"""What a large library owes to one other after a day off line, and then more than it makes in any second."""


class _Account:
    """What is left of one allowance of one caller."""

    def __init__(self, allowance: Allowance, now_s: float) -> None:
        self._allowance = allowance
        self._left = allowance.burst
        self._at_s = now_s

    def left(self, now_s: float) -> float:
        gained = max(0.0, now_s - self._at_s) * self._allowance.each_s
        self._left, self._at_s = min(self._allowance.burst, self._left + gained), now_s
        return self._left

    def spend(self, amount: float) -> None:
        self._left -= amount


class Meter:
    """`noted(caller, kind)` hears of every call that is refused."""

    def __init__(self, clock: Clock, noted: Callable[[str, str], None]) -> None:
        self._clock: Final = clock
        self._noted: Final = noted
        self._accounts: Final[dict[str, tuple[_Account, _Account]]] = {}

    def admit(self, caller: str, method: str, payload: bytes) -> None:
        """`federation.batching.Admit`. Errors: WireError, OverBudget."""
        if len(payload) > MESSAGE_MAX:
            self._noted(caller, "out_of_bounds")
            raise WireError(f"the message is larger than {MESSAGE_MAX} bytes")
        self._spend(caller, len(payload), 0)  # what can't be read costs as much
        try:
            notices = _notices_of(method, payload)
        except TooMany as error:
            self._noted(caller, "out_of_bounds")
            raise WireError(f"{method.rpartition('.')[2]}: {error}") from None
        self._spend(caller, 0, notices)

    def _spend(self, caller: str, size: int, notices: int) -> None:
        now_s = self._clock.seconds()
        if caller not in self._accounts:
            self._accounts[caller] = _Account(BYTES, now_s), _Account(NOTICES, now_s)
        for account, amount in zip(self._accounts[caller], (size, notices), strict=True):
            if amount > account.left(now_s):
                self._noted(caller, "over_budget")
                raise OverBudget(caller, "it says too much at once; again later")
            account.spend(amount)


# --- counting --------------------------------------------------------------------------------------------------


def _number(message: Any, field: str) -> int:
    return int(message.fields_by_name[field].number)


def _carrying() -> Iterator[tuple[str, tuple[int, int]]]:
    """(path, (number of the question, number of the notices in it)) of each method whose questions carry notices."""
    for method in METHODS:
        request: Any = method.request
        question = request.DESCRIPTOR.fields_by_name[method.asked_as]
        if "carried" in question.message_type.fields_by_name:
            yield method.path, (int(question.number), _number(question.message_type, "carried"))


_CARRIED: Final[Mapping[str, tuple[int, int]]] = dict(_carrying())
_DELIVERED: Final = _number(mailbox_pb2.DeliverRequest.DESCRIPTOR, "notices")
_QUESTIONS: Final = _number(batch_pb2.BatchRequest.DESCRIPTOR, "questions")
_METHOD: Final = _number(batch_pb2.BatchedQuestion.DESCRIPTOR, "method")
_PAYLOAD: Final = _number(batch_pb2.BatchedQuestion.DESCRIPTOR, "payload")


FIELDS_MAX: Final = 6_000
"""Fields in one call that are looked at. A batch of 64 questions with 32 notices each has 3,300."""
CARRIED_ALL_MAX: Final = 4 * CARRIED_MAX
"""Notices on a question that are read at all; only the first `CARRIED_MAX` of them are taken."""


def _notices_of(method: str, payload: bytes) -> int:
    """How many notices a call holds. Errors: TooMany."""
    scan = Scan(FIELDS_MAX)
    if method != BATCH:
        return _notices_in(scan, method, payload)
    questions = _at_most(scan.parts(payload, _QUESTIONS), MAX_BATCH, "questions")
    return sum(_notices_asked(scan, question) for question in questions)


def _notices_asked(scan: Scan, question: bytes) -> int:
    """Of one question of a batch. Of a field that is there twice the last one is read."""
    method = b"".join(list(scan.parts(question, _METHOD))[-1:]).decode("utf-8", "replace")
    return sum(_notices_in(scan, method, payload) for payload in scan.parts(question, _PAYLOAD))


def _notices_in(scan: Scan, method: str, payload: bytes) -> int:
    """A message that is there twice is read as one that holds what both do."""
    if method == DELIVER:
        return len(_at_most(scan.parts(payload, _DELIVERED), NOTICES_MAX, "notices"))
    if method not in _CARRIED:
        return 0
    asked, carried = _CARRIED[method]
    found = (notice for question in scan.parts(payload, asked) for notice in scan.parts(question, carried))
    return len(_at_most(found, CARRIED_ALL_MAX, "notices"))


def _at_most(found: Iterator[bytes], most: int, what: str) -> list[bytes]:
    kept = list(islice(found, most + 1))
    if len(kept) > most:
        raise TooMany(f"more than {most} {what}")
    return kept
