"""The devices that stand in a library: self-check, return bin, sorter, a gate for each area, the staff desk."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk_sim.city import draw
from kiosk_sim.city.plan import Library

# area code, name, what the gate does when the card's home cannot be asked (settings: when_unreachable)
AREAS = (("children", "少儿借阅区", "open"), ("adult", "成人借阅区", "open"))

_KINDS = (
    ("SC1", "selfcheck", "一楼自助区", ""),
    ("RT1", "return", "正门还书箱", ""),
    ("SO1", "sorter", "分拣室", ""),
    ("GC1", "gate", "少儿借阅区入口", "children"),
    ("GA1", "gate", "成人借阅区入口", "adult"),
    ("ST1", "staff", "服务台", ""),
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """One device's account. `area` is empty except at a gate."""

    login: str
    password: str = field(repr=False)
    kind: str
    location: str
    area: str


def terminals(library: Library, seed: int) -> tuple[Terminal, ...]:
    """The six devices of a library, passwords fixed by the seed."""
    return tuple(
        Terminal(f"{library.code}-{tail}", draw.digits(12, seed, library.code, tail, "password"), kind, location, area)
        for tail, kind, location, area in _KINDS
    )
