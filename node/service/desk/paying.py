"""The desk takes money: late fees of this library, by any card, each payment once (R7, R8; promise 6).

A payment is the same one by terminal, number of the payment device (BK), card, amount and fee; device counters
restart, so an old number with a new date is a new payment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from twisted.internet.defer import Deferred

from federation.contract import FineView, Reason, Refused
from node.domain.staff import StaffKind
from node.service.desk.branch import Branch
from node.service.desk.kinds import Kind
from node.service.desk.memory import AGAIN_MS as SAME_PAYMENT_MS
from node.service.desk.memory import Ask, Fresh, Told, never_in_doubt
from node.service.desk.patrons import Patrons
from node.service.money.steps import Paid
from node.service.under_way import UnderWay
from node.storage.desk import operations as branch_rows
from node.storage.money import fines as rows
from node.storage.store import StoreUnavailable, Tx

PaymentAnswer: TypeAlias = Paid | Refused

AGAIN_MS = 60 * 1000
"""The same amount by the same card at the same terminal so soon, without a number: staff are to look at it."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What the terminal took. `number` (BK) and `fine` (CG) may be empty."""

    terminal: str
    kiosk_date: str
    kiosk_at_ms: int | None
    card: str = field(repr=False)
    amount_fen: int
    method: str
    number: str
    fine: str

    def ask(self) -> Ask:
        return Ask(
            kind=Kind.PAYMENT,
            terminal=self.terminal,
            kiosk_date=self.kiosk_date,
            kiosk_at_ms=self.kiosk_at_ms,
            card=self.card,
            barcode="",
            extra="\x1f".join((self.number, str(self.amount_fen), self.fine)),
            dated=not self.number,
        )

    def same_money(self) -> tuple[str, str, int, str]:
        """A terminal takes one reader's money at a time: the same again before the first is answered is no more."""
        return self.terminal, self.card, self.amount_fen, self.fine


@dataclass(frozen=True, slots=True)
class _Payer:
    """Whose debts: (home, reader), what the home knows is owed elsewhere, and by their ids what it knows is owed here
    (the books here may not know yet whose loan it was that was recorded off line)."""

    home: str
    reader: str
    elsewhere: tuple[FineView, ...]
    listed: tuple[str, ...] = ()


class Paying:
    def __init__(self, branch: Branch, patrons: Patrons) -> None:
        self._branch = branch
        self._books = branch.books
        self._patrons = patrons
        self._running: UnderWay[tuple[str, str, int, str], Told[PaymentAnswer]] = UnderWay()

    def pay(self, payment: Payment) -> Deferred[Told[PaymentAnswer]]:
        if payment.number:
            return Deferred.fromCoroutine(self._pay(payment))
        return Deferred.fromCoroutine(self._pay_unnumbered(payment))

    async def _pay_unnumbered(self, payment: Payment) -> Told[PaymentAnswer]:
        """A terminal that puts a new date on each try is told what comes of the first one."""
        money = payment.same_money()
        if money in self._running:
            return replace(await self._running.join(money), repeated=True)
        return await self._running.lead(money, self._pay(payment))

    async def _pay(self, payment: Payment) -> Told[PaymentAnswer]:
        payer, ask = await self._payer(payment.card), payment.ask()

        def decide(tx: Tx, fresh: Fresh) -> PaymentAnswer:
            return self._settle(tx, payment, fresh, payer)

        try:
            return await self._branch.decide_once(ask, decide, "pay")
        except StoreUnavailable:
            return never_in_doubt(await self._branch.known_before(ask))

    async def _payer(self, card: str) -> _Payer | Refused:
        """The home tells whose card it is."""
        home = self._patrons.home_of(card)
        if isinstance(home, Refused):
            return await self._seen_payer(card, home)
        standing = await self._patrons.standing(card, None)
        if isinstance(standing, Refused):
            return await self._seen_payer(card, standing)
        elsewhere = tuple(fine for fine in standing.fines if fine.ledger != self._books.library)
        listed = tuple(fine.fine for fine in standing.fines if fine.ledger == self._books.library)
        return _Payer(home, standing.reader, elsewhere, listed)

    async def _seen_payer(self, card: str, refused: Refused) -> _Payer | Refused:
        """What this branch has seen of the card will do: a fine is payable at its library by any card, though its home
        is silent, or of another group (R9 does not bind it)."""
        digest = self._branch.memory.card_digest(card)
        seen = await self._branch.store.read(lambda tx: branch_rows.find_seen_card(tx, digest))
        return refused if seen is None else _Payer(seen.home, seen.reader, ())

    def _settle(self, tx: Tx, payment: Payment, fresh: Fresh, payer: _Payer | Refused) -> PaymentAnswer:
        if isinstance(payer, Refused):
            return payer
        again = self._so_soon_again(tx, payment, payer)
        result = self._books.ledger.pay(
            tx,
            pay_key=fresh.op,
            terminal=payment.terminal,
            home=payer.home,
            reader=payer.reader,
            amount_fen=payment.amount_fen,
            method=payment.method,
            fine=payment.fine,
            listed=payer.listed,
        )
        if isinstance(result, Refused) and result.reason is Reason.NOTHING_OWED:
            return self._paid_just_now(tx, payment, payer) or self._owed_elsewhere(payer, payment.fine) or result
        if again and isinstance(result, Paid):
            detail = f"{payment.amount_fen} fen"
            self._branch.call_staff(tx, StaffKind.PAYMENT_AGAIN, fresh.op, payment.ask(), detail)
        return result

    def _so_soon_again(self, tx: Tx, payment: Payment, payer: _Payer) -> bool:
        """Nobody can tell the next coin from a repeat of the last one, where the terminal gives neither a number."""
        if payment.number:
            return False
        latest = rows.latest_payment(tx, payment.terminal, payer.home, payer.reader)
        if latest is None or latest.amount_fen != payment.amount_fen:
            return False
        return self._branch.wall_ms() - latest.at_ms <= AGAIN_MS

    def _paid_just_now(self, tx: Tx, payment: Payment, payer: _Payer) -> Paid | None:
        """A payment without a number, repeated with a fresh date: nothing is owed any more because it was just paid."""
        if payment.number or self._books.ledger.owed_here(tx, payer.home, payer.reader, payer.listed):
            return None
        latest = rows.latest_payment(tx, payment.terminal, payer.home, payer.reader)
        if latest is None or latest.amount_fen != payment.amount_fen:
            return None
        young = self._branch.wall_ms() - latest.at_ms <= SAME_PAYMENT_MS
        return Paid(latest.receipt, latest.amount_fen, 0) if young else None

    def _owed_elsewhere(self, payer: _Payer, named: str) -> Refused | None:
        """Not here: the sentence says at which library it is owed (R8). `named` (CG): that fee alone."""
        elsewhere = [fine for fine in payer.elsewhere if named in ("", fine.fine, fine.barcode)]
        if not elsewhere:
            return None
        ledger = elsewhere[0].ledger
        owed_fen = sum(fine.outstanding_fen for fine in elsewhere if fine.ledger == ledger)
        return replace(Refused(Reason.FEE_ELSEWHERE), library=ledger, number=owed_fen)
