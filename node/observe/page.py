"""The status page: one HTML document for the operator of a branch, in Chinese and English.

Promises: no script, nothing loaded from elsewhere, readable on a telephone and without colours; every value is
escaped by construction (the document is a tree of tags, never a concatenation of text).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from twisted.web.template import Tag, flattenString, tags

from node.observe.needs import Need, needs
from node.observe.page_words import (
    CERTIFICATES,
    CHINESE_TROUBLES,
    KINDS,
    SERVICES,
    both,
    day,
    instant,
    short_instant,
    span,
    yuan,
)
from node.observe.status import ErrorLine, ListenerState, NodeStatus, PeerState, TerminalState

REFRESH_S = 10

STYLE = """
:root{--ink:#1d2733;--dim:#5b6876;--line:#dde3ea;--paper:#fff;--ground:#f3f5f8;--good:#0b6b3a;--bad:#b3261e;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b5;--line:#313b47;--paper:#1a2129;--ground:#11161c;
--good:#62d394;--bad:#ff8a80;--warn:#f0be55}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.65 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 16px 48px}
header{display:flex;flex-wrap:wrap;gap:6px 16px;align-items:baseline;margin-bottom:16px}
h1{font-size:24px;margin:0}h2{font-size:17px;margin:0 0 8px}
.dim{color:var(--dim)}.code{font-family:ui-monospace,monospace;font-size:14px}
.badge{border-radius:999px;padding:2px 12px;font-weight:600;border:1px solid currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:16px}
.card,section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.card b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums}
section{margin-bottom:16px;overflow-x:auto}
table{border-collapse:collapse;width:100%;min-width:520px}
th{text-align:left;font-weight:500;color:var(--dim);font-size:14px}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td{white-space:nowrap}td.text,td.why{white-space:normal;overflow-wrap:anywhere}td.text{min-width:9em}td.why{min-width:18em}
ul{margin:0;padding:0;list-style:none}
li{padding:6px 0;border-bottom:1px solid var(--line)}li:last-child{border-bottom:0}
li .dim{display:block;font-size:14px}
@media (max-width:720px){
table{min-width:0}table,tbody,tr,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:8px 0;border-bottom:1px solid var(--line)}tr:last-child{border-bottom:0}
td,td.number,td.text,td.why{display:flex;gap:12px;min-width:0;padding:2px 0;border:0;white-space:normal;
text-align:left;overflow-wrap:anywhere}
td::before{content:attr(data-label);flex:0 0 7.5em;color:var(--dim);
font:14px/1.65 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
td:empty{display:none}
}
"""

# Only this very style sheet may be applied: with no script and no form allowed, escaped text stays text.
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# --- marks ---------------------------------------------------------------------------------------------------


_UP = ("good", "● 正常 up")
_DOWN = ("bad", "○ 断开 down")
_LEFT = ("bad", "○ 已退出 left")
_UNKNOWN = ("dim", "◌ 未知 unknown")


def _standing(each: PeerState) -> tuple[str, str]:
    if not each.name:
        return _LEFT
    return _UNKNOWN if _unasked(each) else _UP if each.up else _DOWN


def _unasked(each: PeerState) -> bool:
    """Nothing is known of it yet: it is taken for up until a call fails."""
    return each.up and each.last_answer_ms is None


def _state(state: tuple[str, str]) -> Tag:
    return tags.span(state[1], class_=state[0])


def _time(at_ms: int | None, now_ms: int) -> Tag | str:
    """Short, and whole in its title."""
    if at_ms is None:
        return "—"
    return tags.time(short_instant(at_ms, now_ms), title=instant(at_ms))


# --- parts ---------------------------------------------------------------------------------------------------


def _cell(value: str | Tag, kind: str = "") -> Tag:
    return tags.td(value, class_=kind)


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[Sequence[Tag]], empty: str) -> Tag:
    """On a narrow screen each row is a card, and its cells have their heads beside them."""
    heads, body = list(heads), list(rows)
    if not body:
        return tags.p(empty, class_="dim")
    for cells in body:
        for (title, _kind), cell in zip(heads, cells, strict=True):
            cell.attributes["data-label"] = title
    head = tags.tr(*(tags.th(title, class_=kind, scope="col") for title, kind in heads))
    return tags.table(tags.thead(head), tags.tbody(*(tags.tr(*cells) for cells in body)))


def _figure(value: str, chinese: str, english: str, kind: str = "") -> Tag:
    return tags.div(tags.b(value, class_=kind), chinese, " ", tags.span(english, class_="dim"), class_="card")


def _figures(status: NodeStatus) -> Tag:
    connected = sum(each.connected for each in status.terminals)
    up = sum(each.up and not _unasked(each) for each in status.peers)
    return tags.div(
        _figure(f"{status.loans_active:,}", "在借", "loans active"),
        _figure(
            f"{status.exceptions_open:,}", "待处理异常", "exceptions open", "warn" if status.exceptions_open else ""
        ),
        _figure(f"¥ {yuan(status.fines_outstanding_fen)}", "未缴滞纳金", "fines outstanding"),
        _figure(f"{connected} / {len(status.terminals)}", "终端在线", "terminals connected"),
        _figure(f"{up} / {len(status.peers)}", "馆际连接", "libraries up", "" if up == len(status.peers) else "warn"),
        class_="cards",
    )


def _need(each: Need) -> Tag:
    mark, kind = ("▲", "bad") if each.bad else ("△", "warn")
    return tags.li(tags.span(mark, " ", class_=kind), each.chinese, tags.span(each.english, class_="dim", lang="en"))


def _needs(status: NodeStatus) -> Tag:
    found = needs(status)
    what = tags.ul(*map(_need, found)) if found else tags.p("没有要处理的。 Nothing needs you.", class_="dim")
    return tags.section(tags.h2("要处理的 What needs you"), what)


def _listener(each: ListenerState) -> Sequence[Tag]:
    state = _UP if each.open else ("bad", "○ 未监听 closed")
    return _cell(both(SERVICES, each.name)), _cell(each.address, "code"), _cell(_state(state))


def _certificate(which: str, at_ms: int, now_ms: int) -> Sequence[Tag]:
    state = ("good", "● 有效 valid") if at_ms > now_ms else ("bad", "○ 已过期 expired")
    until = tags.time(f"到 until {day(at_ms, now_ms)}", title=instant(at_ms))
    return _cell(both(CERTIFICATES, which)), _cell(until), _cell(_state(state))


def _listeners(status: NodeStatus) -> Tag:
    database = ("good", "● 可写 writable") if status.database_writable else ("bad", "○ 不可写 NOT writable")
    rows = [
        *map(_listener, status.listeners),
        (_cell("数据库 database"), _cell(""), _cell(_state(database))),
        *(_certificate(which, at_ms, status.now_ms) for which, at_ms in status.certificates),
    ]
    heads = (("服务 service", ""), ("地址、期限 address, until", ""), ("状态 state", ""))
    return tags.section(tags.h2("本机服务 Services of this node"), _table(heads, rows, ""))


def _peer(each: PeerState, now_ms: int) -> Sequence[Tag]:
    waiting = each.outbox_depth > 0
    return (
        _cell(tags.span(each.library, class_="code")),
        _cell(each.name),
        _cell(_state(_standing(each))),
        _cell(f"{each.outbox_depth:,}", "number warn" if waiting else "number"),
        _cell(_waited(each) if waiting else "—", "text"),
        _cell(_time(each.last_answer_ms, now_ms)),
        _cell(_why(each, now_ms), "why"),
    )


def _why(each: PeerState, now_ms: int) -> str:
    """Since when it is up or down, and why its last call brought no answer."""
    since = "" if each.since_ms is None else f"自 since {short_instant(each.since_ms, now_ms)}"
    why = f"{CHINESE_TROUBLES.get(each.trouble, '')} {each.why}" if each.trouble else ""
    return " · ".join(part for part in (since, why.strip()) if part)


def _waited(each: PeerState) -> Tag | str:
    """How long the oldest has waited; marked when that, or how many wait, is an alarm."""
    waited = span(each.oldest_s)
    return tags.span(f"▲ 告警 alarm · {waited}", class_="bad") if each.alarm else waited


def _peers(status: NodeStatus) -> Tag:
    heads = (
        ("代码 code", ""),
        ("图书馆 library", ""),
        ("状态 state", ""),
        ("待送 outbox", "number"),
        ("最早一条 oldest", ""),
        ("最近应答 last answer", ""),
        ("说明 since, why", ""),
    )
    rows = [_peer(each, status.now_ms) for each in status.peers]
    table = _table(heads, rows, "没有其他图书馆。 No other library.")
    return tags.section(tags.h2("其他图书馆 Other libraries"), table)


def _terminal(each: TerminalState, now_ms: int) -> Sequence[Tag]:
    state = ("good", "● 在线 connected") if each.connected else ("dim", "○ 离线 away")
    return (
        _cell(each.login, "code"),
        _cell(both(KINDS, each.kind)),
        _cell(each.location),
        _cell(_state(state)),
        _cell(_time(each.last_seen_ms, now_ms)),
    )


def _terminals(status: NodeStatus) -> Tag:
    heads = (
        ("终端 terminal", ""),
        ("类型 kind", ""),
        ("位置 location", ""),
        ("状态 state", ""),
        ("最近消息 last seen", ""),
    )
    rows = [_terminal(each, status.now_ms) for each in status.terminals]
    table = _table(heads, rows, "没有终端。 No terminal.")
    return tags.section(tags.h2("终端 Terminals"), table)


def _error(each: ErrorLine, now_ms: int) -> Sequence[Tag]:
    return _cell(_time(each.at_ms, now_ms)), _cell(each.event, "code"), _cell(each.text, "text")


def _errors(status: NodeStatus) -> Tag:
    heads = (("时间 time", ""), ("事件 event", ""), ("说明 what happened", ""))
    rows = [_error(each, status.now_ms) for each in status.last_errors]
    table = _table(heads, rows, "没有错误。 No errors since the node started.")
    return tags.section(tags.h2("最近错误 Last errors"), table)


# --- the document --------------------------------------------------------------------------------------------


def _header(status: NodeStatus) -> Tag:
    badge = ("good", "● 可服务 ready") if status.ready else ("bad", "○ 不可服务 NOT ready")
    return tags.header(
        tags.h1(status.library_name),
        tags.span(status.library, class_="code dim"),
        tags.span(badge[1], class_=f"badge {badge[0]}"),
        tags.span(f"运行 up {span(status.uptime_s)}", class_="dim"),
    )


def _document(title: str, *content: Tag) -> bytes:
    head = tags.head(
        tags.meta(charset="utf-8"),
        tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
        tags.meta(**{"http-equiv": "refresh"}, content=str(REFRESH_S)),
        tags.title(title),
        tags.style(STYLE),
    )
    document = tags.html(head, tags.body(Tag("main")(*content)), lang="zh-CN")
    flat: list[bytes] = []
    # Without Deferreds in the tree this is done at once.
    flattenString(None, document).addCallback(flat.append)
    return b"<!DOCTYPE html>\n" + flat[0]


def render(status: NodeStatus) -> bytes:
    """The whole page, UTF-8."""
    footer = tags.p(
        f"通借通还 tongjie {status.version} · {instant(status.now_ms)} 北京时间 · ",
        f"每 {REFRESH_S} 秒刷新 refreshed every {REFRESH_S} s",
        class_="dim",
    )
    parts = (_needs, _figures, _listeners, _peers, _terminals, _errors)
    title = f"{status.library_name} {status.library}"
    return _document(title, _header(status), *(part(status) for part in parts), footer)


def render_unknown() -> bytes:
    """What is shown while the node cannot tell its state."""
    sentence = "本馆节点暂时无法报告状态，请查看日志。 The node can't tell its state just now: see its log."
    return _document("通借通还 tongjie", tags.h1("通借通还 tongjie"), tags.section(tags.p(sentence, class_="bad")))
