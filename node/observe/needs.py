"""What needs somebody at a node, the worst first: the top of the status page.

Each is one sentence in Chinese and one in English, with what to do. Pure functions of a `NodeStatus`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from node.observe.page_words import (
    CERTIFICATES,
    CHINESE_TROUBLES,
    CHINESE_TURNED_AWAY,
    SERVICES,
    day,
    instant,
    short_instant,
    spans,
)
from node.observe.status import NodeStatus, PeerState

CLOCKS_ALARM_S: Final = 5.0
"""As for the alert in docs/operations.md."""
RENEW_BEFORE_MS: Final = 30 * 86_400_000
TURNED_AWAY_FOR_MS: Final = 3_600_000
"""How long the page speaks of somebody who was turned away."""


@dataclass(frozen=True, slots=True)
class Need:
    """`bad`: something does not work; else it will not, or somebody should look."""

    bad: bool
    chinese: str
    english: str


def needs(status: NodeStatus) -> tuple[Need, ...]:
    """Nothing is left out, however long the list: there is at most one of each port, certificate and reason, two of
    the clock, and three of each library and of each kind of port."""
    found = (
        *_of_this_node(status),
        *_of_the_clock(status),
        *_of_certificates(status),
        *(need for peer in status.peers for need in _of_peer(peer, status.now_ms)),
        *_of_connections(status),
        *_of_callers(status),
        *_of_staff(status),
    )
    return tuple(sorted(found, key=lambda need: not need.bad))


def _of_this_node(status: NodeStatus) -> Iterator[Need]:
    if not status.database_writable:
        yield Need(
            True,
            "数据库写不进去，自助机都会被拒绝。请查磁盘空间和权限；能写以后节点会自己恢复。",
            "The database can't be written, so kiosks are refused. Check disk space and permissions; "
            "the node goes on by itself.",
        )
    if status.database_damage:
        yield Need(
            True,
            f"数据库文件已损坏（{status.database_damage}）。请停下节点，把文件另存一份，再从备份恢复；不要继续借还。",
            f"The database file is damaged ({status.database_damage}). Stop the node, put the file aside, and restore "
            "a backup; do not go on lending.",
        )
    for each in status.listeners:
        if not each.open:
            yield Need(
                True,
                f"{SERVICES.get(each.name, each.name)}端口 {each.address} 没有监听。请看日志；刚启动的话稍等。",
                f"The port {each.address} ({each.name}) does not listen. See the log; just after a start, wait.",
            )


def _of_the_clock(status: NodeStatus) -> Iterator[Need]:
    clock = status.clock
    if clock.start_waits:
        yield Need(
            True,
            "本机时钟比数据库里最新的记录还早，节点没有开门。请校时；确认时钟无误，请用 --clock-is-right 启动。"
            "多数图书馆的时钟与本机一致后，节点会自己开门。",
            _sentence(f"The node has not opened: {clock.start_waits}"),
        )
    if clock.contradicted:
        apart, apart_en = spans(abs(clock.off_s))
        yield Need(
            True,
            f"{clock.measured} 个馆中有 {len(clock.apart)} 个的时钟与本馆相差一分钟以上（约 {apart}）。"
            f"请给本机校时；在那之前不计滞纳金，已有 {clock.fees_waiting:,} 笔等待计算。",
            f"{len(clock.apart)} of {clock.measured} libraries have clocks more than a minute away from ours (about "
            f"{apart_en}). Set this clock. Until then no late fee is ordered; {clock.fees_waiting:,} wait.",
        )
    elif clock.fees_waiting:
        yield Need(
            False,
            f"有 {clock.fees_waiting:,} 笔滞纳金等待计算：要等多数图书馆的时钟与本馆一致。",
            f"{clock.fees_waiting:,} late fees wait until most libraries agree with our clock.",
        )


def _of_certificates(status: NodeStatus) -> Iterator[Need]:
    for which, at_ms in status.certificates:
        name = CERTIFICATES.get(which, which)
        if at_ms <= status.now_ms:
            yield Need(
                True,
                f"{name}已于{day(at_ms, status.now_ms)}过期。请换发，再向节点发 SIGHUP。",
                f"The certificate ({which}) has expired on {instant(at_ms)}. Renew it, then send SIGHUP to the node.",
            )
        elif at_ms - status.now_ms < RENEW_BEFORE_MS:
            yield Need(
                False,
                f"{name}将于{day(at_ms, status.now_ms)}过期。请在那之前换发。",
                f"The certificate ({which}) expires on {instant(at_ms)}. Renew it before.",
            )


def _of_peer(each: PeerState, now_ms: int) -> Iterator[Need]:
    if not each.name:
        yield Need(
            True,
            f"{each.library} 已不在 federation.toml 里，还有 {each.outbox_depth:,} 条待送。请核对文件。",
            f"{each.library} is not in federation.toml any more; {each.outbox_depth:,} notices wait for it. "
            "Compare the files.",
        )
        return
    if not each.up:
        since, since_en = ("", "")
        if each.since_ms is not None:
            since, since_en = f"，自 {short_instant(each.since_ms, now_ms)}", f" since {instant(each.since_ms)}"
        yield Need(
            True,
            f"{each.name}断开{since}。{CHINESE_TROUBLES.get(each.trouble, '')}",
            _sentence(f"{each.library} is down{since_en}{f': {each.why}' if each.why else ''}"),
        )
    if each.alarm:
        waited, waited_en = spans(each.oldest_s)
        yield Need(
            True,
            f"{each.name}：{each.outbox_depth:,} 条待送，最早的等了 {waited}。请告诉对方；线路通了会全部送到。",
            f"{each.library}: {each.outbox_depth:,} notices wait, the oldest {waited_en}. Tell that library; "
            "everything is delivered when the line is back.",
        )
    if each.clock_apart_s is not None and abs(each.clock_apart_s) >= CLOCKS_ALARM_S:
        ahead = each.clock_apart_s > 0
        apart = f"{abs(each.clock_apart_s):.0f}"
        yield Need(
            False,
            f"{each.name}的时钟比本馆{'快' if ahead else '慢'} {apart} 秒。请两边都校时；差到 60 秒两馆就停止借还。",
            f"The clock of {each.library} is {apart} s {'ahead' if ahead else 'behind'}. Set both; at 60 s "
            "the two stop lending to each other.",
        )


def _sentence(text: str) -> str:
    """With its full stop, and without the marks of code: the page has no such type."""
    return f"{text}{'' if text.endswith('?') else '.'}".replace("`", "")


def _of_connections(status: NodeStatus) -> Iterator[Need]:
    for each in status.connections:
        name = SERVICES.get(each.name, each.name)
        if each.most < each.wanted:
            yield Need(
                False,
                f"系统给的文件数太少：{name}端口最多只能有 {each.most:,} 个连接，设置里是 {each.wanted:,} 个。"
                "请调大打开文件数的上限（LimitNOFILE、ulimits），再重启节点。",
                f"The system allows too few open files: the {each.name} ports may have {each.most:,} connections, and "
                f"{each.wanted:,} are set. Raise the limit (LimitNOFILE, ulimits) and restart the node.",
            )
        if each.near:
            yield Need(
                False,
                f"{name}端口已有 {each.open:,} 个连接，最多 {each.most:,} 个。请查是谁连的；确实需要就调大"
                " max_connections。",
                f"The {each.name} ports have {each.open:,} of {each.most:,} connections. Look who connects; if all are "
                "wanted, raise max_connections.",
            )
        if each.at_ms is not None and status.now_ms - each.at_ms <= TURNED_AWAY_FOR_MS:
            yield Need(
                False,
                f"{short_instant(each.at_ms, status.now_ms)} {name}端口连接太多，拒绝或断开了来自 {each.who} 的连接；"
                f"启动以来共 {each.turned_away:,} 次。请查这个地址。",
                f"At {instant(each.at_ms)} the {each.name} ports had too many connections, and one from {each.who} was "
                f"closed; {each.turned_away:,} since the start. Look what that address does.",
            )


def _of_callers(status: NodeStatus) -> Iterator[Need]:
    for each in status.turned_away:
        if status.now_ms - each.at_ms > TURNED_AWAY_FOR_MS:
            continue
        who, who_en = (f"（{each.who}）", f" ({each.who})") if each.who else ("", "")
        yield Need(
            False,
            f"{short_instant(each.at_ms, status.now_ms)} 有人连到本馆{who}，没有得到答复。"
            f"{CHINESE_TURNED_AWAY[each.reason]}",
            f"At {instant(each.at_ms)} somebody{who_en} got no answer: {_sentence(each.why)} "
            f"{each.count:,} since the start.",
        )


def _of_staff(status: NodeStatus) -> Iterator[Need]:
    if status.exceptions_open:
        yield Need(
            False,
            f"有 {status.exceptions_open:,} 件异常等人处理。请运行 tongjie exceptions list。",
            f"{status.exceptions_open:,} exceptions wait for staff. Run tongjie exceptions list.",
        )
