"""The bench's requests: well formed, spread over the connections, no card beyond its quota."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from kiosk_sim import bench
from kiosk_sim.city.city import city
from sip2 import messages as m
from sip2.codec import Received, decode
from sip2.fields import SipDate


@pytest.fixture
def town(tmp_path: Path) -> bench.Bench:
    here, there = city(tmp_path, ["CQSPB", "CQBB"], 7000).branches
    return bench.Bench(here, there, os.getpid(), SipDate("20260301    120000"))


def messages(queue: list[bytes]) -> list[m.Message]:
    decoded = [decode(request) for request in queue]
    assert all(isinstance(each, Received) for each in decoded)
    return [each.message for each in decoded if isinstance(each, Received)]


def test_a_card_borrows_eight_at_most_and_over_one_connection(town: bench.Bench) -> None:
    items = [f"CQSPB{n:010d}" for n in range(400)]
    queues = bench.checkout_requests(town, [f"235001{n:07d}" for n in range(50)], items)
    loans = [(k, request) for k, queue in enumerate(queues) for request in messages(queue)]
    per_card = Counter(request.patron_identifier for _, request in loans if isinstance(request, m.Checkout))
    assert set(per_card.values()) == {8}
    assert len({(k, r.patron_identifier) for k, r in loans if isinstance(r, m.Checkout)}) == 50


def test_no_pin_is_sent(town: bench.Bench) -> None:
    queues = bench.checkout_requests(town, ["2350010000001"], ["CQSPB0000000001"])
    assert all(b"|AD" not in request for queue in queues for request in queue)


def test_every_item_is_returned_once(town: bench.Bench) -> None:
    items = [f"CQSPB{n:010d}" for n in range(100)]
    returned = [
        request.item_identifier
        for queue in bench.checkin_requests(town, items)
        for request in messages(queue)
        if isinstance(request, m.Checkin)
    ]
    assert sorted(map(str, returned)) == items


def test_sequence_numbers_run_on_after_the_login(town: bench.Bench) -> None:
    sequences = [request[request.rindex(b"AY") + 2 :][:1] for request in bench.status_requests(11)]
    assert b"".join(sequences) == b"12345678901"


def test_processor_time_is_read_for_a_process() -> None:
    assert bench.cpu_s(os.getpid()) > 0


def test_each_bench_library_has_a_terminal_a_connection_and_cards_without_pin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "READERS", 30)
    monkeypatch.setattr(bench, "ITEMS", 70)
    for branch in bench.bench_city(tmp_path).branches:
        assert len({terminal.login for terminal in branch.terminals}) == bench.CONNECTIONS
        assert {reader.pin for reader in branch.readers} == {""}
