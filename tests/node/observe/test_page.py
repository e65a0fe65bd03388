"""The words of the status page."""

from __future__ import annotations

import pytest

from node.observe.page import STYLE, instant, render_unknown, span, yuan


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (1240, "12.40"), (123456789, "1,234,567.89"), (-20, "-0.20")]
)
def test_fen_are_shown_as_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 秒 · 0 s"),
        (59.9, "59 秒 · 59 s"),
        (3700, "1 小时 1 分 · 1 h 1 min"),
        (90061, "1 天 1 小时 · 1 d 1 h"),
        (-5, "0 秒 · 0 s"),
    ],
)
def test_a_length_of_time_is_shown_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_instants_are_shown_in_local_time() -> None:
    assert instant(1_685_606_400_000) == "2023-06-01 16:00:00"
    assert instant(None) == "—"


def test_the_style_sheet_needs_no_escaping_so_its_digest_holds() -> None:
    assert not set("<>&") & set(STYLE)
    assert STYLE.encode() in render_unknown()
