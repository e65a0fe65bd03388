"""One lane per peer, and many questions in one call when many wait.

Promises:

* A question that is alone goes out in its own call, within its turn of the reactor.
* Questions of one turn share a call, and so do questions that wait while calls are under way. Both ends then commit
  them as a group.
* A slow decision delays no other question. A call older than `PATIENCE_S` no longer holds up the lane. What the peer
  has not decided by then is asked again alone, under the same operation id.
* Batched questions keep their own deadlines.
* The number of waiting questions and their time are limited.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from google.protobuf.message import DecodeError
from twisted.internet.defer import CancelledError, Deferred, DeferredList, fail
from twisted.python.failure import Failure

from federation.bounds import SENT_MAX
from federation.calling import Answerer, OverBudget, Transport
from federation.clock import Clock, DelayedCall
from federation.contract import NotPermitted, PeerFailed, PeerUnreachable
from federation.methods import PACKAGE
from federation.v1 import batch_pb2
from federation.waiting import at_most
from federation.wire import WireError

BATCH: Final = f"/{PACKAGE}.Batches/Ask"
WINDOW: Final = 2
MAX_BATCH: Final = 64
MAX_WAITING: Final = 2_000
PATIENCE_S: Final = 0.05
ALONE_S: Final = 3600.0
"""How long a peer without batches is asked one by one. After that a batch is tried again."""
TOO_LARGE: Final = "larger than max"
"""What gRPC says at either end of a message that is too large."""
ACCIDENT: Final = "accident"
"""What a peer says of a question that failed inside it."""

State = batch_pb2.BatchedReply


@dataclass(slots=True, eq=False)
class _Question:
    method: str
    payload: bytes
    due_at: float
    answer: Deferred[bytes] = field(default_factory=Deferred)


class BatchingTransport:
    """`federation.calling.Transport` over another one."""

    def __init__(self, inner: Transport, clock: Clock) -> None:
        self._inner: Final = inner
        self._clock: Final = clock
        self._lanes: Final[dict[str, _PeerBatches]] = {}

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        """Errors: PeerUnreachable, NotPermitted. Fires within `timeout_s`, as the transport below does."""
        if peer not in self._lanes:
            self._lanes[peer] = _PeerBatches(peer, self._inner, self._clock)
        return self._lanes[peer].ask(method, payload, timeout_s)


class _PeerBatches:
    """`_began`: when the calls under way were sent. A question waits while `WINDOW` of them are young. `_hasty`:
    questions under way that have less time than others in the same call."""

    def __init__(self, peer: str, inner: Transport, clock: Clock) -> None:
        self._peer: Final = peer
        self._inner: Final = inner
        self._clock: Final = clock
        self._began: dict[int, float] = {}
        self._waiting: deque[_Question] = deque()
        self._hasty: list[_Question] = []
        self._timer: DelayedCall | None = None
        self._calls = 0
        self._draining = False
        self._alone_until = 0.0

    def ask(self, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        if len(self._waiting) >= MAX_WAITING:
            return fail(PeerUnreachable(self._peer, "too many questions wait for this library"))
        question = _Question(method, payload, self._clock.seconds() + timeout_s, Deferred(self._give_up))
        self._waiting.append(question)
        if len(self._waiting) == 1:  # the others of this turn come before it is run
            self._clock.callLater(0, self._drain)
        return question.answer

    def _give_up(self, answer: Deferred[bytes]) -> None:
        """The asker cancelled. The question is dropped when its turn comes."""

    def _room(self) -> bool:
        now = self._clock.seconds()
        return sum(1 for began in self._began.values() if now - began < PATIENCE_S) < WINDOW

    def _send(self, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        self._calls += 1
        number = self._calls
        self._began[number] = self._clock.seconds()
        return self._inner.call(self._peer, method, payload, timeout_s).addBoth(self._ended, number)

    def _ended(self, result: bytes | Failure, number: int) -> bytes | Failure:
        del self._began[number]
        self._drain()
        return result

    def _drain(self) -> None:
        if self._draining:
            return  # A call that failed at once calls this again; the loop below goes on by itself.
        self._draining = True
        while self._waiting and self._room():
            questions = self._next_questions()
            if len(questions) == 1:
                self._ask_alone(questions[0])
            elif questions:
                self._ask_together(questions)
        self._draining = False
        self._watch()

    def _next_questions(self) -> list[_Question]:
        now = self._clock.seconds()
        most = MAX_BATCH if now >= self._alone_until else 1
        questions: list[_Question] = []
        size = 0
        while self._waiting and len(questions) < most:
            size += len(self._waiting[0].payload)
            if questions and size > SENT_MAX:
                break
            question = self._waiting.popleft()
            if question.due_at <= now:
                _refuse(question, PeerUnreachable(self._peer, "no time left to ask"))
            elif not question.answer.called:
                questions.append(question)
        return questions

    def _watch(self) -> None:
        """One timer a lane while something waits: for calls that get old, and for questions that get late."""
        if self._timer is not None or not (self._waiting or self._hasty):
            return
        self._timer = self._clock.callLater(PATIENCE_S, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        for question in [each for each in self._waiting if each.due_at <= now]:
            self._waiting.remove(question)
            _refuse(question, PeerUnreachable(self._peer, "no time left to ask"))
        for question in [each for each in self._hasty if each.due_at <= now]:
            _refuse(question, PeerUnreachable(self._peer, "no answer in time"))
        self._hasty = [question for question in self._hasty if not question.answer.called]
        self._drain()

    # --- calls -----------------------------------------------------------------------------------------------

    def _ask_alone(self, question: _Question) -> None:
        left_s = question.due_at - self._clock.seconds()
        self._send(question.method, question.payload, left_s).addBoth(_settle, question)

    def _ask_together(self, questions: list[_Question]) -> None:
        now = self._clock.seconds()
        request = batch_pb2.BatchRequest()
        for question in questions:
            request.questions.add(
                method=question.method, payload=question.payload, time_left_ms=int((question.due_at - now) * 1000)
            )
        # The peer answers within its patience. What it has not decided by then comes back as NOT_YET.
        latest = max(question.due_at for question in questions)
        self._hasty += [question for question in questions if question.due_at < latest - PATIENCE_S]
        call = self._send(BATCH, request.SerializeToString(), latest - now)
        call.addCallbacks(self._share, self._none, callbackArgs=(questions,), errbackArgs=(questions,))

    def _share(self, payload: bytes, questions: list[_Question]) -> None:
        try:
            replies = list(batch_pb2.BatchResponse.FromString(payload).replies)
        except DecodeError:
            replies = []
        if len(replies) != len(questions):
            self._fail_all(questions, PeerUnreachable(self._peer, "answer not understood: not one reply a question"))
            return
        for question, reply in zip(questions, replies, strict=True):
            self._take(question, reply)

    def _take(self, question: _Question, reply: batch_pb2.BatchedReply) -> None:
        if question.answer.called:
            return
        if reply.state == State.ANSWERED:
            question.answer.callback(reply.payload)
        elif reply.state == State.NOT_YET:
            self._ask_again(question)
        elif reply.state == State.NOT_PERMITTED:
            _refuse(question, NotPermitted(f"{self._peer}: {reply.why}"))
        elif reply.why in ("", ACCIDENT):
            _refuse(question, PeerFailed(self._peer, reply.why or "an accident at the peer"))
        else:
            _refuse(question, PeerUnreachable(self._peer, reply.why))

    def _ask_again(self, question: _Question) -> None:
        """Ask it alone, outside the lane. It joins the decision in progress and may use all its time."""
        left_s = question.due_at - self._clock.seconds()
        if left_s <= 0:
            _refuse(question, PeerUnreachable(self._peer, "no time left to ask"))
            return
        self._inner.call(self._peer, question.method, question.payload, left_s).addBoth(_settle, question)

    def _none(self, failure: Failure, questions: list[_Question]) -> None:
        """No answer to the batch. A peer of an older version is asked one by one for an hour, then a batch is tried
        again. What was too large together, there or on its way back, is asked one by one now."""
        error = failure.value
        if isinstance(error, PeerUnreachable) and error.why.startswith("UNIMPLEMENTED"):
            self._alone_until = self._clock.seconds() + ALONE_S
            self._waiting.extendleft(reversed(questions))
            self._drain()
            return
        if isinstance(error, PeerUnreachable) and TOO_LARGE in error.why:
            for question in questions:
                self._ask_again(question)
            return
        if not isinstance(error, PeerUnreachable | NotPermitted):
            error = PeerUnreachable(self._peer, f"the call ended: {type(error).__name__}")
        self._fail_all(questions, error)

    def _fail_all(self, questions: list[_Question], error: Exception) -> None:
        for question in questions:
            _refuse(question, error)


def _settle(result: bytes | Failure, question: _Question) -> None:
    if not question.answer.called:
        question.answer.callback(result)  # a Failure given to callback runs the errbacks


def _refuse(question: _Question, error: Exception) -> None:
    if not question.answer.called:
        question.answer.errback(error)


# --- the answering end ---------------------------------------------------------------------------------------


Admit: TypeAlias = Callable[[str, str, bytes], None]
"""`(caller, method, payload)` of a whole call, before it is read. Errors: WireError, OverBudget."""


def admit_all(_caller: str, _method: str, _payload: bytes) -> None:
    """Where nothing is counted."""


class BatchAnswerer:
    """`federation.calling.Answerer` over another one. It takes batches apart and passes all other calls on; none of a
    call that `admit` turns away."""

    def __init__(self, answer: Answerer, clock: Clock, admit: Admit = admit_all) -> None:
        self._answer: Final = answer
        self._clock: Final = clock
        self._admit: Final = admit

    def __call__(self, caller: str, method: str, payload: bytes, time_left_s: float) -> Deferred[bytes]:
        try:
            self._admit(caller, method, payload)
        except (WireError, OverBudget) as error:
            return fail(error)
        if method != BATCH:
            return self._answer(caller, method, payload, time_left_s)
        try:
            questions = list(batch_pb2.BatchRequest.FromString(payload).questions)
        except DecodeError:
            return fail(WireError("BatchRequest: can't be read"))
        if len(questions) > MAX_BATCH or any(question.method == BATCH for question in questions):
            return fail(WireError(f"BatchRequest: more than {MAX_BATCH} questions, or a batch in a batch"))
        return self._answer_all(caller, questions)

    def _answer_all(self, caller: str, questions: Sequence[batch_pb2.BatchedQuestion]) -> Deferred[bytes]:
        asked = [self._answer(caller, each.method, each.payload, each.time_left_ms / 1000) for each in questions]
        replies = [batch_pb2.BatchedReply(state=State.NOT_YET) for _ in questions]
        for reply, answer in zip(replies, asked, strict=True):
            answer.addBoth(_note, reply)
        patient = at_most(self._clock, DeferredList(asked), PATIENCE_S)
        return patient.addCallback(lambda _none: _together(replies))


def _together(replies: list[batch_pb2.BatchedReply]) -> bytes:
    """What fits into one answer. The rest is asked again, alone."""
    size = 0
    for reply in replies:
        size += len(reply.payload)
        if size > SENT_MAX and size > len(reply.payload):
            size -= len(reply.payload)
            reply.state, reply.payload = State.NOT_YET, b""
    return batch_pb2.BatchResponse(replies=replies).SerializeToString()


def _note(result: bytes | Failure, reply: batch_pb2.BatchedReply) -> None:
    if not isinstance(result, Failure):
        reply.state, reply.payload = State.ANSWERED, result
    elif isinstance(result.value, NotPermitted):
        reply.state, reply.why = State.NOT_PERMITTED, str(result.value)
    elif isinstance(result.value, PeerUnreachable | WireError):
        reply.state, reply.why = State.FAILED, str(result.value)
    elif isinstance(result.value, CancelledError):
        reply.state, reply.why = State.FAILED, "given up"
    else:
        # An accident of ours. Our log has its text; the peer does not get it.
        reply.state, reply.why = State.FAILED, ACCIDENT
