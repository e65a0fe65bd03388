"""A storm that was to be long has seen everything that readers do; how long it took is no matter."""

from __future__ import annotations

from kiosk_sim.storm.storm import ALL_DONE_S, Report


def test_a_short_storm_that_took_long_may_lack_a_payment() -> None:
    assert Report(seed=4, seconds=68.7, loans=109, returns=109, renewals=8).never_done(13.0) == []


def test_a_long_storm_without_a_payment_has_not_seen_everything() -> None:
    report = Report(seed=4, seconds=70.0, loans=109, returns=109, renewals=8)
    assert report.never_done(ALL_DONE_S) == ["no payment succeeded"]
