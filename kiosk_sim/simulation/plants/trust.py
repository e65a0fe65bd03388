"""Planted faults in what a library believes of another: debts and places of loans that never were."""

from __future__ import annotations

from typing import Any

from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.plants.planting import Plant, become, core_of
from node.service.home.claims import Claims
from node.service.home.debts import Debts
from node.service.money.proof import Proof


class _BelievesOrders(Proof):
    def of(self, *_order: Any) -> str | None:
        return ""


def invented_debt_booked(library: SimLibrary) -> None:
    """A ledger books whatever an owner orders."""
    become(core_of(library).books.ledger._proof, _BelievesOrders)


class _BelievesLedgers(Debts):
    def _is_borne_out(self, *_notice: Any) -> bool:
        return True


def invented_debt_mirrored(library: SimLibrary) -> None:
    """A home shows whatever a library says that its reader owes."""
    become(core_of(library).books.home._debts, _BelievesLedgers)


class _BelievesOwners(Claims):
    def is_ours(self, *_said: Any) -> bool:
        return True


def invented_place_counts(library: SimLibrary) -> None:
    """A home holds places for loans that no terminal of its own asked for, as it is told that one did."""
    become(core_of(library).books.home._claims, _BelievesOwners)


PLANTS: tuple[Plant, ...] = (invented_debt_booked, invented_debt_mirrored, invented_place_counts)
