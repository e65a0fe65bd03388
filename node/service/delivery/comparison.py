"""The comparison of this library's books with the homes' mirrors of them: nightly, and when an operator asks.

A difference is repaired only when it is seen twice, some minutes apart, and nothing about it is on its way; a question
in progress looks like one for a moment. A home that does not answer is compared another night.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred

from federation.clock import Clock
from federation.contract import (
    FineKept,
    FinesQuestion,
    Mirror,
    NotPermitted,
    PeerUnreachable,
    PlaceKept,
    PlacesQuestion,
)
from node.service.delivery.differences import PAGE, Difference, Differences
from node.storage.store import Store

T = TypeVar("T")

PAGE_WITHIN_S = 10.0
YOUNG_MS = 10 * 60 * 1000
AGAIN_AFTER_S = 300.0
MAX_PAGES = 10_000


class ComparisonLog(Protocol):
    """Where the outcome goes."""

    def compared(self, peer: str, differences: int) -> None: ...

    def silent(self, peer: str, why: str) -> None: ...

    def differs(self, difference: Difference) -> None: ...

    def repaired(self, difference: Difference) -> None: ...


@dataclass(frozen=True, slots=True)
class Compared:
    """What one look found. `silent`: homes that could not be asked, and why."""

    differences: tuple[Difference, ...]
    silent: tuple[tuple[str, str], ...]


class Comparison:
    """Of the books of `library` with the homes `codes` (itself as well). `wake`: something was put into the outbox."""

    def __init__(
        self,
        library: str,
        codes: Collection[str],
        steps: Differences,
        store: Store,
        *,
        mirrors: Callable[[str], Mirror],
        wake: Callable[[], None],
        clock: Clock,
        wall_ms: Callable[[], int],
        log: ComparisonLog,
    ) -> None:
        self._library = library
        self._codes = codes
        self._steps = steps
        self._store = store
        self._mirrors = mirrors
        self._wake = wake
        self._clock = clock
        self._wall_ms = wall_ms
        self._log = log

    async def look(self) -> Compared:
        """One library after the other. Nothing is written."""
        found: list[Difference] = []
        silent: list[tuple[str, str]] = []
        for peer in tuple(self._codes):  # which may change meanwhile
            try:
                differences = await self._look_at(peer)
            except (PeerUnreachable, NotPermitted) as error:
                silent.append((peer, str(error)))
                self._log.silent(peer, str(error))
                continue
            self._log.compared(peer, len(differences))
            found += differences
        return Compared(tuple(found), tuple(silent))

    async def look_and_repair(self) -> tuple[Difference, ...]:
        """Look, and if anything differs look again after a while; what was seen twice is repaired, or shown to staff.
        Gives those."""
        first = (await self.look()).differences
        if not first:
            return ()
        await self._pause(AGAIN_AFTER_S)
        seen = {(each.peer, each.kind, each.subject) for each in first}
        second = (await self.look()).differences
        lasting = tuple(each for each in second if (each.peer, each.kind, each.subject) in seen)
        for difference in lasting:
            self._log.differs(difference)
            if await self._repair(difference):
                self._log.repaired(difference)
        self._wake()
        return lasting

    def _repair(self, difference: Difference) -> Deferred[bool]:
        return self._store.run(lambda tx: self._steps.repair(tx, difference), "repair")

    async def _look_at(self, peer: str) -> list[Difference]:
        """The home's list first: whatever happens after that, our books know it. Left out is that of which something
        was on its way while we looked."""
        before_ms = self._wall_ms() - YOUNG_MS
        waiting = await self._waiting(peer)
        found = await self._of_places(peer, await self._places_at(peer), before_ms)
        found += await self._of_fines(peer, await self._fines_at(peer), before_ms)
        waiting |= await self._waiting(peer)
        return [each for each in found if each.subject not in waiting]

    async def _of_places(self, peer: str, kept: dict[str, PlaceKept], before_ms: int) -> list[Difference]:
        """Of `kept` is left what none of our loans is for: so a long list goes piece by piece, not all at once."""
        steps, found, after = self._steps, list[Difference](), ""
        while lent := await self._in_a_turn(lambda tx, after=after: steps.lent_page(tx, peer, after)):
            found += steps.of_loans(lent, peer, kept, before_ms)
            after = lent[-1].barcode
        for ops in _pages(kept):
            found += await self._in_a_turn(lambda tx, ops=ops: steps.of_strange(tx, peer, ops))
        return found

    async def _of_fines(self, peer: str, kept: dict[str, FineKept], before_ms: int) -> list[Difference]:
        steps, found, after = self._steps, list[Difference](), ""
        while owed := await self._in_a_turn(lambda tx, after=after: steps.owed_page(tx, peer, after)):
            found += await self._in_a_turn(lambda tx, owed=owed: steps.of_owed(tx, owed, peer, kept, before_ms))
            after = owed[-1].fine
        for mirrored in _pages(kept.values()):
            found += await self._in_a_turn(lambda tx, mirrored=mirrored: steps.of_mirrored(tx, peer, mirrored))
        return found

    async def _waiting(self, peer: str) -> set[str]:
        found: set[str] = set()
        after: int | None = 0
        while after is not None:
            page, after = await self._in_a_turn(lambda tx, after=after: self._steps.waiting_page(tx, peer, after))
            found |= page
        return found

    async def _in_a_turn(self, work: Callable[..., T]) -> T:
        """Read something, in a turn of the reactor of its own: kiosks are answered in between."""
        await self._pause(0.0)
        return await self._store.read(work)

    async def _places_at(self, peer: str) -> dict[str, PlaceKept]:
        kept: dict[str, PlaceKept] = {}
        after = ""
        for _ in range(MAX_PAGES):
            await self._pause(0.0)  # our own list comes at once
            page = await self._mirrors(peer).kept_places(PlacesQuestion(self._library, after), PAGE_WITHIN_S)
            kept.update({each.op: each for each in page.places})
            if page.complete or not page.places:
                return kept
            after = page.places[-1].op
        raise PeerUnreachable(peer, "its list of places does not end")

    async def _fines_at(self, peer: str) -> dict[str, FineKept]:
        kept: dict[str, FineKept] = {}
        after = ""
        for _ in range(MAX_PAGES):
            await self._pause(0.0)  # our own list comes at once
            page = await self._mirrors(peer).kept_fines(FinesQuestion(self._library, after), PAGE_WITHIN_S)
            kept.update({each.fine: each for each in page.fines})
            if page.complete or not page.fines:
                return kept
            after = page.fines[-1].fine
        raise PeerUnreachable(peer, "its list of fines does not end")

    def _pause(self, seconds: float) -> Deferred[None]:
        done: Deferred[None] = Deferred()
        self._clock.callLater(seconds, done.callback, None)
        return done


def _pages(each: Iterable[T]) -> Iterator[list[T]]:
    left = iter(each)
    while page := list(islice(left, PAGE)):
        yield page
