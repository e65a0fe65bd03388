"""What this home tells owners and ledgers of its mirrors of their books: `federation.contract.Mirror`, read only."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from federation.contract import FinesPage, FinesQuestion, PlacesPage, PlacesQuestion
from node.storage.delivery import comparing as rows
from node.storage.store import Store, Tx

PAGE = 500


class OwnMirror:
    """`Mirror` over this library's own database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def kept_places(self, question: PlacesQuestion, timeout_s: float) -> Deferred[PlacesPage]:
        def work(tx: Tx) -> PlacesPage:
            found = rows.held_for(tx, question.owner, question.after, PAGE + 1)
            return PlacesPage(tuple(found[:PAGE]), len(found) <= PAGE)

        return self._store.read(work)

    def kept_fines(self, question: FinesQuestion, timeout_s: float) -> Deferred[FinesPage]:
        def work(tx: Tx) -> FinesPage:
            found = rows.mirrored_for(tx, question.ledger, question.after, PAGE + 1)
            return FinesPage(tuple(found[:PAGE]), len(found) <= PAGE)

        return self._store.read(work)
