"""Staff close an exception while the node runs: it is off the list, and the node counts it no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from sip2 import messages as m
from tests.end_to_end.one_node import CODE, OneNode, one_node
from tests.end_to_end.served_city import checkin, connected, run, until


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("branch") / "city") as found:
        yield found


def exceptions(node: OneNode, *arguments: str) -> Any:
    done = run("exceptions", *arguments, "--config", str(node.config), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def throw_into_the_bin(node: OneNode, item: str) -> None:
    device = next(each for each in node.branch.terminals if each.kind == "return")
    with connected(node.place) as bin_:
        login = m.Login(login_user_id=device.login, login_password=device.password)
        assert bin_.ask(login, m.LoginResponse).ok
        assert bin_.ask(checkin(item), m.CheckinResponse).ok


def counted(node: OneNode) -> float:
    """`tongjie_exceptions_open` of the running node."""
    with urlopen(f"http://127.0.0.1:{node.branch.library.http_port}/metrics", timeout=3) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("tongjie_exceptions_open{"))


def test_an_exception_is_closed_while_the_node_runs_and_the_next_one_opened(node: OneNode) -> None:
    throw_into_the_bin(node, f"{CODE}-NOBODYS-1")
    [row] = exceptions(node, "list")["exceptions"]
    assert (row["kind"], row["barcode"]) == ("return_unknown_item", f"{CODE}-NOBODYS-1")
    until(lambda: counted(node) == 1, "the node counts it")

    closed = exceptions(node, "close", str(row["id"]), "--by", "王老师", "--note", "外校图书，已退还")
    assert closed["closed_by"] == "王老师"
    assert exceptions(node, "list")["exceptions"] == []
    until(lambda: counted(node) == 0, "the node counts it no more")

    throw_into_the_bin(node, f"{CODE}-NOBODYS-2")
    assert [each["barcode"] for each in exceptions(node, "list")["exceptions"]] == [f"{CODE}-NOBODYS-2"]
    assert len(exceptions(node, "list", "--all")["exceptions"]) == 2
