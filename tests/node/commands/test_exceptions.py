"""`tongjie exceptions`: staff see what they must look at, and close it once, with a name and a reason."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from federation.contract import StaffCalled
from node.commands.exceptions import command
from node.domain.staff import StaffKind
from node.domain.staff_sentences import SENTENCES
from node.service.staff import call_staff, take_call
from node.storage.beside import write_beside
from node.storage.desk.exceptions import count_open_by_kind
from node.storage.imports import claim_database
from node.storage.opening import prepare_database
from node.storage.sqlite import InlineStore, SqliteTx, open_connection
from node.storage.store import Tx
from tests.node.commands.city_files import Files, city_files

HERE, NEIGHBOUR = "CQBB", "CQSPB"
ITEM, CARD = "CQBB0000000001", "2350010000025"
HOUR_MS = 3600 * 1000
CLOSE = ("--by", "王老师", "--note", "已在架上找到，重新办理还书")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """With the rows that the service of a node makes: a return that a bin took in, what a neighbour noticed, money."""
    files = city_files(tmp_path)
    prepare_database(files.database)
    claim_database(files.database, HERE, os.urandom)
    now_ms = int(time.time() * 1000)

    def work(tx: Tx) -> None:
        at_ms = now_ms - 2 * HOUR_MS - 1
        call_staff(tx, StaffKind.RETURN_UNKNOWN_ITEM, op="o1", at_ms=at_ms, barcode=ITEM, terminal="CQBB-B1")
        called = StaffCalled("o2", NEIGHBOUR, HERE, StaffKind.NO_BLOCK_QUOTA, ITEM)
        take_call(tx, called, own_library=HERE, at_ms=now_ms - HOUR_MS)
        call_staff(tx, StaffKind.REFUND_DUE, op="f/2", at_ms=now_ms, barcode=ITEM, detail="180 fen")

    write_beside(files.database, HERE, work)
    return files


def run(files: Files, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--config", str(files.config)])


def asked(files: Files, *arguments: str) -> Any:
    result = run(files, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def kinds(files: Files, *arguments: str) -> list[str]:
    return [each["kind"] for each in asked(files, "list", *arguments)["exceptions"]]


def add_call(files: Files, kind: str, barcode: str = ITEM) -> None:
    """What a library of a newer version, or an unfriendly one, may send."""
    called = StaffCalled("o9", NEIGHBOUR, HERE, kind, barcode)
    write_beside(files.database, HERE, lambda tx: take_call(tx, called, own_library=HERE, at_ms=1))


def counted(tx: Tx) -> int:
    return sum(count for _, count in count_open_by_kind(tx))


def open_count(files: Files) -> int:
    with closing(open_connection(str(files.database), read_only=True)) as connection:
        return counted(SqliteTx(connection.cursor()))


# --- list ----------------------------------------------------------------------------------------------------


def test_the_open_ones_are_listed_oldest_first_with_what_happened_and_what_to_do(files: Files) -> None:
    lines = run(files, "list").output.splitlines()
    assert lines[0] == "北碚图书馆 CQBB：共 3 条，待处理 3 条"
    assert [line for line in lines if line.startswith("#")] == [
        "#1  2小时前  return_unknown_item",
        "#2  1小时前  no_block_quota",
        "#3  刚刚  refund_due",
    ]
    assert lines[3:7] == [
        f"    条码: {ITEM}",
        "    终端: CQBB-B1",
        f"    情况: {SENTENCES[StaffKind.RETURN_UNKNOWN_ITEM].zh.happened}",
        f"    处理: {SENTENCES[StaffKind.RETURN_UNKNOWN_ITEM].zh.to_do}",
    ]


def test_the_library_that_noticed_it_is_named(files: Files) -> None:
    output = run(files, "list", "--kind", "no_block_quota").output
    assert "    相关图书馆: 沙坪坝区图书馆 CQSPB\n" in output
    assert asked(files, "list")["exceptions"][1]["libraries"] == [NEIGHBOUR]


def test_it_speaks_english_as_well(files: Files) -> None:
    output = run(files, "list", "--lang", "en").output
    assert "CQBB: 3 exceptions, 3 of them open" in output
    assert "#2  1 h ago  no_block_quota" in output
    assert f"what to do: {SENTENCES[StaffKind.REFUND_DUE].en.to_do}" in output


def test_a_list_is_of_one_kind_or_of_all(files: Files) -> None:
    assert kinds(files, "--kind", "refund_due") == ["refund_due"]
    assert run(files, "close", "2", *CLOSE).exit_code == 0
    assert kinds(files) == ["return_unknown_item", "refund_due"]
    assert kinds(files, "--all") == ["return_unknown_item", "no_block_quota", "refund_due"]
    assert kinds(files, "--kind", "no_block_quota") == []


def test_a_kind_that_is_none_is_refused_and_the_nearest_named(files: Files) -> None:
    result = run(files, "list", "--kind", "refund_do")
    assert result.exit_code == 2
    assert "did you mean refund_due?" in result.output


def test_a_kind_of_a_newer_library_is_shown_as_it_is_with_a_general_sentence(files: Files) -> None:
    add_call(files, "robot_stuck")
    assert "robot_stuck" in run(files, "list").output
    [row] = asked(files, "list", "--kind", "robot_stuck", "--lang", "en")["exceptions"]
    assert "does not know" in row["happened"]


def test_what_another_library_sends_does_not_steer_the_terminal(files: Files) -> None:
    add_call(files, "\x1b[2Jcleared\u202e")
    output = run(files, "list").output
    assert "?[2Jcleared?" in output
    assert "\x1b" not in output


def test_an_empty_list_says_so(files: Files) -> None:
    for number in ("1", "2", "3"):
        run(files, "close", number, *CLOSE)
    assert run(files, "list").output == "北碚图书馆 CQBB：共 0 条，待处理 0 条\n"


# --- show ----------------------------------------------------------------------------------------------------


def test_one_is_shown_with_its_operation_and_detail(files: Files) -> None:
    output = run(files, "show", "3").output
    assert "明细: 180 fen" in output
    assert "业务编号: f/2" in output
    assert SENTENCES[StaffKind.REFUND_DUE].zh.to_do in output


def test_one_that_is_not_there_is_refused(files: Files) -> None:
    result = run(files, "show", "77", "--lang", "en")
    assert (result.exit_code, result.output) == (
        1,
        "Error: there is no exception 77; see tongjie exceptions list\n",
    )


# --- close ---------------------------------------------------------------------------------------------------


def test_one_that_is_closed_stays_with_who_closed_it_and_why(files: Files) -> None:
    result = run(files, "close", "1", *CLOSE)
    assert (result.exit_code, result.output) == (0, "编号 1 已关闭\n")
    assert open_count(files) == 2
    row = asked(files, "show", "1")
    assert (row["closed_by"], row["closing_note"]) == (CLOSE[1], CLOSE[3])
    assert row["closed_at"] > row["at"]
    assert f"由 {CLOSE[1]} 关闭：{CLOSE[3]}" in run(files, "show", "1").output


def test_closing_twice_is_refused_and_the_first_closing_stands(files: Files) -> None:
    run(files, "close", "1", *CLOSE)
    result = run(files, "close", "1", "--by", "李老师", "--note", "又看了一遍", "--lang", "en")
    assert result.exit_code == 1
    assert "is closed already and can't be closed again" in result.output
    assert CLOSE[1] in result.output
    assert asked(files, "show", "1")["closed_by"] == CLOSE[1]


def test_closing_one_that_is_not_there_is_refused(files: Files) -> None:
    result = run(files, "close", "77", *CLOSE)
    assert result.exit_code == 1
    assert "没有编号为 77 的异常" in result.output


def test_closing_tells_programs_the_closed_row(files: Files) -> None:
    assert asked(files, "close", "3", *CLOSE)["closing_note"] == CLOSE[3]


@pytest.mark.parametrize("missing", ["--by", "--note"])
def test_closing_needs_a_name_and_a_reason(files: Files, missing: str) -> None:
    given = dict(zip(CLOSE[::2], CLOSE[1::2], strict=True))
    given[missing] = "  "
    result = run(files, "close", "1", *(part for pair in given.items() for part in pair))
    assert result.exit_code == 2
    assert missing in result.output
    assert open_count(files) == 3


@pytest.mark.parametrize("private", [CARD, "13800138000", "500112201205050012", "50011220120505001X"])
def test_a_note_with_a_readers_card_telephone_or_id_is_refused(files: Files, private: str) -> None:
    result = run(files, "close", "1", "--by", "7", "--note", f"已联系读者{private}。")
    assert result.exit_code == 2
    assert private not in result.output
    assert open_count(files) == 3


@pytest.mark.parametrize("fine", [ITEM, "2023-09-15", "20230915", "退款单 004512998877"])
def test_a_note_may_hold_a_barcode_a_date_or_a_receipt(files: Files, fine: str) -> None:
    assert run(files, "close", "1", "--by", "7", "--note", fine).exit_code == 0


def test_what_is_closed_is_not_raised_again_by_a_repeat(files: Files) -> None:
    run(files, "close", "3", *CLOSE)
    again = StaffKind.REFUND_DUE
    write_beside(files.database, HERE, lambda tx: call_staff(tx, again, op="f/2", at_ms=9, barcode=ITEM))
    assert "refund_due" not in kinds(files)


# --- beside a node, and where there is none ------------------------------------------------------------------


@pytest.fixture
def node_store(files: Files) -> Iterator[InlineStore]:
    store = InlineStore(open_connection(str(files.database)))
    yield store
    store.close()


def test_closing_beside_an_open_store_is_seen_by_it_at_once(files: Files, node_store: InlineStore) -> None:
    assert node_store.run_now(counted, "status") == 3
    run(files, "close", "2", *CLOSE)
    assert node_store.run_now(counted, "status") == 2


def test_without_a_database_it_says_so_and_makes_none(tmp_path: Path) -> None:
    files = city_files(tmp_path)
    result = run(files, "list")
    assert result.exit_code == 1
    assert "has the node been started yet?" in result.output
    assert not files.database.exists()


def test_the_database_of_another_library_is_not_read(files: Files) -> None:
    with closing(sqlite3.connect(files.database)) as connection:
        connection.execute("UPDATE meta SET value = 'CQSPB' WHERE name = 'library'")
        connection.commit()
    result = run(files, "list")
    assert result.exit_code == 1
    assert "is no database of CQBB" in result.output


def test_a_database_of_an_older_program_is_left_to_the_node(files: Files) -> None:
    with closing(sqlite3.connect(files.database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()
    result = run(files, "close", "1", *CLOSE)
    assert result.exit_code == 1
    assert "is of version 0001" in result.output
    assert "start this program's node once" in result.output
