"""The status page: one HTML document for the operator of a branch, in Chinese and English.

Promises: no script, nothing loaded from elsewhere, readable on a telephone and without colours; every value is
escaped by construction (the document is a tree of tags, never a concatenation of text).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from twisted.web.template import Tag, flattenString, tags

from node.domain.calendar import SHANGHAI
from node.observe.status import ErrorLine, ListenerState, NodeStatus, PeerState, TerminalState

REFRESH_S = 10

STYLE = """
:root{--ink:#1d2733;--dim:#5b6876;--line:#dde3ea;--paper:#fff;--ground:#f3f5f8;--good:#0b6b3a;--bad:#b3261e;--warn:#8a5a00}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--dim:#9aa7b5;--line:#313b47;--paper:#1a2129;--ground:#11161c;
--good:#62d394;--bad:#ff8a80;--warn:#f0be55}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:15px/1.55 system-ui,"Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 16px 48px}
header{display:flex;flex-wrap:wrap;gap:6px 16px;align-items:baseline;margin-bottom:16px}
h1{font-size:24px;margin:0}h2{font-size:16px;margin:0 0 8px}
.dim{color:var(--dim)}.code{font-family:ui-monospace,monospace;font-size:13px}
.badge{border-radius:999px;padding:2px 12px;font-weight:600;border:1px solid currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-bottom:16px}
.card,section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.card b{display:block;font-size:24px;line-height:1.25;font-variant-numeric:tabular-nums}
section{margin-bottom:16px;overflow-x:auto}
table{border-collapse:collapse;width:100%;min-width:520px}
th{text-align:left;font-weight:500;color:var(--dim);font-size:13px}
th,td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}
td{white-space:nowrap}td.text{white-space:normal;overflow-wrap:anywhere}
"""

# Only this very style sheet may be applied: with no script and no form allowed, escaped text stays text.
STYLE_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


# --- words ---------------------------------------------------------------------------------------------------


def yuan(amount_fen: int) -> str:
    """Fen as yuan: 1240 is "12.40"."""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole:,}.{rest:02d}"


def span(seconds: float) -> str:
    """A length of time in its two largest units: "3 天 4 小时 · 3 d 4 h"."""
    rest = max(0, int(seconds))
    parts = []
    for size, chinese, english in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append((f"{count} {chinese}", f"{count} {english}"))
    shown = parts[:2] or [("0 秒", "0 s")]
    return f"{' '.join(each[0] for each in shown)} · {' '.join(each[1] for each in shown)}"


def instant(at_ms: int | None) -> str:
    """An instant in local time, "—" if there was none."""
    if at_ms is None:
        return "—"
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


CHINESE_TROUBLES = {
    "certificate_expired": "对方证书或其签发机构的证书已过期。",
    "certificate_not_yet_valid": "对方证书尚未生效，请核对双方时钟。",
    "certificate_wrong_name": "对方证书是别的馆的，请核对 federation.toml 中的地址。",
    "certificate_unknown_authority": "本馆不认识对方证书的签发机构。",
    "no_tls": "TLS 连接失败，对方端口上可能是别的程序。",
    "closed_by_peer": "对方关闭连接：本馆证书可能已过期，或对方不认识其签发机构。",
    "unknown_host": "对方主机名无法解析。",
    "not_reachable": "对方端口无人监听，或线路不通。",
    "no_answer": "对方没有及时应答。",
    "can_not_tell": "对方暂时无法回答，请看对方日志。",
    "accident": "对方出错，请看对方日志。",
    "not_permitted": "对方不许本馆询问，请核对双方的 federation.toml 和证书。",
    "not_understood": "对方的应答无法读懂，请核对双方的程序版本。",
}
"""`federation.troubles.Trouble` for the page."""

_UP = ("good", "● 正常 up")
_DOWN = ("bad", "○ 断开 down")


def _state(state: tuple[str, str]) -> Tag:
    return tags.span(state[1], class_=state[0])


# --- parts ---------------------------------------------------------------------------------------------------


def _cell(value: str | Tag, kind: str = "") -> Tag:
    return tags.td(value, class_=kind)


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[Tag], empty: str) -> Tag:
    body = list(rows)
    if not body:
        return tags.p(empty, class_="dim")
    head = tags.tr(*(tags.th(title, class_=kind, scope="col") for title, kind in heads))
    return tags.table(tags.thead(head), tags.tbody(*body))


def _figure(value: str, chinese: str, english: str, kind: str = "") -> Tag:
    return tags.div(tags.b(value, class_=kind), chinese, " ", tags.span(english, class_="dim"), class_="card")


def _figures(status: NodeStatus) -> Tag:
    connected = sum(each.connected for each in status.terminals)
    up = sum(each.up for each in status.peers)
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


def _listener(each: ListenerState) -> Tag:
    return tags.tr(
        _cell(each.name), _cell(each.address, "code"), _cell(_state(_UP if each.open else ("bad", "○ 未监听 closed")))
    )


def _listeners(status: NodeStatus) -> Tag:
    database = ("good", "● 可写 writable") if status.database_writable else ("bad", "○ 不可写 NOT writable")
    rows = [_listener(each) for each in status.listeners]
    rows.append(tags.tr(_cell("数据库 database"), _cell(""), _cell(_state(database))))
    heads = (("服务 service", ""), ("地址 address", ""), ("状态 state", ""))
    return tags.section(tags.h2("本机服务 Services of this node"), _table(heads, rows, ""))


def _peer(each: PeerState) -> Tag:
    waiting = each.outbox_depth > 0
    return tags.tr(
        _cell(tags.span(each.library, class_="code")),
        _cell(each.name),
        _cell(_state(_UP if each.up else _DOWN)),
        _cell(f"{each.outbox_depth:,}", "number warn" if waiting else "number"),
        _cell(_waited(each) if waiting else "—"),
        _cell(instant(each.last_answer_ms)),
        _cell(_why(each), "text"),
    )


def _why(each: PeerState) -> str:
    """Since when it is up or down, and why its last call brought no answer."""
    since = "" if each.since_ms is None else f"自 since {instant(each.since_ms)}"
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
    table = _table(heads, map(_peer, status.peers), "没有其他图书馆。 No other library.")
    return tags.section(tags.h2("其他图书馆 Other libraries"), table)


def _terminal(each: TerminalState) -> Tag:
    state = ("good", "● 在线 connected") if each.connected else ("dim", "○ 离线 away")
    return tags.tr(
        _cell(each.login, "code"),
        _cell(each.kind),
        _cell(each.location),
        _cell(_state(state)),
        _cell(instant(each.last_seen_ms)),
    )


def _terminals(status: NodeStatus) -> Tag:
    heads = (
        ("终端 terminal", ""),
        ("类型 kind", ""),
        ("位置 location", ""),
        ("状态 state", ""),
        ("最近消息 last seen", ""),
    )
    table = _table(heads, map(_terminal, status.terminals), "没有终端。 No terminal.")
    return tags.section(tags.h2("终端 Terminals"), table)


def _error(each: ErrorLine) -> Tag:
    return tags.tr(_cell(instant(each.at_ms)), _cell(each.event, "code"), _cell(each.text, "text"))


def _errors(status: NodeStatus) -> Tag:
    heads = (("时间 time", ""), ("事件 event", ""), ("说明 what happened", ""))
    table = _table(heads, map(_error, status.last_errors), "没有错误。 No errors since the node started.")
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
    parts = (_figures, _listeners, _peers, _terminals, _errors)
    title = f"{status.library_name} {status.library}"
    return _document(title, _header(status), *(part(status) for part in parts), footer)


def render_unknown() -> bytes:
    """What is shown while the node cannot tell its state."""
    sentence = "本馆节点暂时无法报告状态，请查看日志。 The node can't tell its state just now: see its log."
    return _document("通借通还 tongjie", tags.h1("通借通还 tongjie"), tags.section(tags.p(sentence, class_="bad")))
