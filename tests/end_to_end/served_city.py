"""A city of real processes (`tongjie demo --serve`), and a client that knows nothing but TCP.

Everything is learnt from `world.json`, as an outsider learns it. Waits are for conditions, and bounded.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.request import urlopen

from kiosk_sim.city.probe import PortInUse, require_free
from sip2 import Message, Received, decode, encode
from sip2 import messages as m

R = TypeVar("R", bound=Message)
TONGJIE = (sys.executable, "-m", "node")
WAIT_S = 600.0
ANSWER_S = 60.0
_NEVER = threading.Event()


def until(holds: Callable[[], Any], what: str, within_s: float = WAIT_S) -> Any:
    """The first true value; AssertionError with `what` when time is up."""
    ends_at = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < ends_at, f"{what}: not within {within_s:g} s"
        _NEVER.wait(0.02)
    return found


def run(*arguments: str, within_s: float = 300.0, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A command of tongjie, to its end. `before`: a command that runs it."""
    command = [*before, *TONGJIE, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False)


def free_base_port(libraries: int = 12) -> int:
    """A base whose ports are free now, below those that the system gives to outgoing connections. Processes that share
    the tests (pytest-xdist) have ranges of their own, so that none takes what another one has just found."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = (30_000 - 12_000) // processes
    while True:
        base = 12_000 + number * ports + random.randrange(0, ports - 10 * libraries, 10)
        try:
            require_free(range(base + 11, base + 10 * libraries + 4))
        except PortInUse:
            continue
        return base


# --- the wire ------------------------------------------------------------------------------------------------


class PlainClient:
    """One TCP connection: whole frames out, whole frames in, nothing else."""

    def __init__(self, place: tuple[str, int]) -> None:
        self._socket = socket.create_connection(place, timeout=ANSWER_S)
        self._seen = b""
        self._sequence = -1

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def frame(self) -> bytes:
        """The next frame without its end; b"" if the other side hung up."""
        while b"\r" not in self._seen:
            data = self._socket.recv(65536)
            if not data:
                return b""
            self._seen += data
        found, _, self._seen = self._seen.partition(b"\r")
        return found.lstrip(b"\n")

    def exchange(self, data: bytes) -> Received:
        """The well-formed answer to these bytes: it has a right checksum and sequence, and nothing to remark on."""
        self.send(data)
        decoded = decode(self.frame())
        assert isinstance(decoded, Received), decoded
        assert decoded.warnings == (), decoded
        assert decoded.unknown == (), decoded
        return decoded

    def ask(self, request: Message, kind: type[R]) -> R:
        self._sequence = (self._sequence + 1) % 10
        answer = self.exchange(encode(request, str(self._sequence)))
        assert answer.sequence == str(self._sequence)
        assert isinstance(answer.message, kind), answer.message
        return answer.message


@contextmanager
def connected(place: tuple[str, int]) -> Iterator[PlainClient]:
    with closing(PlainClient(place)) as client:
        yield client


# --- the city ------------------------------------------------------------------------------------------------


class ServedCity:
    """`world` is the object of `world.json`. Nodes started again are children of the test."""

    def __init__(self, root: Path, process: subprocess.Popen[bytes]) -> None:
        self.root = root
        self.process = process
        self.world: dict[str, Any] = {}
        self.restarted: dict[str, subprocess.Popen[bytes]] = {}

    def library(self, code: str) -> dict[str, Any]:
        return next(each for each in self.world["libraries"] if each["code"] == code)

    def terminal(self, code: str, kind: str) -> dict[str, Any]:
        return next(each for each in self.library(code)["terminals"] if each["kind"] == kind)

    def reader(self, home: str, number: int = 0) -> dict[str, Any]:
        readers: list[dict[str, Any]] = [each for each in self.world["readers"] if each["home"] == home]
        return readers[number]

    def item(self, owner: str, number: int = 0) -> str:
        """The barcode of a lendable item that is not foreign."""
        found = [each for each in self.world["items"] if each["owner"] == owner]
        lendable = [each["barcode"] for each in found if each["lendable"] and not each["foreign"]]
        return str(lendable[number])

    @contextmanager
    def at(self, code: str, kind: str = "selfcheck") -> Iterator[PlainClient]:
        """A device of that kind, connected and logged in."""
        host, port = self.library(code)["sip2"]
        terminal = self.terminal(code, kind)
        with connected((host, port)) as client:
            login = m.Login(login_user_id=terminal["login"], login_password=terminal["password"])
            assert client.ask(login, m.LoginResponse).ok
            yield client

    def ready(self, code: str) -> bool:
        host, port = self.library(code)["http"]
        try:
            with urlopen(f"http://{host}:{port}/readyz", timeout=3) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def kill(self, code: str) -> None:
        """As a power cut would end it."""
        if code in self.restarted:
            self.restarted[code].kill()
            self.restarted[code].wait()
        else:
            subprocess.run(["kill", "-9", str(self.library(code)["pid"])], check=True)
        until(lambda: not listening(self.library(code)["sip2"]), f"{code} is gone")

    def start_again(self, code: str) -> None:
        config = self.library(code)["config"]
        with (self.root / code / "again.log").open("ab") as log:
            command = [*TONGJIE, "node", "--config", config]
            self.restarted[code] = subprocess.Popen(command, stdout=log, stderr=log)
        node = self.restarted[code]
        until(lambda: self.ready(code) or node.poll() is not None, f"{code} is ready again")
        assert node.poll() is None, (self.root / code / "again.log").read_text("utf-8")

    def terminate(self, code: str) -> int:
        """SIGTERM to a node that was started again; its exit status."""
        self.restarted[code].send_signal(signal.SIGTERM)
        return self.restarted[code].wait(WAIT_S)


def listening(place: tuple[str, int]) -> bool:
    try:
        with socket.create_connection((place[0], place[1]), timeout=1):
            return True
    except OSError:
        return False


@contextmanager
def served_city(root: Path) -> Iterator[ServedCity]:
    """The default four libraries, up until the end of the block."""
    command = [*TONGJIE, "demo", "--serve", "--dir", str(root), "--base-port", str(free_base_port())]
    with (root.parent / "demo.log").open("wb") as log:
        city = ServedCity(root, subprocess.Popen(command, stdout=log, stderr=log))
    try:
        world = root / "world.json"
        until(lambda: world.exists() or city.process.poll() is not None, "world.json is there")
        assert city.process.poll() is None, (root.parent / "demo.log").read_text("utf-8")
        city.world = json.loads(world.read_text("utf-8"))
        yield city
    finally:
        for node in city.restarted.values():
            node.terminate()
            node.wait(WAIT_S)
        city.process.terminate()
        city.process.wait(WAIT_S)


# --- what a device says --------------------------------------------------------------------------------------


def checkout(card: str, item: str, at: str = "") -> m.Checkout:
    when: Any = at or now()
    return m.Checkout(
        sc_renewal_policy=False,
        no_block=False,
        transaction_date=when,
        nb_due_date=None,
        institution_id="",
        patron_identifier=card,
        item_identifier=item,
        terminal_password="",
    )


def checkin(item: str, at: str = "") -> m.Checkin:
    when: Any = at or now()
    return m.Checkin(
        no_block=False,
        transaction_date=when,
        return_date=when,
        current_location="",
        institution_id="",
        item_identifier=item,
        terminal_password="",
    )


def account(card: str) -> m.PatronInformation:
    return m.PatronInformation(
        language="019", transaction_date=now(), summary="  Y       ", institution_id="", patron_identifier=card
    )


def item_information(item: str) -> m.ItemInformation:
    return m.ItemInformation(transaction_date=now(), institution_id="", item_identifier=item)


def now() -> Any:
    """The device's clock, in Shanghai."""
    return time.strftime("%Y%m%d    %H%M%S", time.gmtime(time.time() + 8 * 3600))
