"""This library as another one meets it: bytes in, bytes out, over any lane.

Checks before the library is asked: the caller is a member and is who its envelope says; it may say what it says
(`federation.permissions`); the libraries circulate together (R9); the clocks are close enough. When the caller gives
up, the library still finishes its decision.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from federation.bounds import beyond
from federation.clock import WallMs
from federation.contract import (
    Library,
    Notice,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Receipt,
    Refused,
    Standing,
)
from federation.directory import Directory
from federation.methods import (
    CHECKOUT,
    DELIVER,
    DESCRIBE,
    FINES,
    HOLD,
    HOLD_PLACE,
    PLACES,
    RENEW,
    STANDING,
    TAKE_BACK,
    Envelope,
    Method,
    decode_notices,
    encode_receipts,
)
from federation.outcomes import Answered, AnswerOutcome, refusal_of
from federation.peers import Peers
from federation.permissions import (
    ASKED_NOW,
    ASKED_WITHIN_MS,
    NEEDS_NEAR_CLOCKS,
    SCOPE,
    addressed_to_nobody,
    not_its_own,
    not_permitted,
    question_not_permitted,
)
from federation.troubles import TurnedAway, TurnedAwayHeard
from federation.waiting import Quiet
from federation.wire import WireError

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Answering = tuple[Method[Any, Any], Callable[[Any, float], Awaitable[Any]]]
Noted = Callable[[str, str], None]
"""`(caller, kind)`: what an honest library never does."""


class FederationServer:
    """Answers for `library`, the library of `own_code` at this `epoch` of its books.

    `noted` hears of what an honest library never does, `answered` of every answer, `turned_away` of callers that are
    no members, or not who they say they are.
    `refuse_apart_s`: with a caller whose clock is further away nothing is lent, renewed or held.
    """

    _log = Logger()

    def __init__(
        self,
        *,
        own_code: str,
        library: Library,
        directory: Directory,
        peers: Peers,
        wall_ms: WallMs,
        epoch: int,
        noted: Noted,
        answered: Answered,
        turned_away: TurnedAwayHeard,
        refuse_apart_s: float = 60.0,
    ) -> None:
        self._own_code: Final = own_code
        self._library: Final = library
        self._directory: Final = directory
        self._peers: Final = peers
        self._wall_ms: Final = wall_ms
        self._epoch: Final = epoch
        self._noted: Final = noted
        self._answered: Final = answered
        self._turned_away: Final = turned_away
        self._refuse_apart_s: Final = refuse_apart_s
        self._work: Final = _Work()
        self._routes: Final[dict[str, Answering]] = {
            STANDING.path: (STANDING, library.standing),
            HOLD_PLACE.path: (HOLD_PLACE, library.hold_place),
            CHECKOUT.path: (CHECKOUT, library.checkout),
            RENEW.path: (RENEW, library.renew),
            TAKE_BACK.path: (TAKE_BACK, library.take_back),
            DESCRIBE.path: (DESCRIBE, library.describe),
            HOLD.path: (HOLD, library.hold),
            PLACES.path: (PLACES, library.kept_places),
            FINES.path: (FINES, library.kept_fines),
        }

    def answer(self, caller: str, method: str, payload: bytes, time_left_s: float) -> Deferred[bytes]:
        """`federation.calling.Answerer`. Errors: NotPermitted, WireError; others are accidents of the library.

        Cancelling it gives up waiting for the answer; the library finishes its work.
        """
        work = Deferred.fromCoroutine(self._observed(caller, method, payload, time_left_s))
        return self._work.shield(caller, method, work)

    def quiet(self) -> Deferred[None]:
        """Fires when nothing that was asked is still at work: before the books are closed."""
        return self._work.quiet()

    async def _observed(self, caller: str, method: str, payload: bytes, time_left_s: float) -> bytes:
        try:
            return await self._answer(caller, method, payload, time_left_s)
        except Exception as error:
            known = self._routes.get(method)
            name = "deliver" if method == DELIVER else "" if known is None else known[0].name
            self._answered(caller, name, "", _outcome_of(error), None)
            raise

    async def _answer(self, caller: str, method: str, payload: bytes, time_left_s: float) -> bytes:
        if self._directory.entry(caller) is None:
            self._turned_away(caller, TurnedAway.NOT_A_MEMBER)
            raise NotPermitted("the caller is no member of the federation")
        self._peers.heard_from(caller)
        if method == DELIVER:
            return await self._deliver(caller, payload, time_left_s)
        if method not in self._routes:
            raise NotPermitted("no such method")
        known, ask = self._routes[method]
        envelope, question = known.decode_question(payload)
        self._check_envelope(caller, envelope)
        if why := question_not_permitted(caller, question) or not_its_own(self._directory, question):
            raise NotPermitted(why)
        question = self._within_bounds(caller, question)
        decision = self._refused_at_the_door(envelope, question) or await ask(question, time_left_s)
        if isinstance(decision, Standing):
            decision = replace(decision, name="")  # a child's name never crosses to another library
        answer = _ours(known.encode_decision, self._envelope(), decision)
        self._decided(caller, known.name, getattr(question, "op", ""), decision)
        return answer

    def _decided(self, caller: str, method: str, op: str, decision: object) -> None:
        is_refused, reason = refusal_of(decision)
        self._answered(caller, method, op, AnswerOutcome.REFUSED if is_refused else AnswerOutcome.OK, reason)

    async def _deliver(self, caller: str, payload: bytes, time_left_s: float) -> bytes:
        """A notice that the caller may not say, or that cannot be read, gets a receipt that says so. The rest goes to
        the library."""
        envelope, notices = decode_notices(payload)
        self._check_envelope(caller, envelope)
        faults = [self._fault(caller, notice) for notice in notices]
        sound: list[Any] = [notice for notice, fault in zip(notices, faults, strict=True) if not fault]
        taken = iter(await self._library.deliver(sound, time_left_s) if sound else ())
        receipts = [Receipt(False, fault) if fault else next(taken) for fault in faults]
        answer = _ours(encode_receipts, self._envelope(), receipts)
        self._decided(caller, "deliver", "", tuple(receipts))
        return answer

    def _fault(self, caller: str, notice: Notice | WireError) -> str:
        if isinstance(notice, WireError):
            return str(notice)
        fault = not_permitted(caller, notice) or addressed_to_nobody(self._directory, notice)
        return fault or self._beyond(caller, notice)

    def _within_bounds(self, caller: str, question: Any) -> Any:
        """The question without the notices that can't be taken; the mailbox says why. Errors: WireError if the question
        itself is too much."""
        if why := self._beyond(caller, question):
            raise WireError(why)
        carried = getattr(question, "carried", ())
        sound = tuple(notice for notice in carried if not self._fault(caller, notice))
        return question if len(sound) == len(carried) else replace(question, carried=sound)

    def _beyond(self, caller: str, said: Any) -> str:
        """`bounds.beyond`. It is recorded, because no honest library comes near these limits."""
        why = beyond(said, self._wall_ms())
        if why:
            self._noted(caller, "out_of_bounds")
            self._log.warn("{caller}: {why}", caller=caller, why=why)
        return why

    def _check_envelope(self, caller: str, envelope: Envelope) -> None:
        if envelope.caller != caller:
            self._turned_away(caller, TurnedAway.CERTIFICATE_WRONG_NAME)
            raise NotPermitted("Envelope.caller is not the library of the certificate")
        self._peers.clock_seen(caller, self._apart_s(envelope))

    def _refused_at_the_door(self, envelope: Envelope, question: Any) -> Refused | None:
        """R9 on the civil date of the question, so that a repeat after midnight gets the same decision. Then the
        clocks."""
        parties = SCOPE.get(type(question))
        if parties and not self._directory.together({self._own_code, *parties(question)}, _asked_on(question)):
            return Refused(Reason.OUT_OF_GROUP, library=self._own_code)
        if self._is_apart(envelope, question):
            return Refused(Reason.CLOCKS_APART, library=self._own_code)
        return None

    def _is_apart(self, envelope: Envelope, question: Any) -> bool:
        """By the caller's clock, or by the instant at which the question says that it was asked."""
        if type(question) in NEEDS_NEAR_CLOCKS and abs(self._apart_s(envelope)) > self._refuse_apart_s:
            return True
        return type(question) in ASKED_NOW and abs(question.asked_at_ms - self._wall_ms()) > ASKED_WITHIN_MS

    def _apart_s(self, envelope: Envelope) -> float:
        """How far the caller's clock is ahead of ours. Travel time makes its clock look slow."""
        return (envelope.sent_at_ms - self._wall_ms()) / 1000

    def _envelope(self) -> Envelope:
        return Envelope(self._own_code, self._epoch, self._wall_ms())


