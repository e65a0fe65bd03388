"""A node as a process, whose clock is behind its own books: it waits with its ports closed, and says why everywhere."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from sip2 import messages as m
from tests.end_to_end.one_node import OneNode
from tests.end_to_end.served_city import checkin, checkout, item_information, run, until


@pytest.fixture
def node(tmp_path: Path) -> Iterator[OneNode]:
    """It lent an item when its clock was two hours ahead; now it is stopped."""
    found = OneNode(tmp_path / "city", "", lambda _folder: None)
    try:
        found.start("--now", "+7200")
        with found.at() as client:
            assert client.ask(checkout(found.reader().card, found.barcode()), m.CheckoutResponse).ok
        found.stop()
        yield found
    finally:
        if found.process is not None and not found.process_ended():
            found.stop()


def readiness(node: OneNode) -> dict[str, Any]:
    """The body of /readyz, with its status; {} if nobody answers."""
    try:
        with urlopen(f"http://127.0.0.1:{node.branch.library.http_port}/readyz", timeout=10) as answer:
            return {"status": answer.status, **json.load(answer)}
    except HTTPError as error:
        return {"status": error.code, **json.load(error)}
    except (URLError, OSError):
        return {}


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def events(node: OneNode) -> list[dict[str, Any]]:
    return [json.loads(line) for line in node.log.read_text("utf-8").splitlines() if line.startswith("{")]


def test_it_waits_with_its_ports_closed_until_the_operator_says_that_the_clock_is_right(node: OneNode) -> None:
    sip2_port, federation_port, http_port = node.branch.library.ports
    node.spawn()
    body = until(lambda: readiness(node), "the page opens")
    assert (body["status"], body["ready"]) == (503, False)
    assert "behind the newest row" in body["clock"]["start_waits"]
    assert not is_open(sip2_port)
    assert not is_open(federation_port)
    with urlopen(f"http://127.0.0.1:{http_port}/", timeout=10) as page:
        assert "--clock-is-right" in page.read().decode()
    checked = run("check", "--config", str(node.config), "--json", "--lang", "en")
    found = {each["name"]: each for each in json.loads(checked.stdout)["checks"]}
    assert found["newest row"]["state"] == "error"
    assert "--clock-is-right" in found["newest row"]["text"]
    node.stop()
    (line,) = [each for each in events(node) if each["event"] == "clock_behind"]
    assert 7_000_000 < line["skew_ms"] <= 7_200_000
    assert events(node)[-1]["event"] == "stopped"
    node.start("--clock-is-right")
    assert [each["count"] for each in events(node) if each["event"] == "clock_rows_marked"] == [1]
    listed = run("exceptions", "list", "--config", str(node.config), "--json", "--lang", "en")
    assert "clock_was_ahead" in listed.stdout
    with node.at() as client:
        assert client.ask(checkin(node.barcode()), m.CheckinResponse).ok
        back = client.ask(item_information(node.barcode()), m.ItemInformationResponse)
        assert back.circulation_status != "04", "it is not charged any more"
    node.stop()
    node.start()
