"""One library as a real process, with a plain and a TLS port for kiosks, its settings changed as a test needs them."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from federation import certificates
from kiosk_sim.city.city import Branch, City, city
from kiosk_sim.city.layout import cards_csv, items_csv, write_settings
from kiosk_sim.city.people import Reader
from kiosk_sim.city.terminals import Terminal
from sip2 import messages as m
from tests.end_to_end.served_city import TONGJIE, WAIT_S, PlainClient, connected, free_base_port, run, until

CODE = "CQSPB"
SELFCHECKS = 6


class OneNode:
    """`extra`: TOML tables that follow the usual ones in node.toml; `furnish`: what else the library's folder holds."""

    def __init__(self, root: Path, extra: str, furnish: Callable[[Path], None]) -> None:
        base = free_base_port(12)
        plain = city(root, [CODE], base)
        branch = plain.branches[0]
        devices = tuple(
            Terminal(f"{CODE}-K{number}", f"secret-{number}", "selfcheck", "大厅", "") for number in range(SELFCHECKS)
        )
        self.branch: Branch = replace(branch, terminals=(*branch.terminals, *devices))
        self.city = City(plain.root, (self.branch,))
        self.tls_port = self.branch.library.sip2_port + 4
        self.config = self.branch.config(self.city.root)
        self._lay_out(extra)
        furnish(self.config.parent)
        self.process: subprocess.Popen[bytes] | None = None

    def _lay_out(self, extra: str) -> None:
        write_settings(self.city)
        rules = self.city.root / "federation.toml"
        # a renewal must gain days, and here loans are renewed on the day on which they are made
        rules.write_text(rules.read_text("utf-8").replace("[[rule]]\n", "[[rule]]\nrenewal_days = 60\n"), "utf-8")
        certificates.lay_out(self.city.root / "certs", [CODE], datetime.now(UTC), 30)
        self.settings = self.config.read_text("utf-8") + extra.format(tls_port=self.tls_port)
        self.config.write_text(self.settings, "utf-8")
        for command, file in ((["items", "import"], items_csv), (["cards", "import-legacy", "--fast-hash"], cards_csv)):
            done = run(*command, str(file(self.city, self.branch)), "--config", str(self.config))
            assert done.returncode == 0, done.stderr

    @property
    def place(self) -> tuple[str, int]:
        return ("127.0.0.1", self.branch.library.sip2_port)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def log(self) -> Path:
        return self.city.root / "node.log"

    def terminal(self, number: int = 0) -> Terminal:
        """A self-check of its own for each test, since a new session displaces the old."""
        return next(each for each in self.branch.terminals if each.login == f"{CODE}-K{number}")

    def reader(self, number: int = 0) -> Reader:
        return self.branch.readers[number]

    def barcode(self, number: int = 0) -> str:
        lendable = [each.barcode for each in self.branch.items if each.lendable and not each.foreign]
        return lendable[number]

    def spawn(self, *arguments: str) -> None:
        """Start it, without waiting for anything."""
        command = [*TONGJIE, "node", "--config", str(self.config), *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def start_unready(self) -> None:
        """It listens, but is not ready."""
        self.spawn()
        until(lambda: self._listens() or self.process_ended(), "the node listens")
        assert not self.process_ended(), self.log.read_text("utf-8")

    def _listens(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.branch.library.http_port}/healthz", timeout=3) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def start(self, *arguments: str) -> None:
        self.spawn(*arguments)
        until(lambda: self._ready() or self.process_ended(), "the node is ready")
        assert not self.process_ended(), self.log.read_text("utf-8")

    def process_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.branch.library.http_port}/readyz", timeout=3) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def stop(self) -> None:
        """In order."""
        assert self.process is not None
        self.process.terminate()
        self.process.wait(WAIT_S)

    def kill(self) -> None:
        """As a power cut would end it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(WAIT_S)

    def read_settings_again(self, old: str, new: str, logged: str = "settings_read") -> None:
        """Change node.toml and send SIGHUP; returns when the node has logged `logged` once more."""
        assert old in self.settings
        self.settings = self.settings.replace(old, new, 1)
        self.config.write_text(self.settings, "utf-8")
        before = self.log.read_text("utf-8").count(logged)
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log.read_text("utf-8").count(logged) > before, f"the node logs {logged}")

    @contextmanager
    def at(self, number: int = 0) -> Iterator[PlainClient]:
        """A self-check, connected and logged in."""
        terminal = self.terminal(number)
        with connected(self.place) as client:
            login = m.Login(login_user_id=terminal.login, login_password=terminal.password)
            assert client.ask(login, m.LoginResponse).ok
            yield client


@contextmanager
def one_node(root: Path, extra: str = "", furnish: Callable[[Path], None] = lambda _: None) -> Iterator[OneNode]:
    node = OneNode(root, extra, furnish)
    node.start()
    try:
        yield node
    finally:
        if node.process is not None and not node.process_ended():
            node.process.terminate()
            node.process.wait(WAIT_S)
