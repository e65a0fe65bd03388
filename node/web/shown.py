"""How pages show instants and ages, in both languages: short, with the whole date in the title."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from markupsafe import Markup

from node.domain.calendar import SHANGHAI
from node.web.asking import Language

__all__ = ["day_and_time", "since"]

_WEEKDAYS: Final = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_AGES: Final = {
    "zh": ("刚刚", "{} 分钟前", "{} 小时前", "{} 天前"),
    "en": ("just now", "{} min ago", "{} h ago", "{} d ago"),
}


def day_and_time(at_ms: int, language: Language) -> Markup:
    """11月28日 (周六) 15:04, or 28 Nov (Sat) 15:04."""
    at = datetime.fromtimestamp(at_ms / 1000, SHANGHAI)
    weekday = _WEEKDAYS[language][at.weekday()]
    if language == "zh":
        text = f"{at.month}月{at.day}日 (周{weekday}) {at:%H:%M}"
    else:
        text = f"{at.day} {_MONTHS[at.month - 1]} ({weekday}) {at:%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M:%S}", text
    )


def since(at_ms: int, now_ms: int, language: Language) -> str:
    """In the largest unit that fits."""
    age_s = max(0, now_ms - at_ms) // 1000
    now, minutes, hours, days = _AGES[language]
    if age_s < 60:
        return now
    if age_s < 3600:
        return minutes.format(age_s // 60)
    return hours.format(age_s // 3600) if age_s < 86_400 else days.format(age_s // 86_400)
