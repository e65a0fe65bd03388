"""The town that a storm comes over: four libraries of one group, more devices than the demo has, and each library's
own list of addresses, in which the way to every other one goes through a proxy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from federation.directory import Directory, GroupEntry, LibraryEntry
from kiosk_sim.city import city as cities
from kiosk_sim.city import plan
from kiosk_sim.city.city import Branch, City
from kiosk_sim.city.settings_files import federation_toml
from kiosk_sim.city.terminals import Terminal
from kiosk_sim.ports import Wall
from kiosk_sim.simulation.world import NAME_CANARY, PIN_CANARY, Device, Item, Reader, World, stock
from node.domain.rules import RuleBook
from node.storage.opening import prepare_database
from node.storage.sqlite import open_connection

CODES = ("CQCQ", "CQSE", "CQSPB", "CQBB")
READERS = 8
RENEWAL_DAYS = 60
"""More than a loan has: readers renew on the day on which they borrow, and must gain by it."""
_SELF_CHECKS = 3
_RETRIES = "outbox_first_retry_s = 0.5\noutbox_max_retry_s = 4\n"


class TownClock:
    """The real clock, and so many days ahead; nodes are started with the same (`--now +SECONDS`)."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return self._wall() + self._ahead

    def seconds(self) -> float:
        """The instant, as the books have it, in seconds since 1970."""
        return (self() - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()

    def pass_days(self, days: int) -> None:
        self._ahead += timedelta(days=days)

    @property
    def option(self) -> str:
        return f"+{int(self._ahead.total_seconds())}"


def town(root: Path, base_port: int, seed: int) -> City:
    """Nothing is written yet."""
    plain = cities.city(root, CODES, base_port, seed=seed, readers=READERS)
    return City(plain.root, tuple(_equipped(branch) for branch in plain.branches))


def _equipped(branch: Branch) -> Branch:
    """Self-checks and a bin."""
    code = branch.library.code
    devices = [Terminal(f"{code}-SC{n}", f"storm-{n}", "selfcheck", "一楼", "") for n in range(1, 1 + _SELF_CHECKS)]
    devices.append(Terminal(f"{code}-RT1", "storm-0", "return", "门口", ""))
    return replace(branch, terminals=tuple(devices))


def lead_through(town: City, ports: Mapping[tuple[str, str], int]) -> None:
    """After the town is laid out: each library gets its own federation file, and short pauses of its outbox."""
    for branch in town.branches:
        own = branch.library.code

        def port_of(library: plan.Library, own: str = own) -> int:
            return library.federation_port if library.code == own else ports[own, library.code]

        (branch.folder(town.root) / "federation.toml").write_text(
            federation_toml(town, port_of, {"renewal_days": RENEWAL_DAYS}), encoding="utf-8"
        )
        path = branch.config(town.root)
        text = path.read_text(encoding="utf-8")
        text = text.replace('"../federation.toml"', '"federation.toml"').replace(
            "[federation]\n", f"[federation]\n{_RETRIES}"
        )
        path.write_text(text, encoding="utf-8")


def database(town: City, code: str) -> Path:
    return town.branch(code).folder(town.root) / "node.db"


def look_into(path: Path) -> sqlite3.Connection:
    """The books of a node, running or not; nothing can be written over this connection."""
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=2.0)


def world_of(town: City) -> World:
    """As the simulation's checks have it: names and PINs are canaries, and some readers have small quotas."""
    return World(
        codes=CODES,
        central=CODES,
        directory=_directory(town),
        rule_book=RuleBook(),
        readers=tuple(reader for branch in town.branches for reader in _readers(branch)),
        items=tuple(_items(town)),
        devices=tuple(
            Device(branch.library.code, each.login, "return" if each.kind == "return" else "selfcheck")
            for branch in town.branches
            for each in branch.terminals
        ),
        renewal_days=RENEWAL_DAYS,
    )


def fill(town: City, world: World) -> None:
    """Make the databases, with the cards and items of the world."""
    for branch in town.branches:
        path = database(town, branch.library.code)
        prepare_database(path)
        with closing(open_connection(str(path))) as books:
            stock(world, branch.library.code, books)


def _directory(town: City) -> Directory:
    entries = [
        LibraryEntry(
            code=branch.library.code,
            name=branch.library.name,
            group=branch.library.group,
            card_prefixes=(branch.library.card_prefix,),
            item_prefixes=(branch.library.item_prefix,),
            host=plan.HOST,
            port=branch.library.federation_port,
        )
        for branch in town.branches
    ]
    return Directory(entries, [GroupEntry(plan.CENTRAL, plan.GROUP_NAMES[plan.CENTRAL])])


def _readers(branch: Branch) -> list[Reader]:
    code = branch.library.code
    return [
        Reader(
            card=each.card,
            reader=f"reader-{code}-{number}",
            home=code,
            name=f"{NAME_CANARY}{code}{number}",
            pin=f"{PIN_CANARY}{code}{number}",
            max_loans=(8, 8, 4, 2)[number % 4],
            max_foreign=(3, 1)[number % 2],
        )
        for number, each in enumerate(branch.readers)
    ]


def _items(town: City) -> list[Item]:
    found = [item for branch in town.branches for item in branch.items]
    return [
        Item(number, each.barcode, each.owner, each.title, each.item_type, each.foreign, each.owner)
        for number, each in enumerate(found)
    ]
