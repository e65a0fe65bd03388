"""What this branch was asked by its kiosks, and what it told them: the whole of exactly-once (design 4).

An operation's id is derived from what the kiosk sent, so a kiosk that repeats itself, over a new connection or after
a restart of the node, asks the same operation again. The first answer stands.

An identical request is a repeat while nothing else happened to the item, here or as its owner knows elsewhere. If
something did, it may be a late copy or, where a device has one stamp for many operations, a real second one. A return
is then new, because it does no harm twice. A checkout or renewal is refused for a minute, and new later.

A request with a fresh date is a new operation. Whether it changes anything is for the owner's books to say. The memory
only finds what was answered before it (`Fresh.earlier_op`), and the owner is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeAlias, TypeVar, get_args

from pydantic import TypeAdapter

from federation.contract import HoldTaken, Lent, Refused, Renewed, TakenBack
from node.service.desk import ids
from node.service.desk.deeds import asked_for_a_fee, did, moved, was_too_soon
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import OFF_LINE, Kind
from node.service.desk.results import AllRenewed, Kept, Recorded, StatusChanged, Undone
from node.service.desk.thinning import with_title
from node.service.money.steps import Paid
from node.storage.desk import operations as rows
from node.storage.owner.loans import find_item
from node.storage.store import Tx

DATE_NEAR_MS = 10 * 60 * 1000
AGAIN_MS = 10 * 60 * 1000
"""How long the same wish of the same terminal may be that of a kiosk, or of a reader, who did not see the answer."""
SET_BACK_MS = 60 * 1000
"""How far a clock that was set right may have gone back; more than that is no correction."""
RETRYING_MS = 60 * 1000
"""How long a kiosk goes on sending the same request: the 3 retries of 10 s that 98 announces, and some more."""
_ONE_AT_A_TIME = (Kind.CHECKOUT, Kind.RENEWAL, Kind.CANCEL_CHECKOUT, Kind.CANCEL_RETURN)
"""Within a minute nobody can know whether the same words, after something else, are a late copy or meant again."""


@dataclass(frozen=True, slots=True)
class ReturnAccepted:
    """The return is in this branch's books; its owner will settle the rest. `for_staff`: a person must look at it."""

    op: str
    for_staff: bool = False


Answer: TypeAlias = (
    Lent
    | Renewed
    | TakenBack
    | ReturnAccepted
    | Paid
    | Refused
    | HoldTaken
    | Recorded
    | Undone
    | Kept
    | StatusChanged
    | AllRenewed
)

_KINDS: dict[str, TypeAdapter[Answer]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Answer)}


A_co = TypeVar("A_co", bound=Answer, covariant=True)
A = TypeVar("A", bound=Answer)


def written(answer: Answer) -> str:
    kind = type(answer).__name__
    return f"{kind} {_KINDS[kind].dump_json(answer, exclude_defaults=True).decode()}"


def read(text: str) -> Any:
    """What `written` made a text of: an Answer."""
    kind, _, body = text.partition(" ")
    return _KINDS[kind].validate_json(body)


@dataclass(frozen=True, slots=True)
class Ask:
    """What identifies a kiosk's request. `kiosk_at_ms` None: it sent no readable date.

    `extra`: what else makes it the same one (a payment's number, amount and fee). `dated` False: its date is no part
    of its identity (a payment with a number of its own). `lasting`: it tells what happened at that very moment (off
    line), so it is the same one whenever it comes again. `renews`: where the item turns out to be on loan to this
    very reader, the loan is renewed. `fee_acknowledged`: the reader agreed to a fee. `arrived_at_ms`: when it came in,
    if something (a PIN, an owner to be found) was asked about first. `returned_at_ms`: when the item came back, if the
    terminal may say so.

    `named`: the item's owner, where the kiosk named it and the barcode alone does not tell it. Then it is part of what
    the request is about. `owner`: the same where it was found by asking: no part of it, for the next answer may differ.
    `not_offered`: off line at a terminal that may not be; `not_proven`: off line without the PIN that was due.
    """

    kind: Kind
    terminal: str
    kiosk_date: str
    kiosk_at_ms: int | None
    card: str = field(repr=False)
    barcode: str
    extra: str = ""
    dated: bool = True
    lasting: bool = False
    renews: bool = False
    fee_acknowledged: bool = False
    arrived_at_ms: int | None = None
    returned_at_ms: int | None = None
    named: str = ""
    owner: str = ""
    not_offered: bool = False
    not_proven: bool = False

    @property
    def item(self) -> ItemName:
        return ItemName(self.barcode, self.named)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A new operation. `overtaken`: the item was taken back here between its arrival and its turn. `earlier_op`: what
    this terminal was told last, a few minutes ago, of the same item (and card): the loan that was made, the return.
    `awaited`: the same wish with another date, which is still being decided. `too_soon`: the same words as a moment
    ago, but something happened to the item in between: nobody can tell whether it is meant again.
    """

    op: str
    base: str
    attempt: int
    card_digest: str
    date_near: bool
    asked_at_ms: int
    answer_by_ms: int
    overtaken: bool = False
    earlier_op: str = ""
    awaited: str = ""
    too_soon: bool = False


@dataclass(frozen=True, slots=True)
class Told(Generic[A_co]):
    """What the kiosk was told, and when. `repeated`: it had been told before.

    `A_co`: what such a request is answered with. The memory does not know; whoever asks it does (`Told[Any]`).
    """

    op: str
    answer: A_co
    at_ms: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Asked before and not told yet: it is being driven now, or was left over."""

    op: str
    question: str


