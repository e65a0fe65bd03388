"""The libraries of the city, as the public notice names them, and what follows from their order.

The order fixes the ports: library number i listens at P+10i+1 (SIP2), +2 (federation), +3 (HTTP).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
CENTRAL = "central"
OUTER = "wanzhou"
GROUP_NAMES = {CENTRAL: "中心城区", OUTER: "万州区"}

_NAMES = (
    ("CQCQ", "重庆图书馆", "Chongqing Library"),
    ("CQSE", "重庆市少年儿童图书馆", "Chongqing Children's Library"),
    ("CQYZ", "渝中区图书馆", "Yuzhong Library"),
    ("CQDDK", "大渡口区图书馆", "Dadukou Library"),
    ("CQJB", "江北区图书馆", "Jiangbei Library"),
    ("CQSPB", "沙坪坝区图书馆", "Shapingba Library"),
    ("CQJLP", "九龙坡区图书馆", "Jiulongpo Library"),
    ("CQNA", "南岸区图书馆", "Nan'an Library"),
    ("CQBB", "北碚图书馆", "Beibei Library"),
    ("CQYB", "渝北区图书馆", "Yubei Library"),
    ("CQBN", "巴南区图书馆", "Banan Library"),
    ("CQWZ", "万州区图书馆", "Wanzhou Library"),
)
DEFAULT_CODES = ("CQCQ", "CQSPB", "CQBB", "CQWZ")


class UnknownLibrary(ValueError):
    """A code that no library of the city has."""


@dataclass(frozen=True, slots=True)
class Library:
    """One library: `number` is its place in the list, from 1; prefixes route its cards and items."""

    number: int
    code: str
    name: str
    name_en: str
    group: str
    card_prefix: str
    base_port: int

    @property
    def item_prefix(self) -> str:
        return self.code

    @property
    def sip2_port(self) -> int:
        return self.base_port + 10 * self.number + 1

    @property
    def federation_port(self) -> int:
        return self.sip2_port + 1

    @property
    def http_port(self) -> int:
        return self.sip2_port + 2

    @property
    def ports(self) -> tuple[int, int, int]:
        return (self.sip2_port, self.federation_port, self.http_port)


def all_codes() -> tuple[str, ...]:
    """Every code, in the order of the list."""
    return tuple(code for code, _name, _name_en in _NAMES)


def english_name(code: str) -> str:
    """What English sentences call the library."""
    return next(name_en for known, _name, name_en in _NAMES if known == code)


def libraries(codes: Sequence[str], base_port: int) -> tuple[Library, ...]:
    """The chosen libraries in the order of the list, whatever order they were named in."""
    unknown = [code for code in codes if code not in all_codes()]
    if unknown:
        raise UnknownLibrary(", ".join(unknown))
    return tuple(
        Library(number, code, name, name_en, OUTER if code == "CQWZ" else CENTRAL, _card_prefix(code), base_port)
        for number, (code, name, name_en) in enumerate(_NAMES, start=1)
        if code in codes
    )


def _card_prefix(code: str) -> str:
    """Six digits. CQSPB comes first because cards 235001... in the SIP2 examples are its own."""
    first_come = ["CQSPB", *(other for other in all_codes() if other != "CQSPB")]
    return f"2350{first_come.index(code) + 1:02d}"
