"""The words of the status page."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from federation.troubles import Trouble, TurnedAway
from node.observe.needs import needs
from node.observe.page import STYLE, render, render_unknown
from node.observe.page_words import CHINESE_TROUBLES, CHINESE_TURNED_AWAY, day, instant, short_instant, span, yuan
from node.observe.status import ConnectionsState, ListenerState, NodeStatus, PeerState, TurnedAwayState

NOW_MS, DAY_MS = 7_000, 86_400_000


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
        now_ms=NOW_MS,
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


CALM = replace(
    status(alarm=False),
    exceptions_open=0,
    listeners=(ListenerState("sip2", "0.0.0.0:6001", open=True),),
    peers=(PeerState("CQBB", "北碚图书馆", up=True, outbox_depth=0, oldest_s=0.0, last_answer_ms=NOW_MS),),
    certificates=(("federation", NOW_MS + 31 * DAY_MS),),
)
DOWN = replace(CALM.peers[0], up=False, since_ms=NOW_MS, trouble="certificate_expired", why="it has expired: renew it")
TIGHT = ConnectionsState("sip2", open=3, most=700, wanted=5_000)
FULL = ConnectionsState("http", open=103, most=128, wanted=128)
CROWDED = ConnectionsState("federation", 3, 256, 256, turned_away=1_018, who="192.0.2.6", at_ms=NOW_MS - 60_000)
KNOCKED = TurnedAwayState("not_a_member", "it names a library that is not in `federation.toml`", "CQXX", NOW_MS, 3)


def test_a_node_that_is_well_needs_nobody_and_says_so() -> None:
    assert needs(CALM) == ()
    assert "没有要处理的。 Nothing needs you." in render(CALM).decode()


@pytest.mark.parametrize(
    ("changes", "bad", "chinese", "english"),
    [
        ({"database_writable": False}, True, "数据库写不进去", "can't be written"),
        ({"listeners": (ListenerState("sip2", "[::]:6001", open=False),)}, True, "终端端口 [::]:6001", "6001 (sip2)"),
        ({"peers": (DOWN,)}, True, "北碚图书馆断开，自 08:00:07。对方证书", "CQBB is down since 1970-01-01 08:00:07"),
        ({"peers": (replace(CALM.peers[0], alarm=True, outbox_depth=3),)}, True, "3 条待送", "3 notices wait"),
        ({"peers": (PeerState("CQXX", "", False, 3, 1.0, alarm=True),)}, True, "CQXX 已不在", "not in federation.toml"),
        ({"peers": (replace(CALM.peers[0], clock_apart_s=-5.2),)}, False, "比本馆慢 5 秒", "is 5 s behind"),
        ({"certificates": (("sip2", NOW_MS + 29 * DAY_MS),)}, False, "终端证书将于", "(sip2) expires on"),
        ({"certificates": (("federation", NOW_MS),)}, True, "馆际证书已于", "(federation) has expired"),
        ({"exceptions_open": 2}, False, "有 2 件异常", "2 exceptions wait"),
        ({"connections": (TIGHT,)}, False, "系统给的文件数太少：终端端口", "the sip2 ports may have 700 connections"),
        ({"connections": (FULL,)}, False, "状态页端口已有 103 个连接", "The http ports have 103 of 128"),
        ({"connections": (CROWDED,)}, False, "来自 192.0.2.6 的连接", "one from 192.0.2.6 was closed"),
        ({"turned_away": (KNOCKED,)}, False, "（CQXX），没有得到答复", "somebody (CQXX) got no answer"),
    ],
)
def test_what_needs_somebody_stands_on_top_in_both_languages(
    changes: dict[str, Any], bad: bool, chinese: str, english: str
) -> None:
    changed = replace(CALM, **changes)
    [need] = needs(changed)
    assert need.bad is bad
    assert chinese in need.chinese
    assert english in need.english
    page = render(changed).decode()
    assert page.index("要处理的 What needs you") < page.index(need.chinese) < page.index("本机服务")
    assert f">{'▲' if bad else '△'} </span>" in page


def test_the_worst_comes_first_and_who_was_turned_away_is_told_for_an_hour() -> None:
    both = replace(CALM, exceptions_open=1, database_writable=False, turned_away=(replace(KNOCKED, at_ms=0),))
    assert [need.bad for need in needs(both)] == [True, False, False]
    assert len(needs(replace(both, now_ms=3_600_001))) == 2


def test_a_library_that_was_not_asked_yet_is_neither_up_nor_down() -> None:
    page = render(replace(CALM, peers=(replace(CALM.peers[0], last_answer_ms=None),))).decode()
    assert "◌ 未知 unknown" in page
    assert "断开" not in page
    assert "0 / 1" in page


def test_a_library_that_has_left_is_not_called_down() -> None:
    page = render(replace(CALM, peers=(PeerState("CQXX", "", False, 3, 1.0, alarm=True),))).decode()
    assert "○ 已退出 left" in page
    assert "断开" not in page


def test_on_a_narrow_screen_every_cell_has_its_head_beside_it() -> None:
    page = render(replace(CALM, peers=(DOWN,))).decode()
    cells = re.findall(r"<td[^>]*>", page)
    assert cells
    assert [cell for cell in cells if 'data-label="' not in cell] == []


def test_a_day_of_another_year_has_its_year_and_a_time_of_another_day_its_day() -> None:
    new_year_ms = 1_798_732_800_000  # 2027-01-01 00:00 in Shanghai
    assert day(new_year_ms, new_year_ms) == "1月1日 (周五)"
    assert day(new_year_ms - 1, new_year_ms) == "2026年12月31日"
    assert short_instant(new_year_ms, new_year_ms + 1) == "00:00:00"
    assert short_instant(new_year_ms, new_year_ms + DAY_MS) == "1月1日 (周五) 00:00"


def test_the_page_says_in_chinese_why_a_library_does_not_answer() -> None:
    assert set(CHINESE_TROUBLES) == set(Trouble)
    assert set(CHINESE_TURNED_AWAY) == set(TurnedAway)
