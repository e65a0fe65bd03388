"""The desk looks a card up, and decides at a gate (R11, R12). A home that can't be asked is never a false zero."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from twisted.internet.defer import Deferred

from federation.contract import (
    CardStatus,
    Notice,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Refused,
    Standing,
    StandingDecision,
    StandingQuestion,
)
from federation.directory import AreaEntry
from node.domain import rules
from node.domain.calendar import civil_date
from node.service.asking import ask_repeatedly
from node.service.desk.branch import Branch
from node.storage.desk import denied as denied_rows
from node.storage.desk import operations as rows
from node.storage.store import StoreUnavailable, Tx

ASK_HOME_AT_S = (0.0, 1.0, 2.0)
SEEN_AGAIN_MS = 3600 * 1000


@dataclass(frozen=True, slots=True)
class Passage:
    """A gate's decision. `refused` says why it stays shut; `remembered`: on an earlier answer of the home."""

    opens: bool
    standing: Standing | None = None
    refused: Refused | None = None
    remembered: bool = False

    @property
    def reason(self) -> Reason:
        """Why the gate stays shut."""
        return Reason.UNKNOWN_CARD if self.refused is None else self.refused.reason


@dataclass(frozen=True, slots=True)
class _SeenValidity:
    """`rules.CardValidity` of a card as this branch last saw it."""

    status: CardStatus
    expires_on: date | None


class Patrons:
    """Cards at the terminals of this branch.

    `answer_within_s`, `gate_within_s`: how long the home is waited for. `gate_grace_s`: how old an answer may be that
    opens a gate while the home is silent; after that the area decides.
    """

    def __init__(
        self,
        branch: Branch,
        areas: Mapping[str, AreaEntry],
        *,
        answer_within_s: float,
        gate_within_s: float,
        gate_grace_s: float,
    ) -> None:
        self._branch = branch
        self._authorities = branch.authorities
        self._areas = areas
        self._answer_within_s = answer_within_s
        self._gate_within_s = gate_within_s
        self._gate_grace_ms = int(gate_grace_s * 1000)

    def home_of(self, card: str) -> str | Refused:
        return self._authorities.home_of(card)

    def standing(self, card: str, pin: str | None, told: tuple[Notice, ...] = ()) -> Deferred[StandingDecision]:
        """The card as its home knows it; `pin` is checked there and nowhere else. `told`: what the home is told of
        the card with the question, once."""
        return self._standing(card, pin, self._answer_within_s, told)

    def _standing(
        self,
        card: str,
        pin: str | None,
        within_s: float,
        told: tuple[Notice, ...] = (),
        *,
        status_only: bool = False,
    ) -> Deferred[StandingDecision]:
        home = self._authorities.home_of(card)
        now_ms = self._branch.wall_ms()
        question = StandingQuestion(card, self._authorities.here, now_ms, pin, told, status_only=status_only)
        if home == self._authorities.here:
            # The usual case: one read of the own database, no coroutine.
            return self._authorities.library(self._authorities.here).standing(question, within_s)
        return Deferred.fromCoroutine(self._remote_standing(question, home, within_s))

    async def _remote_standing(
        self, question: StandingQuestion, home: str | Refused, within_s: float
    ) -> StandingDecision:
        if isinstance(home, Refused):
            return home
        outside = self._authorities.out_of_group(home)
        if outside is not None:
            return outside
        owed = await self._branch.courier.carried(home, card_digest=self._branch.memory.card_digest(question.card))
        asked = replace(question, carried=(*owed, *question.carried))
        library = self._authorities.library(home)
        try:
            standing = await ask_repeatedly(
                self._branch.clock, lambda left_s: library.standing(asked, left_s), ASK_HOME_AT_S, within_s
            )
        except (PeerUnreachable, NotPermitted):
            return Refused(Reason.HOME_UNREACHABLE, library=home)
        if isinstance(standing, Standing):
            with suppress(StoreUnavailable):  # a reader at the gate need not wait for the disk
                await self._remember(question.card, home, standing)
        return standing

    async def _remember(self, card: str, home: str, standing: Standing) -> None:
        """For gates and for paying while the home is down. Written only when it says something new."""
        now_ms = self._branch.wall_ms()
        digest = self._branch.memory.card_digest(card)
        row = rows.SeenCardRow(digest, home, standing.reader, standing.status, standing.expires_on, now_ms, now_ms)
        known = await self._branch.store.read(lambda tx: rows.find_seen_card(tx, digest))
        if (
            known is not None
            and now_ms - known.seen_at_ms < SEEN_AGAIN_MS
            and (known.reader, known.status, known.expires_on) == (row.reader, row.status, row.expires_on)
        ):
            return
        await self._branch.store.run(lambda tx: rows.see_card(tx, row), "see_card")

    # --- gates ---------------------------------------------------------------------------------------------

    def gate(self, card: str, area: str) -> Deferred[Passage]:
        """R12: every valid card enters. A silent home: its last answer if young enough, else the area's rule."""
        asked = self._standing(card, None, self._gate_within_s, status_only=True)
        return asked.addCallback(self._passage, card, area)

    def _passage(self, standing: StandingDecision, card: str, area: str) -> Passage | Deferred[Passage]:
        on = civil_date(self._branch.wall_ms())
        if isinstance(standing, Standing):
            opens = rules.gate_opens(standing, on)
            return Passage(opens, standing, None if opens else rules.card_refusal(standing, on))
        if standing.reason is Reason.HOME_UNREACHABLE:
            return Deferred.fromCoroutine(self._remembered_passage(card, area, standing))
        return Passage(rules.gate_opens(standing, on), None, standing)

    async def _remembered_passage(self, card: str, area: str, refused: Refused) -> Passage:
        digest = self._branch.memory.card_digest(card)

        def work(tx: Tx) -> tuple[rows.SeenCardRow | None, bool]:
            return rows.find_seen_card(tx, digest), denied_rows.is_denied(tx, digest)

        seen, denied = await self._branch.store.read(work)
        if denied:
            return Passage(False, refused=Refused(Reason.CARD_SUSPENDED, library=refused.library))
        now_ms = self._branch.wall_ms()
        if seen is not None and now_ms - seen.seen_at_ms <= self._gate_grace_ms:
            validity = _SeenValidity(CardStatus(seen.status), seen.expires_on)
            invalid = rules.card_refusal(validity, civil_date(now_ms))
            return Passage(invalid is None, refused=invalid, remembered=True)
        rule = self._areas.get(area)
        return Passage(rule is not None and rule.when_unreachable == "open", refused=refused)
