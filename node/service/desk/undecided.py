"""Returns that could not be given to an owner, because a library that may own the item did not answer.

A return is durable at the branch before the kiosk hears "taken", but it must not end the wrong loan. So it is not told
to anybody yet. It stands as a row of its own, and all that may own the item are asked again until each of them has
answered: after a minute, later every hour, and whenever a silent library answers. Then one owner gets it, with the
time at which it was made; or staff do. Telling all of them at once, and letting each decide, was the other choice: none
of them can know alone that it is the only one.
"""

from __future__ import annotations

from typing import Final, TypeVar

from twisted.internet.defer import Deferred

from federation.clock import DelayedCall
from federation.contract import ItemReturned, Reason, Refused
from node.domain.staff import StaffKind
from node.service.desk.authorities import Undecided, Whose
from node.service.desk.branch import Branch
from node.service.staff import call_staff
from node.storage.desk import operations as branch_rows
from node.storage.desk import undecided as rows
from node.storage.store import StoreUnavailable, Tx

T = TypeVar("T")

AGAIN_AFTER_S: Final = 60.0
AT_THE_LATEST_AFTER_S: Final = 3600.0
_KINDS: Final = {
    Reason.AMBIGUOUS_ITEM: StaffKind.RETURN_AMBIGUOUS_ITEM,
    Reason.UNKNOWN_CODE: StaffKind.RETURN_WRONG_CODE,
    Reason.CODE_CONTRADICTS: StaffKind.RETURN_WRONG_CODE,
}
"""What staff are told, where not only an unknown item is the reason."""


class UndecidedReturns:
    """Those of this branch."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._due: DelayedCall | None = None
        self._after_s = AGAIN_AFTER_S
        self._silent: set[str] = set()
        self._silent_about: dict[str, tuple[str, ...]] = {}  # by operation
        self._settling = False
        self._stopped = False

    def keep(self, tx: Tx, notice: ItemReturned, silent: tuple[str, ...]) -> None:
        """Until its owner is known."""
        self._silent.update(silent)
        self._silent_about[notice.op] = silent
        rows.add_undecided(
            tx,
            rows.UndecidedReturnRow(
                op=notice.op,
                barcode=notice.barcode,
                returned_at_ms=notice.returned_at_ms,
                no_block=notice.no_block,
                earlier_op=notice.earlier_op,
                told_late_s=notice.told_late_s,
            ),
        )
        self._again()

    def undo(self, tx: Tx, op: str) -> bool:
        """The return was none. False if it is not here: its owner knows of it, or there was none."""
        return rows.drop_undecided(tx, op)

    def start(self) -> None:
        """What is left from before a restart."""
        self._settle_now()

    def stop(self) -> None:
        self._stopped = True
        if self._due is not None and self._due.active():
            self._due.cancel()

    def answered(self, peer: str) -> None:
        """A library that was silent answers again: it may be the one that is waited for."""
        if peer in self._silent and self._due is not None and self._due.active():
            self._due.cancel()
            self._after_s = AGAIN_AFTER_S
            self._due = self._branch.clock.callLater(0, self._settle_now)

    def _again(self) -> None:
        if not self._stopped and (self._due is None or not self._due.active()):
            self._due = self._branch.clock.callLater(self._after_s, self._settle_now)

    def _settle_now(self) -> None:
        self._due = None
        if self._settling or self._stopped:
            return
        self._settling = True
        Deferred.fromCoroutine(self._settle()).addBoth(self._settled)

    def _settled(self, left: T) -> T:
        """An accident comes as a failure, and goes on to be logged."""
        self._settling = False
        self._after_s = min(2 * self._after_s, AT_THE_LATEST_AFTER_S) if left else AGAIN_AFTER_S
        if left:
            self._again()
        return left

    async def _settle(self) -> bool:
        """Whether some are left. Who is silent is not asked about the next one."""
        try:
            waiting = await self._branch.store.read(rows.undecided_returns)
            self._silent.clear()
            for row in waiting:
                if self._silent.isdisjoint(self._branch.authorities.possible_owners(row.barcode)):
                    self._silent |= await self._settle_one(row)
        except StoreUnavailable:
            return True
        return bool(self._silent)

    async def _settle_one(self, row: rows.UndecidedReturnRow) -> set[str]:
        """Who was silent; nobody, if it is settled."""
        authorities = self._branch.authorities
        item = authorities.item_of(row.barcode)
        owner = await authorities.find_owner_later(item, row.returned_at_ms, self._silent_about.get(row.op, ()))
        if isinstance(owner, Undecided) and owner.silent:
            self._silent_about[row.op] = owner.silent
            return set(owner.silent)
        self._silent_about.pop(row.op, None)
        await self._branch.write(lambda tx: self._give(tx, row, owner), "undecided")
        return set()

    def _give(self, tx: Tx, row: rows.UndecidedReturnRow, owner: Whose) -> None:
        if not rows.drop_undecided(tx, row.op):
            return  # undone at the kiosk while the owners were asked
        if isinstance(owner, str):
            branch_rows.set_owner(tx, row.op, owner)
            self._branch.books.post(tx, owner, ItemReturned(branch=self._branch.library, **row._asdict()))
            return
        asked = branch_rows.find_kiosk_op(tx, row.op)
        call_staff(
            tx,
            staff_kind(owner),
            op=row.op,
            at_ms=self._branch.wall_ms(),
            barcode=row.barcode,
            terminal="" if asked is None else asked.terminal,
        )


def staff_kind(owner: Refused | Undecided) -> StaffKind:
    """What staff are told of a return that no owner gets."""
    if isinstance(owner, Undecided):
        return StaffKind.RETURN_OWNER_SILENT if owner.silent else StaffKind.RETURN_UNKNOWN_ITEM
    return _KINDS.get(owner.reason, StaffKind.RETURN_UNKNOWN_ITEM)