def _ours(encode: Callable[[Envelope, Any], bytes], envelope: Envelope, said: Any) -> bytes:
    """A decision that cannot be written is our accident, not a malformed question of the caller."""
    try:
        return encode(envelope, said)
    except WireError as error:
        raise RuntimeError(f"the answer has no form on the wire: {error}") from None


def _asked_on(question: Any) -> date:
    """The day in Shanghai. The wire refuses instants without one."""
    asked: datetime = _EPOCH + timedelta(milliseconds=question.asked_at_ms)
    return asked.astimezone(_SHANGHAI).date()


def _outcome_of(error: Exception) -> AnswerOutcome:
    if isinstance(error, NotPermitted):
        return AnswerOutcome.NOT_PERMITTED
    if isinstance(error, WireError):
        return AnswerOutcome.MALFORMED
    return AnswerOutcome.UNKNOWN if isinstance(error, PeerUnreachable) else AnswerOutcome.ERROR


class _Work:
    """Answers that are being made. They go on when nobody waits for them any more."""

    _log = Logger()

    def __init__(self) -> None:
        self._running = 0
        self._quiet = Quiet()

    def shield(self, caller: str, method: str, work: Deferred[bytes]) -> Deferred[bytes]:
        """A Deferred with the result of `work`; cancelling it leaves `work` alone."""
        answer: Deferred[bytes] = Deferred()
        self._running += 1
        work.addBoth(self._finish, method, caller, answer)
        return answer

    def quiet(self) -> Deferred[None]:
        return self._quiet.after(self._running)

    def _finish(self, result: bytes | Failure, method: str, caller: str, answer: Deferred[bytes]) -> None:
        self._running -= 1
        if isinstance(result, Failure):
            self._report(result.value, method, caller)
        if not answer.called:
            answer.callback(result)  # a Failure given to callback runs the errbacks
        if self._running == 0:
            self._quiet.reached()

    def _report(self, error: BaseException | None, method: str, caller: str) -> None:
        """Records what a peer may not do. An accident of ours is logged with its trace, but without its text, because a
        card number may be in it."""
        if isinstance(error, NotPermitted | WireError):
            self._log.warn("{caller} {method}: {why}", caller=caller, method=method, why=str(error))
            return
        if isinstance(error, PeerUnreachable):  # unknown for now: a repeated question may get a decision
            self._log.info("{caller} {method}: {why}", caller=caller, method=method, why=str(error))
            return
        trace = "".join(traceback.format_tb(error.__traceback__ if error else None))
        kind = type(error).__name__
        self._log.error(
            "{caller} {method} failed: {kind}\n{trace}", caller=caller, method=method, kind=kind, trace=trace
        )