Known: TypeAlias = Told[Any] | InDoubt
Begun: TypeAlias = Fresh | Known


def never_in_doubt(begun: Known) -> Told[Any]:
    """Of a request that is always asked and answered within one transaction."""
    assert isinstance(begun, Told), "it was never only asked"
    return begun


def _answer(row: rows.KioskOpRow) -> Any:
    return None if row.answer is None else read(row.answer)


def _after(latest: rows.KioskOpRow | None, now_ms: int) -> int:
    """The time of a new operation on an item: after the last one at this branch, though the clock was set back a
    little in between. Else an item that was lent a moment ago and comes back would seem to have come before."""
    if latest is None or latest.asked_at_ms - now_ms > SET_BACK_MS:
        return now_ms
    return max(now_ms, latest.asked_at_ms + 1)


class KioskMemory:
    """The memory of branch `library`. `digest_key` keeps card numbers out of it. `older_ids`: it may remember requests
    under the ids that an older program gave them."""

    def __init__(
        self,
        library: str,
        digest_key: bytes,
        wall_ms: Callable[[], int],
        *,
        older_ids: bool,
        repeat_window_s: float,
        answer_within_s: float,
    ) -> None:
        self._library = library
        self._digest_key = digest_key
        self._wall_ms = wall_ms
        self._older_ids = older_ids
        self._window_ms = int(repeat_window_s * 1000)
        self._answer_within_ms = int(answer_within_s * 1000)

    def card_digest(self, card: str) -> str:
        return hashlib.blake2b(card.encode(), key=self._digest_key, digest_size=16).hexdigest()

    def begin(self, tx: Tx, ask: Ask, *, followed: bool = False) -> Begun:
        """The same operation again, or a new one. `followed`: the item's owner knows that something else happened to
        it elsewhere since the same request was answered."""
        now_ms = self._wall_ms()
        base, known = self._known(tx, ask, self.card_digest(ask.card))
        latest = rows.latest_about(tx, ask.barcode, ask.named or ask.owner) if ask.barcode else None
        followed = known is not None and (followed or self._followed(tx, known, latest))
        if known is None or not self._repeats(known, ask, now_ms, followed=followed):
            return self._fresh(tx, base, ask, known=known, latest=latest, followed=followed)
        if known.answer is None or known.told_at_ms is None:
            return InDoubt(known.op, known.question or "")
        return Told(known.op, self._whole(tx, known), known.told_at_ms, repeated=True)

    def _whole(self, tx: Tx, known: rows.KioskOpRow) -> Any:
        """The answer; if its title was forgotten, with that of the item as it is here."""
        answer = _answer(known)
        own = not known.card_digest and known.owner in ("", self._library)
        item = find_item(tx, known.barcode) if own else None
        return answer if item is None else with_title(answer, item.title)

    def _bases(self, ask: Ask, digest: str) -> tuple[str, ...]:
        """The ids under which such a request is remembered: first the one that it has today."""
        date = ask.kiosk_date if ask.dated else ""
        text = "\x1f".join((self._library, ask.terminal, ask.kind, date, digest, ask.item.key, ask.extra))
        return (ids.asked(date, text), ids.undated(text)) if self._older_ids else (ids.asked(date, text),)

    def _known(self, tx: Tx, ask: Ask, digest: str) -> tuple[str, rows.KioskOpRow | None]:
        """The request's id, and its latest attempt if it was asked before."""
        bases = self._bases(ask, digest)
        found = (rows.latest_attempt(tx, base) for base in bases)
        return bases[0], next((row for row in found if row is not None), None)

    def answer_to(self, tx: Tx, ask: Ask, card_digest: str | None = None) -> Any:
        """What the latest attempt at exactly this request was answered, whenever that was; None if it was not."""
        digest = self.card_digest(ask.card) if card_digest is None else card_digest
        _, known = self._known(tx, ask, digest)
        return None if known is None or known.answer is None else read(known.answer)

    def asked_on_line(self, row: rows.KioskOpRow) -> bool:
        """Whether that loan or return was asked as it happened, so that its time is ours, not its terminal's."""
        on_line = Ask(Kind(row.message), row.terminal, row.kiosk_date, None, "", row.barcode)
        return self._was_asked(row, on_line, row.card_digest)

    def is_of_card(self, row: rows.KioskOpRow, card: str) -> bool:
        """Whether that loan was asked with this card. The operation's own name tells, where the digest is forgotten."""
        extra = OFF_LINE if row.lasting else ""
        asked = Ask(Kind(row.message), row.terminal, row.kiosk_date, None, card, row.barcode, extra=extra)
        return self._was_asked(row, asked, self.card_digest(card))

    def _was_asked(self, row: rows.KioskOpRow, asked: Ask, digest: str) -> bool:
        return any(row.base in self._bases(each, digest) for each in (asked, replace(asked, named=row.owner)))

    def just_returned(self, tx: Tx, ask: Ask) -> rows.KioskOpRow | None:
        """The return that this one may repeat, in the same words or with another date: of the same barcode, named in
        the same way, at the same terminal, as long as a kiosk retries."""
        latest = next((row for row in rows.recent_about(tx, ask.barcode) if row.terminal == ask.terminal), None)
        if latest is None or latest.message != Kind.RETURN or self._wall_ms() - latest.asked_at_ms > RETRYING_MS:
            return None
        same = Ask(ask.kind, ask.terminal, latest.kiosk_date, None, ask.card, ask.barcode, named=ask.named)
        return latest if latest.base in self._bases(same, latest.card_digest) else None

    def _followed(self, tx: Tx, known: rows.KioskOpRow, latest: rows.KioskOpRow | None) -> bool:
        """Whether something else happened to the item at this branch since; a "no" is nothing."""
        if latest is None or latest.seq == known.seq:
            return False
        recent = rows.recent_about(tx, known.barcode, known.owner)
        since = [row for row in recent if row.seq > known.seq]
        return any(moved(row, _answer(row)) for row in since) or len(since) == len(recent)

    def _repeats(self, known: rows.KioskOpRow, ask: Ask, now_ms: int, *, followed: bool) -> bool:
        """The key repeats while nothing else happened to that item, and its date was true when first seen or the answer
        is young: a kiosk with a stuck clock must not have a real return swallowed."""
        if known.told_at_ms is None or (ask.lasting and ask.kiosk_at_ms is not None):
            return True
        if ask.fee_acknowledged and asked_for_a_fee(_answer(known)):
            return False  # the reader has agreed meanwhile: the same request is another one now
        true_date = known.date_near and known.kiosk_date == ask.kiosk_date
        if was_too_soon(_answer(known)):
            return now_ms - known.asked_at_ms <= RETRYING_MS
        if followed:
            once = ask.kind not in (*_ONE_AT_A_TIME, Kind.RETURN)
            return once and true_date and now_ms - known.asked_at_ms <= RETRYING_MS
        return true_date or now_ms - known.told_at_ms <= (self._window_ms if ask.dated else AGAIN_MS)

    def _earlier(self, tx: Tx, ask: Ask, digest: str, now_ms: int) -> tuple[str, str]:
        """(what was done, what is still being decided) on the same wish of this terminal, with another date."""
        of_card = digest if ask.kind is Kind.CHECKOUT else None
        for row in rows.recent_about(tx, ask.barcode, ask.named or ask.owner):
            same = (row.message, row.terminal) == (ask.kind, ask.terminal) and of_card in (None, row.card_digest)
            if not same or now_ms - row.asked_at_ms > AGAIN_MS:
                continue
            if row.answer is None and ask.kind is Kind.CHECKOUT:
                return "", row.op
            if did(row, _answer(row)):
                return row.op, ""
        return "", ""

    def _fresh(
        self,
        tx: Tx,
        base: str,
        ask: Ask,
        *,
        known: rows.KioskOpRow | None,
        latest: rows.KioskOpRow | None,
        followed: bool,
    ) -> Fresh:
        attempt = 1 if known is None else known.attempt + 1
        young = known is not None and self._wall_ms() - known.asked_at_ms <= RETRYING_MS
        now_ms, digest = self._wall_ms(), self.card_digest(ask.card)
        goes_on = latest is not None and not ask.lasting and now_ms - latest.asked_at_ms <= AGAIN_MS
        earlier_op, awaited = self._earlier(tx, ask, digest, now_ms) if goes_on else ("", "")
        if known is not None and ask.kind is Kind.RETURN and not ask.lasting:
            earlier_op = known.op
        near = ask.kiosk_at_ms is not None and abs(ask.kiosk_at_ms - now_ms) <= DATE_NEAR_MS
        asked_at_ms = _after(latest, now_ms)
        return Fresh(
            op=ids.of_attempt(base, attempt, now_ms, lasts=not (near and ask.dated)),
            base=base,
            attempt=attempt,
            card_digest=digest,
            date_near=near,
            asked_at_ms=asked_at_ms,
            answer_by_ms=asked_at_ms + self._answer_within_ms,
            overtaken=latest is not None and self._overtook(latest, ask),
            earlier_op=earlier_op,
            awaited=awaited,
            too_soon=followed and young and ask.kind in _ONE_AT_A_TIME,
        )

    def _overtook(self, latest: rows.KioskOpRow, ask: Ask) -> bool:
        arrived = ask.arrived_at_ms
        if latest.message != Kind.RETURN or arrived is None:
            return False
        return arrived < latest.asked_at_ms <= arrived + self._answer_within_ms

    def asked(self, tx: Tx, ask: Ask, fresh: Fresh, question: str) -> None:
        """Durable before anyone else is asked. `question` is what a restart needs to settle it; never a card."""
        self._add(tx, ask, fresh, None, question)

    def told_at_once(self, tx: Tx, ask: Ask, fresh: Fresh, answer: A) -> Told[A]:
        """Asked and answered within one transaction."""
        self._add(tx, ask, fresh, answer, None)
        return Told(fresh.op, answer, fresh.asked_at_ms)

    def once(self, tx: Tx, ask: Ask, answer: Answer) -> Known:
        """That answer to a new request; a known one is what it was."""
        begun = self.begin(tx, ask)
        return self.told_at_once(tx, ask, begun, answer) if isinstance(begun, Fresh) else begun

    def decide_once(self, tx: Tx, ask: Ask, decide: Callable[[Fresh], A]) -> Told[A]:
        """In an open transaction: `Branch.decide_once`."""
        begun = self.begin(tx, ask)
        return self.told_at_once(tx, ask, begun, decide(begun)) if isinstance(begun, Fresh) else never_in_doubt(begun)

    def tell(self, tx: Tx, op: str, answer: A) -> Told[A]:
        """The first answer stands, whoever comes second."""
        at_ms = self._wall_ms()
        if not rows.tell(tx, op, told_at_ms=at_ms, answer=written(answer)):
            known = rows.find_kiosk_op(tx, op)
            if known is not None and known.answer is not None and known.told_at_ms is not None:
                return Told(op, read(known.answer), known.told_at_ms, repeated=True)
        return Told(op, answer, at_ms)

    def _add(self, tx: Tx, ask: Ask, fresh: Fresh, answer: Answer | None, question: str | None) -> None:
        row = rows.KioskOpRow(
            op=fresh.op,
            base=fresh.base,
            attempt=fresh.attempt,
            message=ask.kind.value,
            kiosk_date=ask.kiosk_date,
            terminal=ask.terminal,
            card_digest=fresh.card_digest,
            barcode=ask.barcode,
            owner=ask.named or ask.owner,
            date_near=fresh.date_near,
            lasting=ask.lasting and ask.kiosk_at_ms is not None,
            asked_at_ms=fresh.asked_at_ms,
            answer_by_ms=fresh.answer_by_ms,
            told_at_ms=None if answer is None else fresh.asked_at_ms,
            answer=None if answer is None else written(answer),
            question=question,
        )
        rows.add_kiosk_op(tx, row)
