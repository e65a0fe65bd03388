"""The comparison of codecs: both work on the same bytes, and every number has its name."""

from __future__ import annotations

from kiosk_sim.bench_codec import COMMANDS, measure, ours, theirs


def test_every_measure_has_its_name_and_the_least_ratios_stand_apart() -> None:
    found = measure(rounds=1, calls=5)
    each = {f"codec_{what}_{command}_{unit}" for what in ("decode", "encode") for command in COMMANDS for unit in UNITS}
    assert set(found) == each | {"codec_decode_ratio", "codec_encode_ratio"}
    assert found["codec_decode_ratio"] == min(found[f"codec_decode_{command}_ratio"] for command in COMMANDS)
    assert all(value > 0 for value in found.values())


UNITS = ("s", "ratio")


def test_both_codecs_write_the_same_bytes() -> None:
    mine, other = ours(), theirs()
    for command in COMMANDS:
        assert mine[command][1]() == other[command][1]()
