"""The directory: routing by prefix, and who circulates with whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.directory import Directory, DirectoryError, GroupEntry, LibraryEntry, Number

WIDENED_ON = date(2026, 1, 1)
GROUPS = (
    GroupEntry("central", "中心城区"),
    GroupEntry("wanzhou", "万州"),
    GroupEntry("fuling", "涪陵"),
    GroupEntry("city", "全市", includes=("central", "wanzhou"), from_on=WIDENED_ON),
)


def library(
    code: str, group: str = "central", cards: tuple[str, ...] = (), items: tuple[str, ...] = ()
) -> LibraryEntry:
    return LibraryEntry(code, code, group, cards, items, "127.0.0.1", 6052)


DIRECTORY = Directory(
    [
        library("CQSPB", cards=("235001", "9"), items=("CQSPB", "1000000-1999999", "77")),
        library("CQBB", cards=("2350015", "235002"), items=("CQ", "1500000-1500099", "77")),
        library("CQWZ", "wanzhou", cards=("500",), items=("1",)),
        library("CQFL", "fuling"),
    ],
    GROUPS,
)


def test_entries_are_found_by_code() -> None:
    assert DIRECTORY.codes == ("CQSPB", "CQBB", "CQWZ", "CQFL")
    entry = DIRECTORY.entry("CQBB")
    assert entry is not None
    assert entry.card_prefixes == ("2350015", "235002")
    assert DIRECTORY.entry("CQXX") is None


@pytest.mark.parametrize(
    ("card", "home"),
    [
        ("2350010012345", "CQSPB"),
        ("2350015012345", "CQBB"),
        ("2350015", "CQBB"),
        ("235001", "CQSPB"),
        ("23500", None),
        ("9", "CQSPB"),
        ("", None),
        ("88", None),
    ],
)
def test_the_longest_card_prefix_wins_and_a_card_of_nobody_has_no_home(card: str, home: str | None) -> None:
    assert DIRECTORY.home_of(card) == home


@pytest.mark.parametrize(
    ("barcode", "owners"),
    [
        ("CQSPB0100234567", ("CQSPB",)),
        ("CQBB0100234567", ("CQBB",)),
        ("1000000", ("CQSPB",)),
        ("1999999", ("CQSPB",)),
        ("2000000", ()),
        ("0999999", ()),
        ("100000", ("CQWZ",)),
        ("10000000", ("CQWZ",)),
        ("1500050", ("CQSPB", "CQBB")),
        ("12３4567", ("CQWZ",)),
        ("7712345", ("CQSPB", "CQBB")),
        ("X1", ()),
        ("", ()),
    ],
)
def test_items_route_by_longest_prefix_or_range_and_several_owners_are_all_named(
    barcode: str, owners: tuple[str, ...]
) -> None:
    assert DIRECTORY.owners_of(barcode) == owners


@given(
    st.dictionaries(st.text("12", min_size=1, max_size=4), st.sampled_from(["A1", "B1", "C1"]), max_size=12),
    st.text("12", max_size=6),
)
def test_routing_agrees_with_the_definition_of_the_longest_prefix(homes: dict[str, str], number: str) -> None:
    codes = ("A1", "B1", "C1")
    own = {code: tuple(prefix for prefix, home in homes.items() if home == code) for code in codes}
    directory = Directory([library(code, cards=own[code], items=own[code]) for code in codes], GROUPS)
    longest = max((prefix for prefix in homes if number.startswith(prefix)), key=len, default="")
    assert directory.home_of(number) == homes.get(longest)
    assert directory.owners_of(number) == ((homes[longest],) if longest else ())


# --- institution codes ----------------------------------------------------------------------------------------

CODED = Directory(
    [
        replace(library("CQSPB", cards=("235001",), items=("CQSPB", "7")), isil="CN-500106-1-SPB"),
        replace(library("CQBB", cards=("235002",), items=("7",)), isil="CN-500109-1-BB"),
        library("CQWZ", "wanzhou", items=("B-1",)),
    ],
    GROUPS,
)


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("01002345", Number("01002345")),
        ("CN-500106-1-SPB.01002345", Number("01002345", "CQSPB")),
        ("cn-500106-1-spb.01002345", Number("01002345", "CQSPB")),
        ("CN-500106-1-SPB.CQSPB01", Number("CQSPB01", "CQSPB")),
        ("CN-500109-1-BB.701", Number("701", "CQBB")),
        ("CN-500106-1-SPB.I247.55", Number("I247.55", "CQSPB")),
        ("CN-500109-1-BB.CQSPB01", Number("CN-500109-1-BB.CQSPB01", wrong="contradicts")),
        ("CN-110108-1-BJ.01002345", Number("CN-110108-1-BJ.01002345", wrong="unknown")),
        ("CN-500106-1-SPB. ", Number("CN-500106-1-SPB. ", wrong="contradicts")),
        ("CN-500106-1-SPB.", Number("CN-500106-1-SPB.")),
        ("B-1.5", Number("B-1.5")),
        ("I247.55", Number("I247.55")),
        ("CQSPB.01", Number("CQSPB.01")),
        (".5", Number(".5")),
    ],
)
def test_a_known_code_in_front_names_the_library_and_the_rest_is_the_barcode(sent: str, number: Number) -> None:
    assert CODED.item_number(sent) == number


def test_a_card_with_a_code_is_its_number_unless_its_prefix_says_otherwise() -> None:
    assert CODED.card_number("CN-500106-1-SPB.2350017") == Number("2350017", "CQSPB")
    assert CODED.card_number("CN-500109-1-BB.2350017").wrong == "contradicts"


# --- who circulates with whom (R9) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "before", "after"),
    [
        (["CQSPB"], True, True),
        (["CQSPB", "CQBB", "CQSPB"], True, True),
        (["CQSPB", "CQWZ"], False, True),
        (["CQSPB", "CQBB", "CQWZ"], False, True),
        (["CQSPB", "CQFL"], False, False),
        (["CQSPB", "CQXX"], False, False),
        (["CQXX"], False, False),
        ([], False, False),
    ],
)
def test_libraries_circulate_within_their_group_or_a_widening_from_its_day(
    codes: list[str], before: bool, after: bool
) -> None:
    assert DIRECTORY.together(codes, WIDENED_ON - timedelta(days=1)) is before
    assert DIRECTORY.together(codes, WIDENED_ON) is after


def test_the_members_of_a_group_grow_on_the_day_of_the_widening() -> None:
    assert DIRECTORY.group_members("CQSPB", WIDENED_ON - timedelta(days=1)) == ("CQSPB", "CQBB")
    assert DIRECTORY.group_members("CQWZ", WIDENED_ON) == ("CQSPB", "CQBB", "CQWZ")
    assert DIRECTORY.group_members("CQFL", WIDENED_ON) == ("CQFL",)
    assert DIRECTORY.group_members("CQXX", WIDENED_ON) == ()


def test_a_widening_without_a_date_holds_always_and_takes_in_its_own_libraries() -> None:
    groups = (*GROUPS[:3], GroupEntry("all", "全部", includes=("fuling",)))
    directory = Directory([library("AA", "fuling"), library("BB", "all"), library("CC")], groups)
    assert directory.together(["AA", "BB"], date(1999, 1, 1))
    assert not directory.together(["AA", "CC"], date(1999, 1, 1))


def test_two_widenings_that_meet_do_not_join_their_ends() -> None:
    groups = (
        *GROUPS[:3],
        GroupEntry("west", "西", includes=("central", "wanzhou")),
        GroupEntry("east", "东", includes=("wanzhou", "fuling")),
    )
    directory = Directory([library("AA"), library("BB", "wanzhou"), library("CC", "fuling")], groups)
    assert directory.together(["AA", "BB"], WIDENED_ON)
    assert directory.together(["BB", "CC"], WIDENED_ON)
    assert not directory.together(["AA", "CC"], WIDENED_ON)
    assert not directory.together(["AA", "BB", "CC"], WIDENED_ON)


# --- what contradicts itself ---------------------------------------------------------------------------------

AA = library("AA", cards=("1",))


@pytest.mark.parametrize(
    ("libraries", "groups", "place", "says"),
    [
        ([AA, library("BB", cards=("2", "1"))], GROUPS, ("library", 1, "card_prefixes"), "1 is listed twice, at AA"),
        ([library("AA", cards=("1", "1"))], GROUPS, ("library", 0, "card_prefixes"), "card prefix 1 is listed twice"),
        ([library("AA", cards=("",))], GROUPS, ("library", 0, "card_prefixes"), "empty card prefix"),
        ([AA, library("aa")], GROUPS, ("library", 1, "code"), "library aa is listed twice"),
        ([library("AA", "x")], GROUPS, ("library", 0, "group"), "group x, which is not listed"),
        ([library("AA", items=("1", "1"))], GROUPS, ("library", 0, "item_prefixes"), "item prefix 1 is listed twice"),
        ([library("AA", items=("",))], GROUPS, ("library", 0, "item_prefixes"), "empty item prefix"),
        ([library("AA", items=("10-9",))], GROUPS, ("library", 0, "item_prefixes"), "10-9 is no range"),
        ([library("AA", items=("20-10",))], GROUPS, ("library", 0, "item_prefixes"), "20-10 is no range"),
        (
            [replace(AA, isil="CN-1"), replace(library("BB"), isil="cn-1")],
            GROUPS,
            ("library", 1, "isil"),
            "isil cn-1 is listed twice, at AA",
        ),
        ([], [GROUPS[0], GROUPS[0]], ("group", 1, "code"), "group central is listed twice"),
        ([], [GroupEntry("a", "a", ("b",))], ("group", 0, "includes"), "includes b, which is not listed"),
        ([], [*GROUPS, GroupEntry("a", "a", ("city",))], ("group", 4, "includes"), "list those instead"),
        ([], [GroupEntry("a", "a", from_on=WIDENED_ON)], ("group", 0, "from"), "has a date but includes no other"),
    ],
)
def test_a_contradiction_is_refused_with_its_place(
    libraries: list[LibraryEntry], groups: list[GroupEntry], place: tuple[str, int, str], says: str
) -> None:
    with pytest.raises(DirectoryError, match=says) as caught:
        Directory(libraries, groups)
    assert (caught.value.table, caught.value.index, caught.value.key) == place
