"""The books of a whole city and the account of its kiosks, laid side by side for the checks."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from kiosk_sim.simulation.account import Account, Intention, Operation
from kiosk_sim.simulation.checks.rows import CityRows, Record
from kiosk_sim.simulation.world import Item, Reader, World

SHANGHAI_AHEAD = timedelta(hours=8)


def civil(at_ms: int) -> date:
    """The day in Shanghai; a second opinion, apart from `node.domain.calendar`."""
    return (datetime.fromtimestamp(at_ms / 1000, UTC) + SHANGHAI_AHEAD).date()


class Facts:
    """Everything that a check looks at."""

    def __init__(self, world: World, books: CityRows, account: Account) -> None:
        self.world = world
        self.books = books
        self.account = account
        self.loans = books.by("loan", "op")
        self.owner_ops = books.by("owner_op", "op")
        self.payments = books.by("payment", "pay_key")
        self.cards = books.by("card", "card")
        self.holds = books.by("hold", "hold")
        self.places = {(row.library, row.op): row for row in books.all("place")}
        self.readers: dict[tuple[str, str], Reader] = {(each.home, each.reader): each for each in world.readers}

    def __iter__(self) -> Iterator[Record]:
        return iter(self.loans.values())

    @cached_property
    def evidence(self) -> dict[str, list[Record]]:
        """The rows of a return, by its operation: at its owner, or at each library it may belong to."""
        found: dict[str, list[Record]] = defaultdict(list)
        for row in self.books.all("evidence"):
            found[row.op].append(row)
        return found

    @cached_property
    def loans_of_item(self) -> dict[tuple[str, str], list[Record]]:
        """Loans that were not undone, by (owner, barcode), in the order in which they were made."""
        found: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for row in self.loans.values():
            if row.closed_how != "cancelled":
                found[row.library, row.barcode].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: self.began_s(row.op))
        return found

    @cached_property
    def returns_of_item(self) -> dict[tuple[str, str], list[Record]]:
        """Every return in the books of the item's owner, by (owner, barcode), in the order of their true times; but
        those that failed at the kiosk."""
        known = {(row.library, row.barcode) for row in self.books.all("item")}
        found: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for row in self.books.all("evidence"):
            if (row.library, row.barcode) in known and not row.voided:
                found[row.library, row.barcode].append(row)
        for rows in found.values():
            rows.sort(key=lambda row: self.began_s(row.op))
        return found

    def returns_since(self, loan: Record) -> list[Record]:
        """Since the loan was made, in true time, whoever had the item later."""
        returns = self.returns_of_item.get((loan.library, loan.barcode), ())
        return [row for row in returns if self.began_s(loan.op) <= self.began_s(row.op)]

    @cached_property
    def orders_of_loan(self) -> dict[str, list[Record]]:
        """Those in force: one is void if the return that caused it was none."""
        found: dict[str, list[Record]] = defaultdict(list)
        for row in self.books.all("fine_order"):
            if not row.voided:
                found[row.loan].append(row)
        return found

    @cached_property
    def listed_again(self) -> set[str]:
        """Payments that staff are to look at: nobody can tell whether the terminal told the same money twice."""
        return {row.op for row in self.books.all("staff_exception") if row.kind == "payment_again"}

    @cached_property
    def for_staff(self) -> set[str]:
        """Returns of which a person must find out whose item it is."""
        kinds = ("return_ambiguous_item", "return_unknown_item", "return_wrong_code")
        return {row.op for row in self.books.all("staff_exception") if row.kind in kinds}

    @cached_property
    def undone(self) -> set[str]:
        """The operations that failed at the kiosk after its answer, as the kiosk said, whatever it was told."""
        ops = {op for each in self.account.intentions if each.undoes is not None for op in each.undoes.ops}
        return ops | {self.loan_told(op) for op in ops}

    @cached_property
    def cancelled_ms(self) -> dict[str, int]:
        """When the owner had acknowledged that an operation is cancelled, by the branch's clock."""
        return {
            row.key.partition("/")[2]: row.acked_at_ms
            for row in self.books.all("outbox")
            if row.key.startswith("CancelOp/") and row.acked_at_ms is not None
        }

    def operation(self, op: str) -> Operation | None:
        return self.account.operations.get(op)

    def item_of(self, op: str) -> Item | None:
        """The physical item that the operation was about: two may bear the same barcode."""
        known = self.operation(op)
        return None if known is None or known.intention is None else known.intention.item

    def began_s(self, op: str) -> float:
        """The true time at which the operation was begun at its branch."""
        known = self.operation(op)
        return known.at_s if known is not None else 0.0

    def clocks_contradict(self, op: str) -> bool:
        """Whether some clock was far from the right time when that operation was begun, or in the hour before: its
        owner may have taken the later of two dates."""
        at_s = self.began_s(op)
        return any(self.account.was_wrong(code, at_s - 3700.0, at_s + 60.0) for code in self.world.codes)

    def loan_told(self, op: str) -> str:
        """The loan that a kiosk was told of: a checkout that was asked again was told the loan that it had made."""
        row = self._told.get(op)
        kind, _, body = (row.answer or "").partition(" ") if row is not None else ("", "", "")
        return str(json.loads(body)["op"]) if kind == "Lent" else op

    @cached_property
    def _told(self) -> dict[str, Record]:
        return self.books.by("kiosk_op", "op")

    def said_yes(self, op: str) -> bool:
        """Whether somebody heard "yes" to that operation."""
        return op in self._yes

    @cached_property
    def _yes(self) -> set[str]:
        said = {each.heard_op for each in self.account.intentions if each.ok}
        for each in self.account.intentions:
            if each.kind == "65" and each.heard is not None:
                said |= {op for op in each.ops if self._barcode_of(op) in each.told_renewed}
        return said

    def _barcode_of(self, op: str) -> str:
        known = self.operation(op)
        return known.barcode if known is not None else ""

    def wanted(self, kind: str, ok: bool) -> Iterator[Intention]:
        """What kiosks were told, of one kind, with the operation it was told about."""
        return (each for each in self.account.intentions if each.kind == kind and each.ok is ok and self.is_about(each))

    def is_about(self, done: Intention) -> bool:
        """Whether what was heard was about an operation in the books. A "no" may have been about one that was lost with
        its transaction; a device whose clock stands still may ask for it in the same words days later."""
        begun_later = done.ended_s is not None and self.began_s(done.heard_op) > done.ended_s
        return bool(done.heard_op) and not (done.ok is False and begun_later)
