"""Which library decides: by prefix, then by asking. Nobody else asks "is it mine?" (design 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from federation.contract import ItemQuestion, ItemView, Library, NotPermitted, PeerUnreachable, Reason, Refused
from federation.directory import Directory
from node.domain.calendar import civil_date
from node.storage.owner import loans as rows
from node.storage.store import Store, Tx

DESCRIBE_TIMEOUT_S = 1.5
MAX_CARD = 64


@dataclass(frozen=True, slots=True)
class Nobody:
    """No library of the group is known to own the item. `silent`: those that could not be asked."""

    silent: tuple[str, ...]


class Authorities:
    """Authorities of branch `here`. `libraries(code)` reaches any library."""

    def __init__(
        self,
        here: str,
        directory: Directory,
        store: Store,
        libraries: Callable[[str], Library],
        wall_ms: Callable[[], int],
    ) -> None:
        self.here = here
        self.library = libraries
        self._directory = directory
        self._store = store
        self._wall_ms = wall_ms

    def home_of(self, card: str) -> str | Refused:
        """What is longer than any card's number is nobody's, whatever it begins with: a home would not even read it."""
        home = self._directory.home_of(card) if len(card) <= MAX_CARD else None
        return home or Refused(Reason.UNKNOWN_CARD)

    def is_member(self, code: str) -> bool:
        return self._directory.entry(code) is not None

    def pickup_of(self, sent: str | None) -> str:
        """The library that a terminal means by a pickup location: its code or its name; else this one, which has
        service points of its own."""
        wanted = (sent or "").strip().casefold()
        for library in self._directory.libraries:
            if wanted and wanted in (library.code.casefold(), library.name.casefold()):
                return library.code
        return self.here

    def peers(self) -> tuple[str, ...]:
        """The other libraries that circulate with this one today."""
        members = self._directory.group_members(self.here, civil_date(self._wall_ms()))
        return tuple(code for code in members if code != self.here)

    def out_of_group(self, *others: str) -> Refused | None:
        """R9: the library that does not circulate with this one."""
        on = civil_date(self._wall_ms())
        if self._directory.together((self.here, *others), on):
            return None
        outside = next((code for code in others if not self._directory.together((self.here, code), on)), others[0])
        return Refused(Reason.OUT_OF_GROUP, library=outside)

    async def find_owner(self, barcode: str) -> str | Refused | Nobody:
        """Whose item it is, without asking anybody where the barcode alone tells it."""
        return self.owner_by_prefix(barcode) or await self.owner_of(barcode)

    def owner_by_prefix(self, barcode: str) -> str | None:
        """The owner, if the barcode alone tells it: the usual case, no waiting."""
        owners = self._directory.owners_of(barcode)
        return owners[0] if len(owners) == 1 else None

    async def owner_of(self, barcode: str) -> str | Refused | Nobody:
        """Prefixes and ranges first, then this branch's own items, then the peers are asked. No barcode is nobody's."""
        if not barcode:
            return Nobody(())
        owners = self._directory.owners_of(barcode)
        if len(owners) == 1:
            return owners[0]
        if (not owners or self.here in owners) and await self._own(barcode):
            return self.here
        candidates = [code for code in owners or self.peers() if code != self.here]
        views = await self._ask_all(barcode, candidates)
        found = [code for code, view in views if isinstance(view, ItemView)]
        if len(found) > 1:
            return Refused(Reason.AMBIGUOUS_ITEM)
        if found:
            return found[0]
        return Nobody(tuple(code for code, view in views if view is None))

    def _own(self, barcode: str) -> Deferred[bool]:
        def work(tx: Tx) -> bool:
            return rows.find_item(tx, barcode) is not None

        return self._store.read(work)

    async def _ask_all(self, barcode: str, codes: list[str]) -> list[tuple[str, ItemView | Refused | None]]:
        """Each library's word, None where none came."""
        question = ItemQuestion(barcode, self.here)
        asked = [self.library(code).describe(question, DESCRIBE_TIMEOUT_S) for code in codes]
        results = await DeferredList(asked, consumeErrors=True)
        views: list[tuple[str, ItemView | Refused | None]] = []
        for code, (_success, result) in zip(codes, results, strict=True):
            if isinstance(result, Failure):
                result.trap(PeerUnreachable, NotPermitted)
                views.append((code, None))
            else:
                views.append((code, result))
        return views
