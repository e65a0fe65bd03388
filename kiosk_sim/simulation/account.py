"""What happened at the kiosks, as the readers could tell it: what each wanted, what was sent, what was heard.

The other half of every check: the books say one thing, this says what somebody was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from kiosk_sim.simulation.world import Device, Item, Reader
from node.service.desk import kinds
from node.service.desk.memory import Ask, Begun, Fresh, Told
from sip2 import Message

Kind = Literal["11", "09", "29", "37", "63", "15", "65", "01", "25", "09 cancel", "11 cancel"]
Key = tuple[str, str, str, str, str, str]
"""What a node sees of a request: branch, terminal, message, date, card, and the barcode or what else it names."""

WITHOUT_CARD = ("09", "09 cancel")
NAMED_BY_EXTRA = ("37", "15")


@dataclass(slots=True)
class Intention:
    """One thing that somebody wanted done once, however often a kiosk sent it.

    `extra`: what identifies it beside card and item (a payment's number, what a hold asks for). `undoes`: what failed
    at the kiosk after its answer, and is taken back by this. `came_back_ms`: the return date that was sent, if it is
    not that of the transaction. `heard`: the first answer that reached the kiosk; None if the reader left without one.
    `ops`: the operations that the node took it for, with the moment (true time) at which each was first seen.
    """

    number: int
    kind: Kind
    device: Device
    reader: Reader | None
    item: Item | None
    began_s: float
    amount_fen: int = 0
    extra: str = ""
    undoes: Intention | None = None
    came_back_ms: int | None = None
    no_block: bool = False
    ended_s: float | None = None
    heard: Message | None = None
    ops: dict[str, float] = field(default_factory=dict)
    heard_op: str = ""

    @property
    def ok(self) -> bool | None:
        """Yes, no, or (None) left without an answer. A message without such a field is answered "yes"."""
        if self.heard is None:
            return None
        return bool(getattr(self.heard, "ok", getattr(self.heard, "payment_accepted", True)))

    @property
    def told_renewed(self) -> frozenset[str]:
        """The barcodes that the answer to a 65 names as renewed."""
        return frozenset(getattr(self.heard, "renewed_items", ()))


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as its branch first saw it: at which true time (a checkout: when it arrived, though it was `begun_s`
    only after its PIN was checked), and stamped how by the branch's clock."""

    op: str
    branch: str
    message: str
    barcode: str
    kiosk_date: str
    at_s: float
    stamped_ms: int
    begun_s: float
    intention: Intention | None


class Account:
    """All intentions and all operations of one history. `doubted`: returns that came too soon after a loan to be its
    end, with the loan and how far ahead the clock of the return was at the most, as its owner had measured it.
    `clocks_set`: of which library, and when. `jumps`: when a clock went how far from the right time, in order.
    `heard_late`: returns of which their owner heard long after they were made. `blind`: loans whose fee was ordered by
    an owner that could measure no clock.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self.intentions: list[Intention] = []
        self.operations: dict[str, Operation] = {}
        self._sent: dict[Key, Intention] = {}
        self._latest: dict[Key, str] = {}
        self.reactivated: list[tuple[Reader, float]] = []
        self.last_looks: list[Intention] = []
        self.clocks_set: list[tuple[str, float]] = []
        self.jumps: dict[str, list[tuple[float, float]]] = {}
        self.heard_late: set[str] = set()
        self.blind: set[str] = set()
        self.opened_behind: list[str] = []
        self.doubted: dict[str, tuple[str, int | None]] = {}

    def clocks_jump(self, library: str, by_s: float) -> None:
        """The clock of that library is so far from the right time from now on."""
        self.jumps.setdefault(library, []).append((self._seconds(), by_s))
        self.clocks_set.append((library, self._seconds()))

    def was_wrong(self, library: str, from_s: float, until_s: float) -> bool:
        """Whether that library's clock was far from the right time at some moment then."""
        told = [*self.jumps.get(library, []), (float("inf"), 0.0)]
        return any(
            by_s != 0.0 and began_s <= until_s and from_s <= ended_s
            for (began_s, by_s), (ended_s, _then) in pairwise(told)
        )

    def intend(self, kind: Kind, device: Device, reader: Reader | None, item: Item | None) -> Intention:
        intention = Intention(len(self.intentions), kind, device, reader, item, self._seconds())
        self.intentions.append(intention)
        return intention

    def sent(self, intention: Intention, date: str) -> Key:
        """A request goes out; returns what the node will see of it."""
        card = intention.reader.card if intention.reader is not None and intention.kind not in WITHOUT_CARD else ""
        barcode = intention.item.barcode if intention.item is not None else ""
        what = intention.extra if intention.kind in NAMED_BY_EXTRA else barcode
        key = (intention.device.branch, intention.device.login, intention.kind, date, card, what)
        self._sent[key] = intention
        return key

    def begun(self, branch: str, ask: Ask, begun: Begun, wall_ms: int) -> None:
        """A node took a request for an operation, new or known; `wall_ms` by its clock."""
        what = ask.extra if ask.kind in NAMED_BY_EXTRA else ask.barcode
        key = (branch, ask.terminal, ask.kind, ask.kiosk_date, ask.card, what)
        of_all = ask.kind is kinds.Kind.RENEWAL and ask.extra == kinds.Kind.RENEW_ALL
        if of_all:  # one item of a 65
            key = (branch, ask.terminal, kinds.Kind.RENEW_ALL, ask.kiosk_date, ask.card, "")
        intention = self._sent.get(key)
        if isinstance(begun, Fresh):
            off_line = intention is not None and intention.no_block
            now = intention.began_s if intention is not None and off_line else self._arrived_s(ask, wall_ms)
            # what was seen before it was lost with its transaction
            self.operations[begun.op] = Operation(
                op=begun.op,
                branch=branch,
                message=ask.kind,
                barcode=ask.barcode,
                kiosk_date=ask.kiosk_date,
                at_s=now,
                stamped_ms=begun.asked_at_ms,
                begun_s=self._seconds(),
                intention=intention,
            )
        if intention is not None:
            intention.ops.setdefault(begun.op, self._seconds())
            if not of_all:
                self._latest[key] = begun.op

    def _arrived_s(self, ask: Ask, wall_ms: int) -> float:
        """A checkout counts from its arrival, though a PIN was asked about first: nobody lends what is put into a bin
        meanwhile."""
        waited_ms = (
            wall_ms - ask.arrived_at_ms if ask.kind is kinds.Kind.CHECKOUT and ask.arrived_at_ms is not None else 0
        )
        return self._seconds() - max(0, waited_ms) / 1000

    def heard(self, intention: Intention, key: Key, answer: Message) -> None:
        """The answer to the request of that key reached the kiosk."""
        if intention.heard is None:
            intention.heard = answer
            intention.heard_op = self._latest.get(key, "")

    def ended(self, intention: Intention) -> None:
        intention.ended_s = self._seconds()

    def told(self, kind: Kind) -> Iterator[Intention]:
        """Those of a kind whose reader heard something."""
        return (each for each in self.intentions if each.kind == kind and each.heard is not None)

    def repeated(self, begun: Begun) -> bool:
        return isinstance(begun, Told)
