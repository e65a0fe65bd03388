"""Planted faults beside lending and returning: each is found by a check of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from federation.contract import (
    CardBlocked,
    HoldSnapshot,
    PlaceRestored,
    Reason,
    ReleasePlace,
    ReopenLoan,
    Standing,
    StandingDecision,
    StandingQuestion,
)
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of, drop
from node.domain import rules
from node.service.desk.memory import KioskMemory
from node.service.home.steps import HomeSteps
from node.service.money.steps import LedgerSteps
from node.service.owner.holds import Holds
from node.service.owner.offline import OffLine
from node.service.owner.renewals import Renewals
from node.service.owner.returns import Returns
from node.storage.home import cards as home_rows
from node.storage.store import Tx

# --- renewals ------------------------------------------------------------------------------------------------


class _LongRules(rules.RuleBook):
    def rule_for(self, category: str, item_type: str, on: Any) -> rules.LendingRule:
        return replace(super().rule_for(category, item_type, on), renewal_days=60)


def renewed_for_two_months(library: SimLibrary) -> None:
    """R5: a renewal runs 60 days."""
    renewals = core_of(library).books.owner.renewals
    renewals._own = replace(renewals._own, rule_book=_LongRules())


class _RenewsAnything(Renewals):
    def _renewal_objection(self, *question: Any) -> Any:
        refused = super()._renewal_objection(*question)
        return None if refused is not None and refused.reason in (Reason.RENEWAL_OVERDUE, Reason.RESERVED) else refused


def renewed_although_overdue(library: SimLibrary) -> None:
    """R6: nothing speaks against a renewal."""
    become(core_of(library).books.owner.renewals, _RenewsAnything)


class _RenewsForNothing(Renewals):
    def _renewal_objection(self, *question: Any) -> Any:
        refused = super()._renewal_objection(*question)
        return None if refused is not None and refused.reason is Reason.RENEWAL_TOO_EARLY else refused


def renewed_for_nothing(library: SimLibrary) -> None:
    """R5: a renewal that gains no day is granted, and counted."""
    become(core_of(library).books.owner.renewals, _RenewsForNothing)


# --- holds ---------------------------------------------------------------------------------------------------


class _Generous(Holds):
    def claim(self, tx: Tx, item: Any, on: Any, *, at_hand: bool = False, **more: Any) -> Any:
        return super().claim(tx, item, on, at_hand=True, **more) if at_hand else None

    def collect(self, *_loan: Any, **_more: Any) -> None:
        return None


def kept_copy_lent(library: SimLibrary) -> None:
    """A copy that is kept for a reader goes to whoever asks."""
    become(core_of(library).books.owner.holds, _Generous)


def hold_mirror_untold(library: SimLibrary) -> None:
    """The home hears nothing of its readers' holds."""
    drop(library, HoldSnapshot)


# --- off line, and undone at the kiosk ------------------------------------------------------------------------


class _Lenient(OffLine):
    def _broken_rules(self, *_loan: Any) -> None:
        return None

    def _broken_by_reader(self, *_loan: Any) -> None:
        return None


def broken_rules_unlisted(library: SimLibrary) -> None:
    """A loan made off line against the rules is recorded, and staff do not hear of it."""
    become(core_of(library).books.owner.offline, _Lenient)


def return_not_undone(library: SimLibrary) -> None:
    """The kiosk was told that its return is undone, and the owner never hears of it."""
    drop(library, ReopenLoan)


def place_not_restored(library: SimLibrary) -> None:
    """A loan goes on after a return that was none, and its place in the quota stays free."""
    drop(library, PlaceRestored)


class _KeepsFines(Returns):
    def void_fines(self, *_loan: Any) -> None:
        return None


def undone_return_fined(library: SimLibrary) -> None:
    """A late return that was none is fined all the same."""
    become(core_of(library).books.owner.returns, _KeepsFines)


class _AnyRelease(HomeSteps):
    def release(self, tx: Tx, notice: ReleasePlace) -> None:
        known = home_rows.find_place(tx, notice.op)
        if known is not None and known.state == "held":
            home_rows.free_place(tx, known, notice.epoch, notice.version, 0)
        else:
            super().release(tx, notice)


def release_without_version(library: SimLibrary) -> None:
    """The home frees a place on an old release, although it knows that the loan went on after that."""
    become(core_of(library).books.home, _AnyRelease)


# --- cards, money, screens -------------------------------------------------------------------------------------


class _DeafToBlocks(HomeSteps):
    def block(self, tx: Tx, notice: CardBlocked) -> None:
        return None


def block_ignored(library: SimLibrary) -> None:
    """The home does not block what a terminal blocked."""
    become(core_of(library).books.home, _DeafToBlocks)


class _KeepsChange(LedgerSteps):
    def _refund_due(self, *_fine: Any) -> None:
        return None


def refund_unlisted(library: SimLibrary) -> None:
    """What was paid and is no longer owed is on nobody's list."""
    become(core_of(library).books.ledger, _KeepsChange)


class _FalseZeros(HomeSteps):
    def standing(self, tx: Tx, question: StandingQuestion, pin: Any) -> StandingDecision:
        found = super().standing(tx, question, pin)
        return replace(found, fines=()) if isinstance(found, Standing) else found


def fees_not_shown(library: SimLibrary) -> None:
    """The account shows nothing owed."""
    become(core_of(library).books.home, _FalseZeros)


class _Forgiving(KioskMemory):
    def _overtook(self, *_latest: Any) -> bool:
        return False


def overtaken_checkout_lent(library: SimLibrary) -> None:
    """An item that was put where returns go while its checkout waited for a PIN is lent all the same."""
    become(core_of(library).desk.branch.memory, _Forgiving)


PLANTS: tuple[Plant, ...] = (
    renewed_for_two_months,
    renewed_although_overdue,
    renewed_for_nothing,
    kept_copy_lent,
    hold_mirror_untold,
    broken_rules_unlisted,
    return_not_undone,
    place_not_restored,
    undone_return_fined,
    release_without_version,
    block_ignored,
    refund_unlisted,
    fees_not_shown,
    overtaken_checkout_lent,
)
