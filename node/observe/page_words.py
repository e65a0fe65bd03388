"""Words of the status page in Chinese, and how figures and times are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from node.domain.calendar import SHANGHAI

CHINESE_TROUBLES: Final[Mapping[str, str]] = {
    "certificate_expired": "对方证书或其签发机构的证书已过期，要对方换发。",
    "certificate_not_yet_valid": "对方证书尚未生效，请核对双方时钟。",
    "certificate_wrong_name": "对方证书是别的馆的，请核对 federation.toml 中的地址。",
    "certificate_unknown_authority": "本馆不认识对方证书的签发机构，请核对双方的 ca 文件。",
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

CHINESE_TURNED_AWAY: Final[Mapping[str, str]] = {
    "made_no_call": "连上后没有提问：证书多半被拒绝（过期、未生效，或签发机构不在本馆 ca 文件里），也可能不是图书馆。",
    "certificate_without_code": "证书里没有馆代码：必须只有一个 DNS 名，即小写的馆代码。",
    "certificate_unknown_authority": "证书的签发机构已从本馆的 ca 文件里删去。",
    "certificate_wrong_name": "自称的馆与证书不符，要对方换上自己的证书。",
    "not_a_member": "证书上的馆不在本馆的 federation.toml 里，请核对双方的文件。",
}
"""`federation.troubles.TurnedAway` for the page."""

SERVICES: Final[Mapping[str, str]] = {"sip2": "终端", "federation": "馆际", "http": "状态页", "web": "网页"}
KINDS: Final[Mapping[str, str]] = {
    "selfcheck": "自助机",
    "return": "还书箱",
    "sorter": "分拣机",
    "gate": "门禁",
    "staff": "服务台",
}
CERTIFICATES: Final[Mapping[str, str]] = {
    "federation": "馆际证书",
    "authority": "签发机构证书",
    "sip2": "终端证书",
    "web": "网页证书",
}

_WEEKDAYS: Final = "一二三四五六日"


def both(words: Mapping[str, str], name: str) -> str:
    """The Chinese word, where there is one, and the name."""
    return f"{words[name]} {name}" if name in words else name


def yuan(amount_fen: int) -> str:
    """Fen as yuan: 1240 is "12.40"."""
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole:,}.{rest:02d}"


def spans(seconds: float) -> tuple[str, str]:
    """A length of time in its two largest units: "3 天 4 小时", "3 d 4 h"."""
    rest = max(0, int(seconds))
    parts = []
    for size, chinese, english in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分", "min"), (1, "秒", "s")):
        count, rest = divmod(rest, size)
        if count:
            parts.append((f"{count} {chinese}", f"{count} {english}"))
    shown = parts[:2] or [("0 秒", "0 s")]
    return " ".join(each[0] for each in shown), " ".join(each[1] for each in shown)


def span(seconds: float) -> str:
    """The same in both languages: "3 天 4 小时 · 3 d 4 h"."""
    return " · ".join(spans(seconds))


def instant(at_ms: int | None) -> str:
    """An instant in local time, "—" if there was none."""
    return "—" if at_ms is None else _local(at_ms).strftime("%Y-%m-%d %H:%M:%S")


def short_instant(at_ms: int, now_ms: int) -> str:
    """The same for a glance: the time of today, else 11月28日 (周六) and hours and minutes."""
    at = _local(at_ms)
    if at.date() == _local(now_ms).date():
        return at.strftime("%H:%M:%S")
    return f"{day(at_ms, now_ms)} {at:%H:%M}"


def day(at_ms: int, now_ms: int) -> str:
    """A day of this year is 11月28日 (周六), any other 2027年11月28日."""
    at = _local(at_ms)
    if at.year != _local(now_ms).year:
        return f"{at.year}年{at.month}月{at.day}日"
    return f"{at.month}月{at.day}日 (周{_WEEKDAYS[at.weekday()]})"


def _local(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(SHANGHAI)
