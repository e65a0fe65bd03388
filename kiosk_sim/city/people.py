"""Sample readers: invented names, 13-digit cards, 6-digit PINs."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk_sim.city import draw
from kiosk_sim.city.plan import Library

_SURNAMES = "赵钱孙李周吴郑王冯陈蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜戚谢邹喻苏潘葛范彭鲁韦马苗方任袁柳唐罗薛"
_GIVEN = (
    "梓涵子墨雨桐一诺浩然思远沐辰语嫣若曦俊熙诗琪宇轩欣怡博文"
    "可欣明哲婉清天佑静姝书瑶嘉树小禾念慈知行安然晓峰清扬立夏望舒星河"
)
_FIRST_CARD = 12_345
_CARD_STEP = 11
_FAR_AWAY = "2036-12-31"


@dataclass(frozen=True, slots=True)
class Reader:
    """A card of `home`; `expires_on` is a civil date, ISO."""

    card: str
    pin: str = field(repr=False)
    name: str = field(repr=False)
    home: str
    category: str = "pupil"
    expires_on: str = _FAR_AWAY


def readers(library: Library, seed: int, count: int = 24) -> tuple[Reader, ...]:
    """`count` readers of the library. The first of CQSPB is the one of the SIP2 examples."""
    return tuple(_reader(library, seed, i) for i in range(count))


def _reader(library: Library, seed: int, i: int) -> Reader:
    name = draw.pick(_SURNAMES, seed, library.code, "surname", i) + _given(
        draw.number(seed, library.code, "given", i, below=len(_GIVEN) // 2)
    )
    pin = draw.digits(6, seed, library.code, "pin", i)
    if library.code == "CQSPB" and i == 0:
        pin = "246810"
    return Reader(f"{library.card_prefix}{_FIRST_CARD + _CARD_STEP * i:07d}", pin, name, library.code)


def _given(place: int) -> str:
    return _GIVEN[2 * place : 2 * place + 2]
