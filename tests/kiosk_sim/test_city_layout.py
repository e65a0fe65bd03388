"""The city as files: settings parse, the plan is the notice's, samples are what the contract promises."""

import csv
import json
import tomllib
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from kiosk_sim.city import layout, plan, world
from kiosk_sim.city.city import City, city


@pytest.fixture
def town(tmp_path: Path) -> City:
    town = city(tmp_path / "city", plan.DEFAULT_CODES, 6000)
    layout.write_settings(town)
    return town


def test_the_order_of_the_list_fixes_the_ports() -> None:
    first, *_, last = plan.libraries(plan.all_codes(), 6000)
    assert (first.code, first.ports) == ("CQCQ", (6011, 6012, 6013))
    assert (last.code, last.ports) == ("CQWZ", (6121, 6122, 6123))


def test_every_library_has_its_own_six_digit_card_prefix_and_cqspb_the_first() -> None:
    prefixes = {library.code: library.card_prefix for library in plan.libraries(plan.all_codes(), 6000)}
    assert prefixes["CQSPB"] == "235001"
    assert sorted(prefixes.values()) == [f"2350{n:02d}" for n in range(1, 13)]


def test_an_unknown_code_is_named() -> None:
    with pytest.raises(plan.UnknownLibrary, match="CQXX"):
        plan.libraries(["CQBB", "CQXX"], 6000)


def test_only_the_outer_library_stands_outside_the_central_group() -> None:
    assert [x.code for x in plan.libraries(plan.all_codes(), 6000) if x.group != plan.CENTRAL] == ["CQWZ"]


def test_a_library_has_enough_readers_and_items_of_every_sort(tmp_path: Path) -> None:
    for branch in city(tmp_path, plan.all_codes(), 6000).branches:
        assert len({reader.card for reader in branch.readers}) >= 20
        assert all(len(reader.card) == 13 and len(reader.pin) == 6 for reader in branch.readers)
        assert len({item.barcode for item in branch.items}) >= 60
        assert sum(item.foreign for item in branch.items) == 10
        assert sum(not item.lendable for item in branch.items) == 3


def test_the_reader_and_the_book_of_the_sip2_examples_belong_to_cqspb(town: City) -> None:
    branch = town.branch("CQSPB")
    assert (branch.readers[0].card, branch.readers[0].pin) == ("2350010012345", "246810")
    assert (branch.items[0].barcode, branch.items[0].title) == ("CQSPB0100234567", "三体")


def test_the_same_seed_gives_the_same_city(tmp_path: Path) -> None:
    assert city(tmp_path, plan.all_codes(), 6000) == city(tmp_path, plan.all_codes(), 6000)
    assert city(tmp_path, ["CQBB"], 6000, seed=1) != city(tmp_path, ["CQBB"], 6000, seed=2)


def test_federation_toml_lists_the_chosen_libraries_their_groups_and_the_rule(town: City) -> None:
    federation = tomllib.loads((town.root / "federation.toml").read_text(encoding="utf-8"))
    assert [library["code"] for library in federation["library"]] == ["CQCQ", "CQSPB", "CQBB", "CQWZ"]
    assert [group["code"] for group in federation["group"]] == ["central", "wanzhou"]
    assert federation["rule"][0]["from"].isoformat() == "2023-09-01"
    assert {area["code"] for area in federation["area"]} == {"children", "adult"}


def test_node_toml_holds_hashes_that_fit_the_passwords(town: City) -> None:
    branch = town.branch("CQSPB")
    settings = tomllib.loads(branch.config(town.root).read_text(encoding="utf-8"))
    assert settings["sip2"]["listener"] == [{"host": "127.0.0.1", "port": 6061}]
    assert [t["kind"] for t in settings["terminal"]] == ["selfcheck", "return", "sorter", "gate", "gate", "staff"]
    for terminal, entry in zip(branch.terminals, settings["terminal"], strict=True):
        assert PasswordHasher().verify(entry["password_hash"], terminal.password)
        assert terminal.password not in branch.config(town.root).read_text(encoding="utf-8")


def test_the_csv_files_carry_every_item_and_card(town: City) -> None:
    branch = town.branch("CQBB")
    with layout.items_csv(town, branch).open(encoding="utf-8") as file:
        assert [row["barcode"] for row in csv.DictReader(file)] == [item.barcode for item in branch.items]
    with layout.cards_csv(town, branch).open(encoding="utf-8") as file:
        assert [row["pin"] for row in csv.DictReader(file)] == [reader.pin for reader in branch.readers]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    layout.require_empty(tmp_path)
    layout.require_empty(tmp_path / "not_there_yet")
    (tmp_path / "something").write_text("x")
    with pytest.raises(layout.NotEmpty):
        layout.require_empty(tmp_path)


def test_world_json_is_the_contract_and_reads_back(town: City) -> None:
    path = world.write(town, {branch.library.code: 100 + branch.library.number for branch in town.branches})
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert set(raw) == {"libraries", "readers", "items"}
    assert set(raw["libraries"][0]) == {
        "code",
        "name",
        "group",
        "sip2",
        "federation",
        "http",
        "config",
        "pid",
        "terminals",
    }
    assert raw["libraries"][1]["sip2"] == ["127.0.0.1", 6061]
    assert set(raw["readers"][0]) == {"card", "pin", "name", "home", "identity_number"}
    assert set(raw["items"][0]) == {"barcode", "title", "owner", "foreign", "lendable"}
    assert all(Path(library["config"]).is_file() for library in raw["libraries"])
    there = world.read(path)
    assert there.library("CQSPB").terminal("gate", "children").login == "CQSPB-GC1"
    assert len(there.items_of("CQBB", foreign=True)) == 10
