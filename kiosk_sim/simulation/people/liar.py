"""A library that says what is not so, with a certificate that is: debts and places of loans that never were.

Each lie goes the usual way, through its outbox or as a question. It must be acknowledged, for no outbox is ever stuck,
and nothing may come of it: the checks of the books know of no lies.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from twisted.internet.defer import Deferred

from federation.contract import FineKind, FineOrder, FineSnapshot, ForcedPlace, Notice, PlaceQuestion
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.people.scene import Scene
from kiosk_sim.simulation.plan import Action
from kiosk_sim.simulation.streams import Random
from kiosk_sim.simulation.world import Reader
from node.core import Core
from node.domain.calendar import civil_date
from node.storage.store import Tx

LATE = timedelta(days=40)
ASKED_WITHIN_S = 3.0


class Liar:
    """Lies of the branch of an action about its reader."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def lie(self, action: Action, reader: Reader, rng: Random) -> None:
        library = self._scene.libraries[action.branch]
        core = library.core
        others = [code for code in self._scene.group_of(action.branch) if code != action.branch]
        if core is None or not library.serving or not others or reader.home not in others:
            return
        library.trace.add("lie", action.branch, reader.home)
        notices = self._notices(library, reader, rng.choice(others), rng)
        question = self._place(library, core, reader, rng)

        def post(tx: Tx) -> None:
            for to, notice in notices:
                core.books.post(tx, to, notice)

        _not_waited_for(core.courier.write(post, "lie"))
        _not_waited_for(core.links.library(reader.home).hold_place(question, ASKED_WITHIN_S))

    def _notices(self, library: SimLibrary, reader: Reader, ledger: str, rng: Random) -> list[tuple[str, Notice]]:
        """The item is none that there is: what came back can't bear out a lie about it."""
        today = civil_date(library.wall_ms())
        amount_fen = rng.choice((20, 800, 5000, 100_000))
        order = _order(
            library.code, ledger, reader, loan=f"{rng.getrandbits(128):032x}", on=today, amount_fen=amount_fen
        )
        place = ForcedPlace(
            op=order.loan,
            card=reader.card,
            owner=library.code,
            barcode=order.barcode,
            title=order.title,
            foreign=False,
            due_on=today,
            branch=reader.home,
            lent_at_ms=library.wall_ms(),
        )
        return [(ledger, order), (reader.home, _mirror(order)), (reader.home, place)]

    def _place(self, library: SimLibrary, core: Core, reader: Reader, rng: Random) -> PlaceQuestion:
        """As if a kiosk of the reader's home had asked for it."""
        op = f"{rng.getrandbits(128):032x}"
        return PlaceQuestion(
            op=op,
            card=reader.card,
            owner=core.plan.library,
            barcode=_no_item(library.code),
            title="谎",
            item_type="book",
            foreign=False,
            branch=reader.home,
            asked_at_ms=library.wall_ms(),
        )


def _order(owner: str, ledger: str, reader: Reader, *, loan: str, on: date, amount_fen: int) -> FineOrder:
    due_on = on - LATE
    return FineOrder(
        fine=f"{loan}:{due_on}",
        version=1,
        loan=loan,
        owner=owner,
        ledger=ledger,
        home=reader.home,
        reader=reader.reader,
        barcode=_no_item(owner),
        title="谎",
        due_on=due_on,
        returned_on=on,
        days_late=LATE.days,
        amount_fen=amount_fen,
        kind=FineKind.LATE,
    )


def _mirror(order: FineOrder) -> FineSnapshot:
    """As if it were owed to whoever ordered it."""
    return FineSnapshot(
        fine=order.fine,
        ledger=order.owner,
        epoch=1,
        version=1,
        reader=order.reader,
        barcode=order.barcode,
        title=order.title,
        due_on=order.due_on,
        amount_fen=order.amount_fen,
        paid_fen=0,
        kind=order.kind,
        loan=order.loan,
    )


def _no_item(owner: str) -> str:
    return f"{owner}0199999999"


def _not_waited_for(doing: Deferred[Any]) -> None:
    """A lie may come to nothing: the line is cut, the disk refuses, it is not permitted."""
    doing.addErrback(lambda _failure: None)
