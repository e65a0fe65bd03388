"""Blocked cards (01) and enabled ones (25); what is kept with an item (19); and what 98 says of all that."""

from __future__ import annotations

import pytest

from federation.contract import CardBlocked
from node.service.home.steps import MANY_BLOCKS
from tests.node.service.members import deliver, new_op
from tests.node.service.small_city import SmallCity, in_every_way_again

HERE, ELSEWHERE, THIRD = "CQSPB", "CQBB", "CQCQ"
DENIED = "YYYY"


@pytest.fixture
def city() -> SmallCity:
    return SmallCity()


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_a_block_reaches_the_home_once_in_every_way_and_the_card_lends_nothing(city: SmallCity, home: str) -> None:
    desk, card = city.kiosk(HERE), city.card(home)
    answers = in_every_way_again(city, desk, desk.block(card, message="PIN wrong three times"))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].patron_status.startswith(DENIED)
    assert answers[0].valid_patron
    city.settle()
    assert city[home].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["suspended"]
    assert city[home].column("SELECT count(*) FROM card_op") == [1]
    for library in (HERE, ELSEWHERE, THIRD):
        kiosk = city.kiosk(library, "sc2")
        assert not kiosk.ask(kiosk.checkout(card, city.item(THIRD))).ok


def test_with_the_home_out_of_reach_it_is_denied_here_at_once_and_told_the_home_later(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(ELSEWHERE)
    city.cut(HERE, ELSEWHERE)
    answer = desk.ask(desk.block(card))
    assert answer.patron_status.startswith(DENIED)
    refused = desk.ask(desk.checkout(card, city.item(THIRD)))
    assert not refused.ok
    assert "停用" in refused.screen_message[0]
    gate = city.kiosk(HERE, "gate")
    assert gate.ask(gate.status(card)).patron_status.startswith(DENIED)
    city.settle()
    assert city[ELSEWHERE].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["suspended"]


def test_a_gate_that_remembers_the_card_stays_shut_after_a_block_here(city: SmallCity) -> None:
    desk, gate, card = city.kiosk(HERE), city.kiosk(HERE, "gate"), city.card(ELSEWHERE)
    assert gate.ask(gate.status(card)).patron_status.strip() == ""
    city.cut(HERE, ELSEWHERE)
    assert gate.ask(gate.status(card)).patron_status.strip() == ""
    desk.ask(desk.block(card))
    assert gate.ask(gate.status(card)).patron_status.startswith(DENIED)


def test_a_card_that_the_machine_kept_is_on_the_list_for_staff_without_its_number(city: SmallCity) -> None:
    desk, card = city.kiosk(HERE), city.card(ELSEWHERE)
    desk.ask(desk.block(card, retained=True))
    assert city[HERE].exceptions() == [("card_retained", "", f"*{card[-4:]}")]


def test_a_card_of_nobody_is_not_valid(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    for card in ("9999", city.card(HERE, 77)):
        answer = desk.ask(desk.block(card))
        assert answer.valid_patron is False
        assert answer.patron_status.startswith(DENIED)


def test_a_gate_or_a_bin_blocks_nothing(city: SmallCity) -> None:
    bin_, card = city.kiosk(HERE, "bin"), city.card(HERE)
    answer = bin_.ask(bin_.block(card))
    assert answer.patron_status.strip() == ""
    assert "服务台" in answer.screen_message[0]
    assert city[HERE].column("SELECT count(*) FROM card_op") == [0]


# --- enabled -----------------------------------------------------------------------------------------------------


def block_from(city: SmallCity, library: str, times: int) -> None:
    """So many blocks of the four cards of `HERE`, each by another operation."""
    for number in range(times):
        notice = CardBlocked(new_op(), city.card(HERE, 1 + number % 4), library, city.wall_ms(), False, "")
        assert deliver(city, library, HERE, notice)[0].taken


def test_a_library_that_blocks_very_many_cards_is_named_to_staff_once_an_hour_and_the_blocks_stand(
    city: SmallCity,
) -> None:
    block_from(city, ELSEWHERE, MANY_BLOCKS - 1)
    block_from(city, THIRD, 3)
    assert city[HERE].exceptions() == []
    block_from(city, ELSEWHERE, 5)
    assert city[HERE].exceptions() == [("many_blocks", "", ELSEWHERE)]
    assert set(city[HERE].column("SELECT status FROM card")) == {"suspended"}
    city.pass_minutes(61)
    block_from(city, ELSEWHERE, 3)
    assert len(city[HERE].exceptions()) == 1


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_a_staff_desk_ends_a_block_once_in_every_way(city: SmallCity, home: str) -> None:
    desk, staff, card = city.kiosk(HERE), city.kiosk(HERE, "staff"), city.card(home)
    desk.ask(desk.block(card))
    city.settle()
    answers = in_every_way_again(city, staff, staff.enable(card))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].patron_status.strip() == ""
    assert city[home].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["active"]
    city[HERE].connection.execute("UPDATE outbox SET acked_at_ms = NULL")
    city[HERE].core.courier.wake()
    city.settle()
    assert city[home].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["active"]


def test_only_where_the_terminal_may_and_the_home_can_be_asked(city: SmallCity) -> None:
    desk, staff, card = city.kiosk(HERE), city.kiosk(HERE, "staff"), city.card(ELSEWHERE)
    desk.ask(desk.block(card))
    city.settle()
    refused = desk.ask(desk.enable(card))
    assert refused.patron_status.startswith(DENIED)
    assert "服务台" in refused.screen_message[0]
    city.cut(HERE, ELSEWHERE)
    assert staff.ask(staff.enable(card)).patron_status.startswith(DENIED)
    assert city[ELSEWHERE].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["suspended"]


def test_what_the_home_s_staff_suspended_only_they_enable(city: SmallCity) -> None:
    card = city.card(ELSEWHERE)
    city[ELSEWHERE].connection.execute("UPDATE card SET status = 'suspended' WHERE reader LIKE '%-1'")
    away, home = city.kiosk(HERE, "staff"), city.kiosk(ELSEWHERE, "staff")
    assert away.ask(away.enable(card)).patron_status.startswith(DENIED)
    assert home.ask(home.enable(card)).patron_status.strip() == ""


@pytest.mark.parametrize("home", [HERE, ELSEWHERE])
def test_25_with_a_wrong_pin_enables_nothing_and_with_the_right_one_it_does(city: SmallCity, home: str) -> None:
    desk, staff, card = city.kiosk(HERE), city.kiosk(HERE, "staff"), city.card(home)
    desk.ask(desk.block(card))
    city.settle()
    refused = staff.ask(staff.enable(card, patron_password="no"))
    assert (refused.valid_patron_password, refused.personal_name) == (False, "")
    assert "密码错误" in refused.screen_message[0]
    assert city[home].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["suspended"]
    enabled = staff.ask(staff.enable(card, patron_password=card[-4:]))
    assert (enabled.valid_patron_password, enabled.patron_status.strip()) == (True, "")
    assert city[home].column("SELECT status FROM card WHERE reader LIKE '%-1'") == ["active"]


# --- kept with the item ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [HERE, ELSEWHERE])
def test_what_a_terminal_keeps_with_an_item_comes_back_in_every_answer_about_it(city: SmallCity, owner: str) -> None:
    desk, item = city.kiosk(HERE), city.item(owner)
    answers = in_every_way_again(city, desk, desk.properties(item, "weight=320g"))
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0].item_properties_ok, answers[0].item_properties) == (True, "weight=320g")
    assert answers[0].title_identifier == f"{owner}之书1"
    assert desk.ask(desk.item(item)).item_properties == "weight=320g"
    assert desk.ask(desk.checkout(city.card(HERE), item)).item_properties == "weight=320g"
    assert desk.ask(desk.checkin(item)).item_properties == "weight=320g"


