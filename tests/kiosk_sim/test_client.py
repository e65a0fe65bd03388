"""The device's client against a scripted library on a real loopback socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.protocol import Protocol, ServerFactory

from kiosk_sim.client import KioskClient, KioskOptions, LineClosed, NoAnswer, UnexpectedAnswer
from kiosk_sim.line import connector
from tests.reactors import the_reactor

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
DATE = "20260301    120000"
HANG_UP = b"hang up"
Script = list[bytes | None]


class ScriptedLibrary(Protocol):
    """Answers the n-th frame by the n-th line of the script: bytes, nothing, or the end of the connection."""

    factory: ScriptedFactory

    def dataReceived(self, data: bytes) -> None:
        for frame in data.split(b"\r"):
            if frame:
                self.factory.heard.append(frame)
                self.reply(self.factory.script.pop(0) if self.factory.script else None)

    def reply(self, line: bytes | None) -> None:
        transport: Any = self.transport
        if line == HANG_UP:
            transport.loseConnection()
        elif line is not None:
            transport.write(line)


class ScriptedFactory(ServerFactory):
    protocol: Any = ScriptedLibrary
    noisy = False

    def __init__(self) -> None:
        self.script: Script = []
        self.heard: list[bytes] = []


@pytest.fixture
def library() -> Iterator[tuple[ScriptedFactory, int]]:
    factory = ScriptedFactory()
    port = the_reactor().listenTCP(0, factory, interface="127.0.0.1")
    yield factory, port.getHost().port
    pytest_twisted.blockon(port.stopListening())


Opened = Callable[..., KioskClient]


@pytest.fixture
def opened(library: tuple[ScriptedFactory, int]) -> Iterator[Opened]:
    from twisted.internet import reactor

    clients: list[KioskClient] = []

    def make(*script: bytes | None, **options: object) -> KioskClient:
        library[0].script.extend(script)
        settings = {"institution": "CQBB", "timeout_s": 0.2, "retries": 2, **options}
        clients.append(
            KioskClient(
                connector(reactor, "127.0.0.1", library[1]),
                reactor,
                lambda: NOON,
                KioskOptions(**settings),  # type: ignore[arg-type]
            )
        )
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def with_tail(text: str, sequence: int) -> bytes:
    data = f"{text}AY{sequence}AZ".encode()
    return data + b"%04X\r" % (-sum(data) & 0xFFFF)


LENT = f"121NNY{DATE}AOCQBB|AA2350010012345|ABCQBB0100234567|AJ三体|AH20260331    235900|AF借阅成功|"
STATUS = f"98YYYYYN100003{DATE}2.00AOCQBB|BXYYYYYYYYYYYYYYYY|"


@pytest_twisted.ensureDeferred
async def test_login_and_checkout_read_the_answers_as_typed_messages(opened: Opened) -> None:
    client = opened(with_tail("941", 0), with_tail(LENT, 1))
    assert await client.login("CQBB-SC1", "secret")
    answer = await client.checkout("2350010012345", "CQBB0100234567", "246810")
    assert answer.ok
    assert (answer.due_date, answer.screen_message) == ("20260331    235900", ("借阅成功",))


@pytest_twisted.ensureDeferred
async def test_a_request_carries_the_device_clock_and_the_checksum(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    client = opened(with_tail(LENT, 0))
    await client.checkout("2350010012345", "CQBB0100234567")
    (heard,) = library[0].heard
    assert heard.startswith(f"11NN{DATE}                  AOCQBB|AA2350010012345|ABCQBB0100234567|AC|AY0AZ".encode())


@pytest_twisted.ensureDeferred
async def test_without_error_detection_no_sequence_is_sent(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    client = opened(f"{STATUS}\r".encode(), error_detection=False)
    assert (await client.status()).online_status
    assert library[0].heard == [b"9900802.00"]


@pytest_twisted.ensureDeferred
async def test_a_request_without_answer_is_repeated_byte_for_byte(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    client = opened(None, with_tail(LENT, 0))
    assert (await client.checkout("2350010012345", "CQBB0100234567")).ok
    first, second = library[0].heard
    assert first == second


@pytest_twisted.ensureDeferred
async def test_after_the_last_retry_there_is_no_answer_and_the_link_is_given_up(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    client = opened()
    with pytest.raises(NoAnswer):
        await client.status()
    assert len(library[0].heard) == 3
    assert not client.is_connected


@pytest_twisted.ensureDeferred
async def test_a_damaged_answer_is_asked_for_again(opened: Opened, library: tuple[ScriptedFactory, int]) -> None:
    damaged = with_tail(LENT, 0).replace("三".encode(), "五".encode())
    client = opened(damaged, with_tail(LENT, 0))
    assert (await client.checkout("2350010012345", "CQBB0100234567")).title_identifier == "三体"
    assert library[0].heard[1] == b"97AZFEF5"


@pytest_twisted.ensureDeferred
async def test_a_request_that_came_damaged_is_sent_again(opened: Opened, library: tuple[ScriptedFactory, int]) -> None:
    client = opened(b"96AZFEF6\r", with_tail(STATUS, 0))
    assert (await client.status()).checkout_ok
    assert library[0].heard[0] == library[0].heard[1]


@pytest_twisted.ensureDeferred
async def test_an_answer_to_an_older_request_is_thrown_away(opened: Opened) -> None:
    client = opened(with_tail(STATUS, 0), with_tail("940", 7) + with_tail("941", 1))
    await client.status()
    assert await client.login("CQBB-SC1", "secret")


@pytest_twisted.ensureDeferred
async def test_a_98_in_place_of_the_answer_makes_the_request_go_out_again(opened: Opened) -> None:
    client = opened(with_tail(STATUS, 0), with_tail(LENT, 1))
    assert (await client.checkout("2350010012345", "CQBB0100234567")).ok


@pytest_twisted.ensureDeferred
async def test_an_answer_of_another_kind_is_an_accident(opened: Opened) -> None:
    client = opened(with_tail("941", 0))
    with pytest.raises(UnexpectedAnswer):
        await client.checkout("2350010012345", "CQBB0100234567")


@pytest_twisted.ensureDeferred
async def test_a_library_that_hangs_up_is_told_from_one_that_is_silent(opened: Opened) -> None:
    client = opened(HANG_UP)
    with pytest.raises(LineClosed):
        await client.status()


@pytest_twisted.ensureDeferred
async def test_after_a_hang_up_the_next_request_connects_anew(opened: Opened) -> None:
    client = opened(HANG_UP, with_tail(STATUS, 1))
    with pytest.raises(LineClosed):
        await client.status()
    assert (await client.status()).online_status


@pytest_twisted.ensureDeferred
async def test_nobody_listening_is_a_closed_line() -> None:
    from twisted.internet import reactor

    client = KioskClient(connector(reactor, "127.0.0.1", 1), reactor, lambda: NOON, KioskOptions("CQBB"))
    with pytest.raises(LineClosed):
        await client.status()


@pytest_twisted.ensureDeferred
async def test_two_requests_at_once_go_one_after_the_other(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    from twisted.internet.defer import Deferred, gatherResults

    client = opened(with_tail("941", 0), with_tail(STATUS, 1))
    both: list[Deferred[Any]] = [
        Deferred.fromCoroutine(client.login("CQBB-SC1", "secret")),
        Deferred.fromCoroutine(client.status()),
    ]
    logged_in, status = await gatherResults(both)
    assert logged_in
    assert status.online_status
    assert [frame[:2] for frame in library[0].heard] == [b"93", b"99"]


@pytest_twisted.ensureDeferred
async def test_raw_bytes_go_out_as_they_are(opened: Opened, library: tuple[ScriptedFactory, int]) -> None:
    client = opened(b"anything|at all\r\n")
    assert await client.raw(b"99|odd\r") == b"anything|at all"
    assert library[0].heard == [b"99|odd"]


@pytest_twisted.ensureDeferred
async def test_an_amount_is_sent_in_yuan_from_fen(opened: Opened, library: tuple[ScriptedFactory, int]) -> None:
    client = opened(with_tail(f"38Y{DATE}AOCQBB|AA2350010012345|", 0))
    assert (await client.fee_paid("2350010012345", 105, "T1")).payment_accepted
    assert f"37{DATE}0400CNYBV1.05|AOCQBB|AA2350010012345|BKT1|".encode() in library[0].heard[0]


@pytest_twisted.ensureDeferred
async def test_the_language_and_the_wanted_list_stand_in_63(
    opened: Opened, library: tuple[ScriptedFactory, int]
) -> None:
    answer = f"64              001{DATE}000000000002000000000000AOCQBB|AA2350010012345|AE|BLY|AUCQBB1|AUCQBB2|"
    client = opened(with_tail(answer, 0), language="001")
    account = await client.patron_information("2350010012345", "246810", "charged", 1, 5)
    assert (account.charged_items_count, account.charged_items) == (2, ("CQBB1", "CQBB2"))
    assert library[0].heard[0].startswith(f"63001{DATE}  Y       AOCQBB|AA2350010012345|AD246810|BP1|BQ5|".encode())
