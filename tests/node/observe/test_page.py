"""The words of the status page."""

from __future__ import annotations

import pytest

from federation.troubles import Trouble
from node.observe.page import CHINESE_TROUBLES, STYLE, instant, render, render_unknown, span, yuan
from node.observe.status import NodeStatus, PeerState


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


def status(alarm: bool) -> NodeStatus:
    peer = PeerState(library="CQBB", name="北碚图书馆", up=False, outbox_depth=3, oldest_s=90_061.0, alarm=alarm)
    return NodeStatus(
        library="CQSPB",
        library_name="沙坪坝区图书馆",
        version="0.1.0",
        now_ms=1_000,
        started_ms=0,
        database_writable=True,
        loans_active=7,
        exceptions_open=2,
        fines_outstanding_fen=1240,
        peers=(peer,),
    )


def test_an_outbox_in_alarm_is_marked_in_words_and_in_colour() -> None:
    assert "▲ 告警 alarm · 1 天 1 小时" in render(status(alarm=True)).decode()
    calm = render(status(alarm=False)).decode()
    assert "告警" not in calm
    assert "1 天 1 小时" in calm


def test_the_page_says_in_chinese_why_a_library_does_not_answer() -> None:
    assert set(CHINESE_TROUBLES) == set(Trouble)
