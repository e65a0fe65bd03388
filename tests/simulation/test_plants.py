"""The check of the checks: each planted fault breaks a promise, and is found within so many seeds."""

from __future__ import annotations

import pytest

from kiosk_sim.simulation.plants.promises import PLANTS
from kiosk_sim.simulation.run import Runner, Wish

FOUND_WITHIN = {
    "answers_not_remembered": 200,
    "no_cancellation_after_no": 20,
    "cancellation_forgotten": 300,
    "release_forgotten": 150,
    "place_freed_by_timer": 20,
    "refusal_not_recorded": 200,
    "no_release_after_abort": 20,
    "outbox_outside_the_transaction": 20,
    "return_closes_any_loan": 60,
    "loan_stamped_by_the_owner": 20,
    "early_return_forgotten": 150,
    "late_evidence_ignored": 60,
    "fine_not_lowered": 150,
    "fine_keyed_by_return": 20,
    "snapshot_without_version": 20,
    "home_counts_not_restored": 20,
    "acknowledged_unheard": 20,
    "renewed_for_two_months": 20,
    "renewed_although_overdue": 100,
    "renewed_for_nothing": 20,
    "kept_copy_lent": 40,
    "hold_mirror_untold": 20,
    "broken_rules_unlisted": 150,
    "return_not_undone": 40,
    "place_not_restored": 20,
    "undone_return_fined": 200,
    "release_without_version": 200,
    "block_ignored": 20,
    "refund_unlisted": 150,
    "fees_not_shown": 20,
    "overtaken_checkout_lent": 200,
    "fresh_return_swallowed": 200,
    "fresh_checkout_told_again": 40,
    "stamps_believed": 60,
    "retries_believed": 300,
    "always_in_doubt": 40,
    "clock_behind_believed": 60,
    "own_barcode_first": 40,
    "silence_concludes": 40,
    "codes_ignored": 20,
    "return_date_ignored": 40,
    "return_date_believed_of_all": 40,
    "return_date_before_the_loan": 60,
    "other_copy_collects_nothing": 60,
    "kept_copy_not_freed": 60,
    "invented_debt_booked": 20,
    "invented_debt_mirrored": 20,
    "invented_place_counts": 20,
}
"""Generous: a change of the product changes what a seed draws."""


def test_every_fault_that_can_be_planted_is_looked_for() -> None:
    assert set(FOUND_WITHIN) == set(PLANTS)


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_fault_is_found(name: str) -> None:
    runner = Runner(Wish(plant=name))
    found = next((seed for seed in range(1, FOUND_WITHIN[name] + 1) if runner.live(runner.scenario(seed)).failed), None)
    assert found is not None
