"""A library of its own to attack: one node with many terminals, whose passwords have hashes as in production."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.error import URLError
from urllib.request import urlopen

from federation import certificates
from kiosk_sim.attack.devices import login
from kiosk_sim.city.city import Branch, City, city
from kiosk_sim.city.layout import cards_csv, items_csv, write_settings
from kiosk_sim.city.probe import require_free
from kiosk_sim.city.settings_files import node_toml
from kiosk_sim.city.terminals import Terminal
from node.secrets import hash_secret

CODE: Final = "CQSPB"
PASSWORD: Final = "right-password"  # noqa: S105 - of a library that is thrown away
_TONGJIE: Final = (sys.executable, "-m", "node")
_STOP_S: Final = 30


@dataclass(frozen=True, slots=True)
class Target:
    """The library, whether its node runs or not. Every tenth terminal is a gate."""

    town: City
    branch: Branch

    @property
    def address(self) -> tuple[str, int]:
        return ("127.0.0.1", self.branch.library.sip2_port)

    @property
    def ports(self) -> dict[str, int]:
        """By listener."""
        library = self.branch.library
        return {"sip2": library.sip2_port, "federation": library.federation_port, "http": library.http_port}

    @property
    def devices(self) -> list[tuple[bytes, str]]:
        """(login, address it comes from): three terminals share an address, as behind a router."""
        return [
            (login(each.login, each.password), f"127.1.{number // 3 // 250}.{number // 3 % 250 + 1}")
            for number, each in enumerate(self.branch.terminals)
        ]

    @contextmanager
    def running(self, files: int = 0) -> Iterator[int]:
        """Its node, from ready to stopped: the number of its process. `files`: so many files it may open; 0: as many
        as we. Errors: PortInUse. Whoever else has its ports must not be attacked in its place."""
        require_free(self.ports.values())
        log = self.branch.folder(self.town.root) / "node.log"
        with log.open("ab") as out:
            arguments = [*_limited(files), *_TONGJIE, "node", "--config", str(self.branch.config(self.town.root))]
            node = subprocess.Popen(arguments, stdout=out, stderr=out)  # noqa: S603 -- our own command, no shell
        try:
            while not page_answers(self, "/readyz"):
                if node.poll() is not None:
                    raise RuntimeError(f"the node ended: {log.read_text('utf-8')[-1500:]}")
            yield node.pid
        finally:
            node.terminate()
            try:
                node.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                node.kill()
                node.wait()


def page_answers(target: Target, path: str = "/healthz") -> bool:
    """Whether that page of its node is there, with 200."""
    try:
        with urlopen(f"http://127.0.0.1:{target.ports['http']}{path}", timeout=3) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _limited(files: int) -> list[str]:
    """What comes before a command that may open so many files."""
    return ["/bin/sh", "-c", f'ulimit -n {files} && exec "$0" "$@"'] if files else []


def new_target(root: Path, terminals: int, base_port: int) -> Target:
    """Laid out in a new folder `root`."""
    plain = city(root, [CODE], base_port)
    devices = tuple(
        Terminal(
            f"{CODE}-T{number}", PASSWORD, *(("selfcheck", "大厅", "") if number % 10 else ("gate", "门口", "adult"))
        )
        for number in range(terminals)
    )
    branch = replace(plain.branches[0], terminals=devices)
    town = City(plain.root, (branch,))
    write_settings(town)
    hashed = hash_secret(PASSWORD)  # one hash for all: 300 of them would take a minute to make
    branch.config(root).write_text(node_toml(branch, lambda _: hashed, town.language), encoding="utf-8")
    certificates.lay_out(root / "certs", [CODE], datetime.now(UTC), 30)  # noqa: TID251 - a program of its own
    for command, file in ((["items", "import"], items_csv), (["cards", "import-legacy", "--fast-hash"], cards_csv)):
        arguments = [*_TONGJIE, *command, str(file(town, branch)), "--config", str(branch.config(root))]
        subprocess.run(arguments, check=True, capture_output=True)  # noqa: S603 -- our own command, no shell
    return Target(town, branch)
