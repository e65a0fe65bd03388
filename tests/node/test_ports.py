"""What the node says of its ports is what the system says of them."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater

from node.doors import ACCEPTS_A_TURN, Ports, ServerPort
from tests.node.commands.city_files import free_ports


@pytest.fixture
def ports() -> Ports:
    return Ports(reactor)


def opened(ports: Ports) -> dict[str, bool]:
    return {each.name: each.open for each in ports.states()}


@pytest_twisted.ensureDeferred
async def test_a_port_that_is_expected_is_closed_until_it_listens(ports: Ports) -> None:
    (port,) = free_ports(1)
    ports.expect("sip2", "127.0.0.1", port)
    assert opened(ports) == {"sip2": False}
    await ports.listen("sip2", "127.0.0.1", port, Factory())
    assert [(each.address, each.open) for each in ports.states()] == [(f"127.0.0.1:{port}", True)]
    await ports.close("sip2")
    assert opened(ports) == {"sip2": False}


@pytest_twisted.ensureDeferred
async def test_a_port_whose_socket_was_lost_is_closed(ports: Ports) -> None:
    (port,) = free_ports(1)
    await ports.listen("http", "127.0.0.1", port, Factory())
    (found,) = ports._places.values()
    found._port.socket.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined] # so that it does not listen any more
    assert opened(ports) == {"http": False}
    await ports.close("http")


@pytest_twisted.ensureDeferred
async def test_a_crowd_at_the_door_is_let_in_a_few_at_a_time(ports: Ports) -> None:
    (port,) = free_ports(1)
    let_in: list[int] = [0]

    class Crowd(Factory):
        def buildProtocol(self, addr: object) -> None:
            let_in[-1] += 1

    await ports.listen("sip2", "127.0.0.1", port, Crowd())
    with ExitStack() as lines:
        for _ in range(40):
            lines.enter_context(socket.create_connection(("127.0.0.1", port)))
        while sum(let_in) < 40:
            let_in.append(0)
            await deferLater(reactor, 0)
    assert max(let_in) <= ACCEPTS_A_TURN
    await ports.close("sip2")


def test_the_port_of_the_federation_is_open_only_while_its_server_serves_and_holds_it(ports: Ports) -> None:
    serving = [True]
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        ports.expect("federation", "127.0.0.1", number, ServerPort("127.0.0.1", lambda: number, lambda: serving[0]))
        assert opened(ports) == {"federation": True}
        serving[0] = False
        assert opened(ports) == {"federation": False}
        serving[0] = True
    assert opened(ports) == {"federation": False}
