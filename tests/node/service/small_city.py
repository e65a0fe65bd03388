"""A city of two or three libraries in one thread: whole nodes over real SQL, a lane in memory, one clock.

    city = SmallCity()                                     # CQSPB, CQBB, CQCQ (one group) and CQWZ (another)
    desk = city.kiosk("CQBB")                              # a self-check, logged in
    answer = desk.ask(desk.checkout(city.card("CQSPB"), city.item("CQBB")))
    city.cut("CQBB", "CQCQ"); city.restart("CQBB"); city.pass_days(31); city.settle()
    city.check()                                           # books agree, outboxes empty

Library number i has cards 235 0i 0000000n and items CODE0100000n; the PIN of every card is its last four digits.
Nothing here waits in real time.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from federation.contract import NotPermitted, PeerUnreachable
from federation.directory import AreaEntry, Directory, GroupEntry, LibraryEntry
from node.core import Core
from node.domain.calendar import civil_date
from node.domain.rules import LendingRule, RuleBook
from node.kiosk.terminal import Terminal
from node.observe.metrics import Metrics
from node.plan import Means, Plan
from node.storage.home import cards as home_rows
from node.storage.meta import establish
from node.storage.opening import new_memory_database
from node.storage.owner import loans as owner_rows
from node.storage.sqlite import InlineStore
from node.storage.store import Tx
from sip2 import Message
from tests.node.service.kiosks import Kiosk, read
from tests.node.service.notebook import Notebook
from tests.node.watching import watched

T = TypeVar("T")

START_MS = 1_772_416_800_000  # 2026-03-02 10:00 in Shanghai
DAY_MS = 86_400_000
GROUPS = {"CQSPB": "central", "CQBB": "central", "CQCQ": "central", "CQWZ": "outer"}
CARDS_EACH, ITEMS_EACH = 4, 15
FIRST_FOREIGN, FIRST_REFERENCE = 11, 14  # items 11 to 13 are foreign, 14 and 15 are not lent
LAG_S = 0.002

TERMINALS = (
    Terminal("sc", "selfcheck", location="CQ hall", pin="if_sent", password_hash="hash:secret"),
    Terminal("sc2", "selfcheck", location="CQ hall", pin="if_sent", password_hash="hash:secret"),
    Terminal("bin", "return", location="CQ door", password_hash="hash:secret"),
    Terminal("staff", "staff", location="CQ desk", may_enable=True, password_hash="hash:secret"),
    Terminal("gate", "gate", area="adult", password_hash="hash:secret"),
)


class _Secrets:
    """A hash is `hash:` and the secret."""

    def verify(self, hashed: str, secret: str) -> Deferred[bool]:
        return succeed(hashed == f"hash:{secret}")


class _MortalClock:
    """The city's clock as one incarnation of a node has it: after its death nothing of it runs any more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.alive = True

    def seconds(self) -> float:
        return float(self._clock.seconds())

    def callLater(self, delay: float, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        def run() -> None:
            if self.alive:
                function(*args, **named)

        return self._clock.callLater(delay, run)


class Lane:
    """`Transport` of one incarnation: bytes through the other node's server, after a moment, or never."""

    def __init__(self, city: SmallCity, caller: str, clock: _MortalClock) -> None:
        self._city = city
        self._caller = caller
        self._clock = clock

    def call(self, peer: str, method: str, payload: bytes, timeout_s: float) -> Deferred[bytes]:
        answer: Deferred[bytes] = Deferred()
        self._city.sent.append((self._caller, peer, method))
        late = self._clock.callLater(timeout_s, _fail, answer, PeerUnreachable(peer, "no answer in time"))
        if (self._caller, peer) in self._city.refused_lines or peer not in self._city.nodes:
            self._clock.callLater(LAG_S, _fail, answer, PeerUnreachable(peer, "cut"))
        else:
            self._clock.callLater(LAG_S, self._arrive, peer, method, payload, timeout_s, answer)
        answer.addBoth(_cancelled, late)
        return answer

    def _arrive(self, peer: str, method: str, payload: bytes, timeout_s: float, answer: Deferred[bytes]) -> None:
        node = self._city.nodes.get(peer)
        if node is None:
            return
        came = node.core.answer(self._caller, method, payload, timeout_s)
        came.addBoth(self._answered, peer, answer)

    def _answered(self, result: bytes | Failure, peer: str, answer: Deferred[bytes]) -> None:
        lost = self._city.refused_lines | self._city.lost_answers
        if (peer, self._caller) in lost or not self._clock.alive:
            return  # the answer is lost on its way
        if isinstance(result, Failure):
            error = result.value if result.check(NotPermitted) else PeerUnreachable(peer, type(result.value).__name__)
            self._clock.callLater(LAG_S, _fail, answer, error)
        else:
            self._clock.callLater(LAG_S, _give, answer, result)


def _give(answer: Deferred[bytes], value: bytes) -> None:
    if not answer.called:
        answer.callback(value)


def _fail(answer: Deferred[bytes], error: Any) -> None:
    if not answer.called:
        answer.errback(error)


def _cancelled(result: T, late: Any) -> T:
    if late.active():
        late.cancel()
    return result


def isil_of(code: str) -> str:
    """Its institution code (GB/T 35660)."""
    return f"CN-500106-1-{code[2:]}"


class Node:
    """One library: its database, which outlives it, and its present incarnation."""

    def __init__(self, city: SmallCity, plan: Plan) -> None:
        self.plan = plan
        self._city = city
        self.connection: sqlite3.Connection = watched(new_memory_database())
        self.store = InlineStore(self.connection)
        self.log = Notebook()
        self.ahead_ms = 0
        self.start()

    def start(self) -> None:
        """A new process over the same database."""
        plan = self.plan
        self.clock = _MortalClock(self._city.clock)
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.store = InlineStore(self.connection)
        self.identity = self.store.run_now(
            lambda tx: establish(tx, plan.library, lambda size: plan.library.encode().ljust(size, b".")), "establish"
        )
        self.core = Core(
            plan,
            self.identity,
            self.store,
            Means(
                transport=Lane(self._city, plan.library, self.clock),
                clock=self.clock,
                wall_ms=self.wall_ms,
                rng=random.Random(plan.library),
                pins=_Secrets(),
                passwords=_Secrets(),
                metrics=Metrics(plan.terminals, [code for code in GROUPS if code != plan.library], plan.areas),
                log=self.log,
            ),
        )
        recovered = Deferred.fromCoroutine(self.core.recover())
        self._city.wait_for(recovered)
        self.core.links.start_probing()

    def kill(self) -> None:
        self.clock.alive = False

    def wall_ms(self) -> int:
        """By its own clock, which may be `ahead_ms` ahead of the city's."""
        return self._city.wall_ms() + self.ahead_ms

    def read(self, work: Callable[[Tx], T]) -> T:
        return self._city.wait_for(self.store.read(work))

    def exceptions(self) -> list[tuple[str, str, str]]:
        """(kind, barcode, detail) of what staff must look at, oldest first."""
        rows = self.connection.execute("SELECT kind, barcode, detail FROM staff_exception ORDER BY id")
        return [(row[0], row[1], row[2]) for row in rows]

    def column(self, sql: str) -> list[Any]:
        """The first column of a query, for a test that looks into the books."""
        return [row[0] for row in self.connection.execute(sql)]


class SmallCity:
    """`rule`: the lending rule of everyone but the categories of `more_rules`; `categories`: of cards, by their number
    (else: pupil). `terminals`: of every library. `changes`: fields of every `Plan`. `names_en`: by code."""

    def __init__(
        self,
        libraries: Sequence[str] = ("CQSPB", "CQBB", "CQCQ"),
        *,
        rule: LendingRule | None = None,
        more_rules: Sequence[LendingRule] = (),
        categories: Mapping[int, str] | None = None,
        terminals: Sequence[Terminal] = TERMINALS,
        changes: Mapping[str, Any] | None = None,
        names_en: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = Clock()
        self._shift_ms = 0
        self.refused_lines: set[tuple[str, str]] = set()
        self.lost_answers: set[tuple[str, str]] = set()
        self.sent: list[tuple[str, str, str]] = []
        self.rule = rule or LendingRule()
        self._categories = categories or {}
        self._order = tuple(GROUPS)
        self.directory = self._directory(names_en or {})
        self.nodes: dict[str, Node] = {}
        for code in libraries:
            plan = Plan(
                library=code,
                library_name=code,
                directory=self.directory,
                rule_book=RuleBook((self.rule, *more_rules)),
                areas={"adult": AreaEntry("adult", "成人借阅区", "shut")},
                terminals={each.login: each for each in terminals},
                offline_ok=True,
            )
            self.nodes[code] = Node(self, replace(plan, **(changes or {})))
            self._furnish(code)

    def _directory(self, names_en: Mapping[str, str]) -> Directory:
        entries = [
            LibraryEntry(
                *(code, code, GROUPS[code], (f"2350{number}",), (code,), "localhost", 1, isil_of(code)),
                name_en=names_en.get(code, ""),
            )
            for number, code in enumerate(self._order, start=1)
        ]
        return Directory(entries, [GroupEntry("central", "中心城区"), GroupEntry("outer", "外区县")])

    def _furnish(self, code: str) -> None:
        cards = [
            home_rows.NewCard(
                card=self.card(code, number),
                reader=f"{code}-reader-{number}",
                name=f"读者{number}",
                category=self._categories.get(number, "pupil"),
                expires_on=date(2030, 1, 1),
                pin_hash=f"hash:{self.card(code, number)[-4:]}",
                max_loans=self.rule.max_loans,
                max_foreign=self.rule.max_foreign_loans,
            )
            for number in range(1, CARDS_EACH + 1)
        ]
        items = [
            owner_rows.NewItem(
                barcode=self.item(code, number),
                title=f"{code}之书{number}",
                author="作者",
                isbn="",
                call_number=f"I287/{number}",
                item_type="reference" if number >= FIRST_REFERENCE else "book",
                location="children",
                foreign=FIRST_FOREIGN <= number < FIRST_REFERENCE,
                price_fen=3000,
            )
            for number in range(1, ITEMS_EACH + 1)
        ]

        def work(tx: Tx) -> None:
            home_rows.add_cards(tx, cards)
            owner_rows.add_items(tx, items)

        self.nodes[code].store.run_now(work, "furnish")

    # --- what there is -------------------------------------------------------------------------------------

    def card(self, code: str, number: int = 1) -> str:
        return f"2350{self._order.index(code) + 1}{number:08d}"

    def item(self, code: str, number: int = 1) -> str:
        return f"{code}01{number:08d}"

    def kiosk(self, code: str, login: str = "sc") -> Kiosk:
        return Kiosk(
            lambda: self.nodes[code].core.kiosks,
            login,
            code,
            wall_ms=self.nodes[code].wall_ms,
            pump=self.run_until,
        )

    def __getitem__(self, code: str) -> Node:
        return self.nodes[code]

    # --- time ----------------------------------------------------------------------------------------------

    def wall_ms(self) -> int:
        return START_MS + self._shift_ms + int(self.clock.seconds() * 1000)

    @property
    def today(self) -> date:
        return civil_date(self.wall_ms())

    def pass_days(self, days: float) -> None:
        """The wall clock moves on; timers are not affected, as with `--now`."""
        self._shift_ms += int(timedelta(days=days) / timedelta(milliseconds=1))

    def pass_minutes(self, minutes: float) -> None:
        self._shift_ms += int(minutes * 60_000)

    def set_clock(self, code: str, *, minutes: float = 0, days: float = 0) -> None:
        """The clock of that library is so far ahead of the right time from now on (negative: behind). Nobody has
        measured it yet."""
        self.nodes[code].ahead_ms = int(minutes * 60_000 + days * DAY_MS)

    def look_at_clocks(self) -> None:
        """Every library measures the others, and its watch looks at its own clock."""
        for node in self.nodes.values():
            self.wait_for(node.core.links.measure_now())
        for node in self.nodes.values():
            self.wait_for(node.core.lookout.clock.look())

    def run_until(self, done: Callable[[], bool], within_s: float = 60.0) -> None:
        """Advance the clock from event to event until `done()`."""
        ends_at = self.clock.seconds() + within_s
        while not done():
            calls: Sequence[Any] = self.clock.getDelayedCalls()
            moment = min((call.getTime() for call in calls), default=None)
            assert moment is not None, "nothing is left that could happen"
            assert moment <= ends_at, f"not done within {within_s} s"
            self.clock.advance(max(0.0, moment - self.clock.seconds()))

    def wait_for(self, deferred: Deferred[T]) -> T:
        held: list[Any] = []
        deferred.addBoth(held.append)
        self.run_until(lambda: bool(held))
        if isinstance(held[0], Failure):
            held[0].raiseException()
        result: T = held[0]
        return result

    def run_for(self, seconds: float) -> None:
        """Let timers fire for so long."""
        ends_at = self.clock.seconds() + seconds
        while True:
            calls: Sequence[Any] = self.clock.getDelayedCalls()
            due = [call.getTime() for call in calls if call.getTime() <= ends_at]
            if not due:
                break
            self.clock.advance(max(0.0, min(due) - self.clock.seconds()))
        self.clock.advance(max(0.0, ends_at - self.clock.seconds()))

    # --- the weather ---------------------------------------------------------------------------------------

    def cut(self, one: str, other: str) -> None:
        """No line between these two, in either direction."""
        self.refused_lines |= {(one, other), (other, one)}

    def lose_answers(self, of: str, to: str) -> None:
        """What `to` asks arrives at `of`, whose answers are lost."""
        self.lost_answers.add((of, to))

    def isolate(self, code: str) -> None:
        for other in self.nodes:
            if other != code:
                self.cut(code, other)

    def heal(self) -> None:
        self.refused_lines.clear()
        self.lost_answers.clear()

    def restart(self, code: str) -> None:
        """The process dies, at once, and a new one starts over the same database."""
        self.nodes[code].kill()
        self.nodes[code].start()

    def settle(self, within_s: float = 7200.0) -> None:
        """All lines whole, and time until every outbox is empty and every return has its owner."""
        self.heal()
        ends_at = self.clock.seconds() + within_s
        while self.backlog():
            assert self.clock.seconds() < ends_at, f"still waiting: {self.backlog()}"
            self.run_for(5.0)

    def backlog(self) -> dict[str, int]:
        waiting = "SELECT (SELECT count(*) FROM outbox WHERE acked_at_ms IS NULL) + count(*) FROM undecided_return"
        counts = {code: node.column(waiting)[0] for code, node in self.nodes.items()}
        return {code: count for code, count in counts.items() if count}

    # --- the books -----------------------------------------------------------------------------------------

    def loans(self) -> dict[str, str]:
        """op -> barcode of every open loan, at all owners."""
        found: dict[str, str] = {}
        for node in self.nodes.values():
            found |= dict(node.connection.execute("SELECT op, barcode FROM loan WHERE closed_at_ms IS NULL"))
        return found

    def places(self) -> dict[str, str]:
        """op -> barcode of every place held, at all homes."""
        found: dict[str, str] = {}
        for node in self.nodes.values():
            found |= dict(node.connection.execute("SELECT op, barcode FROM place WHERE state = 'held'"))
        return found

    def check(self) -> None:
        """Settled, every loan has its place and the reverse, every card counts what it holds, mirrors agree."""
        self.settle()
        assert self.loans() == self.places()
        for code, node in self.nodes.items():
            wrong = node.column(
                "SELECT card FROM card WHERE places_used + forced_used <>"
                " (SELECT count(*) FROM place WHERE state = 'held' AND place.reader = card.reader)"
            )
            assert wrong == [], code
            assert node.column("SELECT op FROM owner_op WHERE state = 'reserving'") == []
            assert node.column("SELECT barcode FROM item WHERE pending_op IS NOT NULL") == []


# --- repeats -------------------------------------------------------------------------------------------------


def in_every_way_again(city: SmallCity, kiosk: Kiosk, message: Message) -> list[Any]:
    """The answers to `message`: first, the same bytes again, with a new AY, without AY and AZ, on a new connection,
    and after the node has restarted. All must be equal, and the message carried out once."""
    data = kiosk.bytes_of(message)
    answers = [kiosk.send(data), kiosk.send(data)]
    answers.append(kiosk.send(kiosk.bytes_of(message)))
    answers.append(kiosk.send(kiosk.bytes_of(message, error_detection=False)))
    kiosk.connect()
    answers.append(kiosk.send(data))
    city.restart(kiosk.library)
    kiosk.connect()
    answers.append(kiosk.send(data))
    return [read(answer) for answer in answers]