def test_the_latest_stands_whatever_comes_late(city: SmallCity) -> None:
    desk, other, item = city.kiosk(HERE), city.kiosk(THIRD), city.item(ELSEWHERE)
    city.cut(HERE, ELSEWHERE)
    assert desk.ask(desk.properties(item, "old")).item_properties_ok
    city.pass_minutes(5)
    assert other.ask(other.properties(item, "new")).item_properties_ok
    city.settle()
    assert desk.ask(desk.item(item)).item_properties == "new"


def test_an_item_of_nobody_keeps_nothing(city: SmallCity) -> None:
    desk = city.kiosk(HERE)
    for item in ("CQSPB99", "CQBB99"):
        answer = desk.ask(desk.properties(item, "x"))
        assert not answer.item_properties_ok
        assert answer.screen_message


def test_an_update_in_between_does_not_make_a_repeated_checkout_a_new_one(city: SmallCity) -> None:
    desk, card, item = city.kiosk(HERE), city.card(HERE), city.item(ELSEWHERE)
    lent = desk.checkout(card, item)
    first = desk.ask(lent)
    assert desk.ask(desk.properties(item, "x")).item_properties_ok
    city.pass_minutes(5)
    assert desk.ask(lent) == first


# --- 98 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("login", "may"), [("sc", True), ("staff", True), ("bin", False), ("gate", False)])
def test_98_lists_all_sixteen_requests_and_says_who_may_change_a_status(city: SmallCity, login: str, may: bool) -> None:
    kiosk = city.kiosk(HERE, login)
    answer = kiosk.ask(kiosk.sc_status())
    assert answer.supported_messages == "Y" * 16
    assert answer.status_update_ok is may
