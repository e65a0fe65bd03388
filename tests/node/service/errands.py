"""What readers come for, one line each, at the second self-check of that library unless another is named."""

from __future__ import annotations

from typing import Any

from tests.node.service.small_city import SmallCity


def lend(city: SmallCity, code: str, card: str, item: str) -> Any:
    desk = city.kiosk(code, "sc2")
    answer = desk.ask(desk.checkout(card, item))
    city.settle()
    return answer


def take_back(city: SmallCity, code: str, item: str, login: str = "sc2") -> Any:
    desk = city.kiosk(code, login)
    answer = desk.ask(desk.checkin(item))
    city.settle()
    return answer


def renew(city: SmallCity, code: str, card: str, item: str) -> Any:
    desk = city.kiosk(code, "sc2")
    return desk.ask(desk.renew(card, item))


def describe(city: SmallCity, code: str, item: str) -> Any:
    desk = city.kiosk(code, "sc2")
    return desk.ask(desk.item(item))


def city_at_work() -> SmallCity:
    """A reader of CQSPB has an item of CQBB and one of CQCQ; a reader of CQBB owes 0.20 there."""
    city = SmallCity()
    lend(city, "CQBB", city.card("CQBB"), city.item("CQBB", 5))
    city.pass_days(31)
    take_back(city, "CQBB", city.item("CQBB", 5))
    for owner in ("CQBB", "CQCQ"):
        lend(city, "CQBB", city.card("CQSPB"), city.item(owner))
    city.pass_days(1)
    return city
