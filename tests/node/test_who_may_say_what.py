"""The table of docs/security.md, whole: every RPC and every notice, by every kind of caller, at a real node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from federation.contract import NotPermitted, Reason, Refused
from federation.methods import DELIVER, METHODS, TAKE_BACK, Envelope, Method, decode_receipts, encode_notices
from federation.permissions import SPEAKER
from federation.wire import NOTICE_TYPES
from tests.contract.facts import LIBRARY
from tests.federation.said import SAID
from tests.node.service.members import new_op
from tests.node.service.small_city import GROUPS, SmallCity

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
CALLER, OTHER, OUTSIDER, STRANGER = "CQBB", "CQCQ", "CQWZ", "CQXX"
NOTICES = {kind.__name__: kind for kind in NOTICE_TYPES}
RPCS: dict[str, Method[Any, Any]] = {method.path.rpartition(".")[2].replace("/", "."): method for method in METHODS}


class Row(NamedTuple):
    """As the page has it."""

    what: str
    role: str
    of_the_group: str
    of_another: str
    may_say: str


def table() -> Iterator[Row]:
    _, _, part = PAGE.read_text("utf-8").partition("## Members of the federation")
    for line in part.split("\n## ")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.match(r"\| `[A-Z]\w+", line) and len(cells) == len(Row._fields):
            yield Row(cells[0].strip("`"), *cells[1:])


ROWS = list(table())


@pytest.fixture(scope="module")
def city() -> SmallCity:
    return SmallCity(tuple(GROUPS))


def kind_of(what: str) -> type[Any]:
    return NOTICES[what] if what in NOTICES else RPCS[what].question


def outcome(city: SmallCity, what: str, caller: str, named: str, claimed: str = "") -> str:
    """What comes of it if `caller` says it in the name of `named`."""
    said = SAID[kind_of(what)](named)
    if hasattr(said, "op"):  # each says something of its own: what another has said before is not its business
        said = replace(said, op=new_op(), **({"returned": new_op()} if hasattr(said, "returned") else {}))
    envelope = Envelope(claimed or caller, 1, city.wall_ms())
    is_notice = what in NOTICES
    path, payload = DELIVER, encode_notices(envelope, [said]) if is_notice else b""
    if not is_notice:
        path, payload = RPCS[what].path, RPCS[what].encode_question(envelope, said)
    try:
        answer = city.wait_for(city[LIBRARY].core.answer(caller, path, payload, 4.0))
    except NotPermitted:
        return "not permitted"
    if is_notice:
        return "taken" if decode_receipts(answer, 1)[1][0].taken else "not permitted"
    decision = RPCS[what].decode_decision(answer)[1]
    outside = isinstance(decision, Refused) and decision.reason is Reason.OUT_OF_GROUP
    return "out of group" if outside else "answered"


def test_the_table_has_a_row_for_every_rpc_and_every_notice_and_no_other() -> None:
    assert sorted(row.what for row in ROWS) == sorted([*RPCS, *NOTICES])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_the_role_is_that_of_the_field_which_must_name_the_caller(row: Row) -> None:
    assert row.role == SPEAKER[kind_of(row.what)]
    assert row.may_say


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_a_member_may_say_it_in_its_own_name_as_the_table_has_it(city: SmallCity, row: Row) -> None:
    assert outcome(city, row.what, CALLER, CALLER) == row.of_the_group
    assert outcome(city, row.what, OUTSIDER, OUTSIDER) == row.of_another


@pytest.mark.parametrize("named", [OTHER, LIBRARY, OUTSIDER, STRANGER])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_nobody_says_it_in_the_name_of_another(city: SmallCity, row: Row, named: str) -> None:
    assert outcome(city, row.what, CALLER, named) == "not permitted"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_an_envelope_of_another_is_not_believed(city: SmallCity, row: Row) -> None:
    assert outcome(city, row.what, CALLER, CALLER, claimed=OTHER) == "not permitted"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.what)
def test_who_is_no_member_says_nothing(city: SmallCity, row: Row) -> None:
    assert outcome(city, row.what, STRANGER, STRANGER) == "not permitted"


def test_a_return_is_taken_as_a_question_and_as_a_notice_alike(city: SmallCity) -> None:
    assert TAKE_BACK.question is NOTICES["ItemReturned"]
