"""The desk renews all that a reader has (at a kiosk: SIP2 65): each loan by a renewal of its own, all at the same time.

One operation an item, derived from the request: a repeat of the request repeats each of them, and none is renewed
twice. The items are fixed when the request is first seen, and there are no more of them than the card's limit.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TypeAlias

from twisted.internet.defer import Deferred, FirstError, gatherResults

from federation.contract import Reason, Refused, RenewDecision, Renewed, Standing
from node.domain import rules
from node.domain.calendar import civil_date
from node.service.desk.branch import Branch
from node.service.desk.item_name import ItemName
from node.service.desk.kinds import Kind
from node.service.desk.lending import Lending
from node.service.desk.memory import Ask, Fresh, InDoubt, Known, Told
from node.service.desk.operations import Renewal
from node.service.desk.patrons import Patrons
from node.service.desk.results import AllRenewed
from node.service.under_way import UnderWay
from node.storage.desk import operations as branch_rows
from node.storage.store import Tx

AllAnswer: TypeAlias = AllRenewed | Refused


class RenewingAll:
    """Renewals of everything, at the terminals of this branch."""

    def __init__(self, branch: Branch, lending: Lending, patrons: Patrons) -> None:
        self._branch = branch
        self._memory = branch.memory
        self._lending = lending
        self._patrons = patrons
        self.running: UnderWay[str, Told[AllAnswer]] = UnderWay()

    def renew_all(self, ask: Ask) -> Deferred[Told[AllAnswer]]:
        """Refused if nothing was tried: the card is not valid, or its home silent."""
        return Deferred.fromCoroutine(self._renew_all(ask))

    async def _renew_all(self, ask: Ask) -> Told[AllAnswer]:
        began_s = self._branch.clock.seconds()
        begun = await self._branch.store.read(lambda tx: self._memory.begin(tx, ask))
        if isinstance(begun, Fresh):
            standing = await self._patrons.standing(ask.card, None)
            begun = await self._branch.write(lambda tx: self._begin(tx, ask, standing), "renew_all")
        if isinstance(begun, Told):
            return begun
        if begun.op in self.running:
            return replace(await self.running.join(begun.op), repeated=True)
        return await self.running.lead(begun.op, self._run(ask, begun, began_s))

    def _begin(self, tx: Tx, ask: Ask, standing: Standing | Refused) -> Known:
        begun = self._memory.begin(tx, ask)
        if not isinstance(begun, Fresh):
            return begun
        if isinstance(standing, Refused):
            return self._memory.told_at_once(tx, ask, begun, standing)
        # A card that is not valid renews nothing; whatever else speaks against it is said of each item (R6).
        refused = rules.card_refusal(standing, civil_date(self._branch.wall_ms()))
        if refused is not None:
            return self._memory.told_at_once(tx, ask, begun, refused)
        of_library = self._branch.authorities.item_at
        items = [of_library(loan.owner, loan.barcode) for loan in standing.loans]
        tried, left = items[: standing.max_loans], items[standing.max_loans :]
        question = json.dumps({"items": [*map(_written, tried)], "left": [item.barcode for item in left]})
        self._memory.asked(tx, ask, begun, question)
        return InDoubt(begun.op, question)

    async def _run(self, ask: Ask, begun: InDoubt, began_s: float) -> Told[AllAnswer]:
        asked = json.loads(begun.question)
        items = [_read(item) for item in asked["items"]]
        told = await _each([self._lending.operate(Renewal(_of_item(ask, item)), began_s) for item in items])
        answers = [(item.barcode, each.answer) for item, each in zip(items, told, strict=True)]
        result = _summed_up(begun.op, answers, asked["left"])
        return await self._branch.write(lambda tx: self._memory.tell(tx, begun.op, result), "renew_all")

    def settle(self, tx: Tx, row: branch_rows.KioskOpRow) -> Told[AllRenewed]:
        """Begun before a restart: what became of each item is settled by now."""
        asked = json.loads(row.question or '{"items": [], "left": []}')
        ask = Ask(Kind.RENEW_ALL, row.terminal, row.kiosk_date, None, "", "")
        answers: list[tuple[str, RenewDecision]] = []
        for item in map(_read, asked["items"]):
            found = self._memory.answer_to(tx, _of_item(ask, item), row.card_digest)
            answers.append((item.barcode, found or Refused(Reason.IN_DOUBT)))
        return self._memory.tell(tx, row.op, _summed_up(row.op, answers, asked["left"]))


async def _each(renewals: list[Deferred[Told[RenewDecision]]]) -> list[Told[RenewDecision]]:
    """What came of each; the error itself if one could not be written down."""
    try:
        return await gatherResults(renewals, consumeErrors=True)
    except FirstError as error:
        error.subFailure.raiseException()


def _written(item: ItemName) -> str | list[str]:
    """In the question: a barcode that tells its owner stands alone."""
    return [item.barcode, item.named] if item.named else item.barcode


def _read(written: str | list[str]) -> ItemName:
    return ItemName(written) if isinstance(written, str) else ItemName(*written)


def _of_item(ask: Ask, item: ItemName) -> Ask:
    return Ask(
        Kind.RENEWAL,
        ask.terminal,
        ask.kiosk_date,
        ask.kiosk_at_ms,
        ask.card,
        item.barcode,
        extra=Kind.RENEW_ALL,
        named=item.named,
    )


def _summed_up(op: str, answers: list[tuple[str, RenewDecision]], left: list[str]) -> AllRenewed:
    renewed = tuple(barcode for barcode, answer in answers if isinstance(answer, Renewed))
    refused = tuple((barcode, answer) for barcode, answer in answers if isinstance(answer, Refused))
    return AllRenewed(op, renewed, (*refused, *((barcode, Refused(Reason.BUSY)) for barcode in left)))
