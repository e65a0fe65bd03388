"""Another library, as this one asks it: `contract.Library` over a lane.

A question to a peer that is down fails at once. A delivery goes out all the same, because nobody waits for it. An
answer that cannot be read is *unknown*, never "no": `NotUnderstood`. So is a decision that this program does not
know, if the question has an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred

from federation.bounds import beyond
from federation.calling import Transport
from federation.clock import Clock, WallMs
from federation.contract import (
    CheckoutDecision,
    CheckoutQuestion,
    FinesPage,
    FinesQuestion,
    HoldDecision,
    HoldQuestion,
    ItemDecision,
    ItemQuestion,
    ItemReturned,
    Notice,
    NotPermitted,
    NotUnderstood,
    PeerFailed,
    PeerUnreachable,
    PlaceDecision,
    PlaceQuestion,
    PlacesPage,
    PlacesQuestion,
    Reason,
    Receipt,
    Refused,
    RenewDecision,
    RenewQuestion,
    StandingDecision,
    StandingQuestion,
    TakenBack,
)
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
    decode_receipts,
    encode_notices,
)
from federation.outcomes import Called, CallOutcome, refusal_of
from federation.peers import Peers
from federation.permissions import answer_not_permitted
from federation.troubles import Trouble, trouble_of
from federation.wire import NewerWire, WireError

T = TypeVar("T")
Q = TypeVar("Q")
D = TypeVar("D")

_OF_ANSWERS: Final = {
    CallOutcome.NOT_PERMITTED: Trouble.NOT_PERMITTED,
    CallOutcome.NOT_UNDERSTOOD: Trouble.NOT_UNDERSTOOD,
}


class RemoteLibrary:
    """`contract.Library` for the peer of that code. `own_code`, `epoch`: what our envelopes say of us."""

    def __init__(
        self,
        peer: str,
        *,
        own_code: str,
        epoch: int,
        transport: Transport,
        peers: Peers,
        clock: Clock,
        wall_ms: WallMs,
        observe: Called,
    ) -> None:
        self.peer: Final = peer
        self._own_code: Final = own_code
        self._epoch: Final = epoch
        self._transport: Final = transport
        self._peers: Final = peers
        self._clock: Final = clock
        self._wall_ms: Final = wall_ms
        self._observe: Final = observe

    def standing(self, question: StandingQuestion, timeout_s: float) -> Deferred[StandingDecision]:
        """Errors of all questions: PeerUnreachable, NotPermitted; WireError if the question has no form."""
        return self._ask(STANDING, question, timeout_s)

    def hold_place(self, question: PlaceQuestion, timeout_s: float) -> Deferred[PlaceDecision]:
        return self._ask(HOLD_PLACE, question, timeout_s)

    def checkout(self, question: CheckoutQuestion, timeout_s: float) -> Deferred[CheckoutDecision]:
        return self._ask(CHECKOUT, question, timeout_s)

    def renew(self, question: RenewQuestion, timeout_s: float) -> Deferred[RenewDecision]:
        return self._ask(RENEW, question, timeout_s)

    def take_back(self, notice: ItemReturned, timeout_s: float) -> Deferred[TakenBack]:
        return self._ask(TAKE_BACK, notice, timeout_s)

    def describe(self, question: ItemQuestion, timeout_s: float) -> Deferred[ItemDecision]:
        return self._ask(DESCRIBE, question, timeout_s)

    def hold(self, question: HoldQuestion, timeout_s: float) -> Deferred[HoldDecision]:
        return self._ask(HOLD, question, timeout_s)

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]:
        return self._ask(PLACES, question, timeout_s)

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]:
        return self._ask(FINES, question, timeout_s)

    def deliver(self, notices: Sequence[Notice], timeout_s: float) -> Deferred[tuple[Receipt, ...]]:
        """One receipt a notice, in order. Without notices it only asks whether the peer answers."""
        batch = tuple(notices)

        async def run() -> tuple[Receipt, ...]:
            payload = encode_notices(self._envelope(), batch)
            return await self._observed(
                "deliver", DELIVER, payload, timeout_s, lambda b: decode_receipts(b, len(batch))
            )

        return Deferred.fromCoroutine(run())

    def _ask(self, method: Method[Q, D], question: Q, timeout_s: float) -> Deferred[D]:
        async def run() -> D:
            payload = method.encode_question(self._envelope(), question)
            return await self._call(method.name, method.path, payload, timeout_s, self._reader(method, question))

        return Deferred.fromCoroutine(run())

    def _reader(self, method: Method[Q, D], question: Q) -> Callable[[bytes], tuple[Envelope | None, D]]:
        """How to read the decision. A decision that is newer than this program counts as a refusal if the peer wrote
        nothing. A decision that the peer may not make does not count."""

        def read(payload: bytes) -> tuple[Envelope | None, D]:
            try:
                envelope, decision = method.decode_decision(payload)
            except NewerWire:
                if method.effect:
                    raise
                refusal: Any = Refused(Reason.NOT_SUPPORTED, library=self.peer)
                return None, refusal
            if why := answer_not_permitted(self.peer, question, decision):
                raise WireError(why)
            return envelope, decision

        return read

    async def _call(
        self, name: str, path: str, payload: bytes, timeout_s: float, read: Callable[[bytes], tuple[Envelope | None, T]]
    ) -> T:
        if not self._peers.admit(self.peer):
            self._observe(self.peer, name, CallOutcome.DOWN, None, 0.0)
            raise PeerUnreachable(self.peer, "down")
        return await self._observed(name, path, payload, timeout_s, read)

    async def _observed(
        self, name: str, path: str, payload: bytes, timeout_s: float, read: Callable[[bytes], tuple[Envelope | None, T]]
    ) -> T:
        began, outcome, reason = self._clock.seconds(), CallOutcome.UNREACHABLE, None
        trouble = Trouble.NO_ANSWER
        try:
            answer = await self._exchange(path, payload, timeout_s, read)
            is_refused, reason = refusal_of(answer)
            outcome = CallOutcome.REFUSED if is_refused else CallOutcome.OK
            return answer
        except WireError as error:
            outcome = CallOutcome.NOT_UNDERSTOOD
            raise NotUnderstood(self.peer, f"answer not understood: {error}") from None
        except PeerUnreachable as error:
            if error.why.startswith("UNIMPLEMENTED"):  # a peer of an older version has answered: it is not silent
                outcome = CallOutcome.NOT_UNDERSTOOD
                raise NotUnderstood(error.library, error.why) from None
            trouble = trouble_of(error.why)
            if isinstance(error, PeerFailed):
                outcome = CallOutcome.ERROR
            raise
        except NotPermitted:
            outcome = CallOutcome.NOT_PERMITTED
            raise
        except CancelledError:
            outcome = CallOutcome.CANCELLED
            raise
        finally:
            self._settle(outcome, trouble)
            self._observe(self.peer, name, outcome, reason, self._clock.seconds() - began)

    async def _exchange(
        self, path: str, payload: bytes, timeout_s: float, read: Callable[[bytes], tuple[Envelope | None, T]]
    ) -> T:
        sent_ms = self._wall_ms()
        answer = await self._transport.call(self.peer, path, payload, timeout_s)
        received_ms = self._wall_ms()
        envelope, value = read(answer)
        if not isinstance(value, tuple) and (why := beyond(value, received_ms)):
            raise WireError(why)
        if envelope is not None:
            if envelope.caller != self.peer:
                raise WireError("Envelope.caller: not the library that was asked")
            self._peers.answered(self.peer, envelope.sent_at_ms, sent_ms, received_ms)
        return value

    def _settle(self, outcome: CallOutcome, trouble: Trouble) -> None:
        """What the outcome says of the peer. A peer that answers is up, even if its answer cannot be read. `trouble`:
        why there was no answer."""
        if outcome is CallOutcome.CANCELLED:
            self._peers.abandoned(self.peer)
        elif outcome in (CallOutcome.UNREACHABLE, CallOutcome.ERROR):
            self._peers.failed(self.peer, trouble)
        else:
            self._peers.spoke(self.peer, _OF_ANSWERS.get(outcome))

    def _envelope(self) -> Envelope:
        return Envelope(self._own_code, self._epoch, self._wall_ms())
