"""A disk that is full shows at once, and until a write was seen to succeed: nobody is sent to a node that can't lend.

The file size limit of the running process takes the place of the full disk: the system refuses its writes.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from sip2 import messages as m
from tests.end_to_end.one_node import OneNode, one_node
from tests.end_to_end.served_city import checkout, until

SMALL = 4096
LONGER_THAN_IT_SETTLES_S = 7.0  # what the refused write left half done is settled after 5 s, with empty commits


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("full")) as node:
        yield node


def readiness(node: OneNode) -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{node.branch.library.http_port}/readyz"
    try:
        with urlopen(url, timeout=60) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_a_full_disk_is_red_until_it_can_be_written_again(node: OneNode) -> None:
    with node.at(0) as kiosk:
        _, hard = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (SMALL, hard))
        refused = kiosk.ask(checkout(node.reader().card, node.barcode()), m.CheckoutResponse)
        assert not refused.ok
        until(lambda: readiness(node)[0] == 503, "the node is not ready")
        later = time.monotonic() + LONGER_THAN_IT_SETTLES_S
        until(lambda: readiness(node)[0] == 200 or time.monotonic() > later, "time passes")
        assert not readiness(node)[1]["database"]["writable"]
        status = kiosk.ask(m.ScStatus(status_code="0", max_print_width=80, protocol_version="2.00"), m.AcsStatus)
        assert not status.online_status
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: readiness(node)[0] == 200, "the node is ready again")
        lent = kiosk.ask(checkout(node.reader(1).card, node.barcode(1)), m.CheckoutResponse)
        assert lent.ok
