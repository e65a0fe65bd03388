"""A real node is killed with kiosks waiting for answers: each repeat gets one answer, and nothing is done twice."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from sip2 import Message, Received, decode, encode
from sip2 import messages as m
from tests.end_to_end.one_node import OneNode, one_node
from tests.end_to_end.served_city import PlainClient, checkin, checkout, connected, now

_NEVER = threading.Event()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("branch") / "city") as found:
        yield found


def renew(card: str, item: str) -> m.Renew:
    return m.Renew(
        third_party_allowed=False,
        no_block=False,
        transaction_date=now(),
        nb_due_date=None,
        institution_id="",
        patron_identifier=card,
        item_identifier=item,
    )


def charged(kiosk: PlainClient, card: str) -> m.PatronInformationResponse:
    question = m.PatronInformation(
        language="019", transaction_date=now(), summary="  Y       ", institution_id="", patron_identifier=card
    )
    return kiosk.ask(question, m.PatronInformationResponse)


def send_and_forget(node: OneNode, number: int, request: bytes) -> socket.socket:
    """A kiosk, logged in, that has sent its request and waits."""
    terminal = node.terminal(number)
    wire = socket.create_connection(node.place, timeout=60)
    wire.sendall(encode(m.Login(login_user_id=terminal.login, login_password=terminal.password), "0"))
    assert wire.recv(4096).startswith(b"941")
    wire.sendall(request)
    return wire


def repeated(node: OneNode, number: int, request: bytes) -> Message:
    """The answer to the same bytes on a new connection."""
    with node.at(number) as kiosk:
        answer = kiosk.exchange(request)
        assert isinstance(answer, Received)
        return answer.message


@pytest.mark.parametrize("after_s", [0.0, 0.004, 0.012, 0.2])
def test_what_was_asked_when_the_power_went_is_done_once_and_answered_alike_for_ever(
    node: OneNode, after_s: float
) -> None:
    place = int(after_s * 1000) % 97
    reader, to_lend, to_bring, to_renew = (
        node.reader(6 + place % 7),
        *(node.barcode(10 + place % 31 + n) for n in range(3)),
    )
    with node.at(0) as kiosk:
        for item in (to_bring, to_renew):
            assert kiosk.ask(checkout(reader.card, item), m.CheckoutResponse).ok
    requests = [
        encode(checkout(reader.card, to_lend), "1"),
        encode(checkin(to_bring), "1"),
        encode(renew(reader.card, to_renew), "1"),
    ]
    wires = [send_and_forget(node, number, request) for number, request in enumerate(requests)]
    _NEVER.wait(after_s)
    node.kill()
    for wire in wires:
        wire.close()
    node.start()
    first = [repeated(node, number, request) for number, request in enumerate(requests)]
    again = [repeated(node, number, request) for number, request in enumerate(requests)]
    assert first == again
    node.kill()
    node.start()
    assert [repeated(node, number, request) for number, request in enumerate(requests)] == first
    lent, brought, renewed = first
    assert isinstance(lent, m.CheckoutResponse)
    assert isinstance(brought, m.CheckinResponse)
    assert isinstance(renewed, m.RenewResponse)
    assert brought.ok
    with node.at(0) as kiosk:
        held = charged(kiosk, reader.card).charged_items
        assert (to_lend in held) == lent.ok
        assert to_bring not in held
        assert to_renew in held
        second = kiosk.ask(renew(reader.card, to_renew), m.RenewResponse)
        # one renewal is all there is: it was either done before the cut, or is done now
        assert second.ok == (not renewed.ok)
        for item in (to_lend, to_renew):
            kiosk.ask(checkin(item), m.CheckinResponse)


def test_a_repeat_is_also_known_by_a_new_sequence_number_and_without_one(node: OneNode) -> None:
    reader, item = node.reader(0), node.barcode(0)
    question = checkout(reader.card, item)
    with node.at(1) as kiosk:
        told = [decode(encode_answer(kiosk, encode(question, sequence))) for sequence in ("1", "2", None)]
    node.kill()
    node.start()
    with node.at(1) as kiosk:
        told.append(decode(encode_answer(kiosk, encode(question, "7"))))
    messages = [each.message for each in told if isinstance(each, Received)]
    assert len(messages) == 4
    assert all(each == messages[0] for each in messages)
    with connected(node.place) as stranger:
        assert encode_answer(stranger, b"97\r") == b"96"


def encode_answer(kiosk: PlainClient, request: bytes) -> bytes:
    kiosk.send(request)
    return kiosk.frame()
