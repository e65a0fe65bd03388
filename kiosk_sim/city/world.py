"""`world.json`: what a city tells those who come to use it (design 10), and reading it back.

The file appears whole, once every node is ready. The story and every outside client know the city from it alone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiosk_sim.city.city import Branch, City
from kiosk_sim.city.plan import HOST
from kiosk_sim.city.terminals import Terminal


@dataclass(frozen=True, slots=True)
class WorldLibrary:
    code: str
    name: str
    group: str
    sip2: tuple[str, int]
    config: str
    terminals: tuple[Terminal, ...]

    def terminal(self, kind: str, area: str = "") -> Terminal:
        """The first terminal of that kind (at a gate: of that area)."""
        return next(t for t in self.terminals if t.kind == kind and (not area or t.area == area))


@dataclass(frozen=True, slots=True)
class WorldReader:
    card: str
    pin: str = field(repr=False)
    name: str = field(repr=False)
    home: str


@dataclass(frozen=True, slots=True)
class WorldItem:
    barcode: str
    title: str
    owner: str
    foreign: bool
    lendable: bool


@dataclass(frozen=True, slots=True)
class World:
    libraries: tuple[WorldLibrary, ...]
    readers: tuple[WorldReader, ...]
    items: tuple[WorldItem, ...]

    def library(self, code: str) -> WorldLibrary:
        return next(library for library in self.libraries if library.code == code)

    def readers_of(self, home: str) -> tuple[WorldReader, ...]:
        return tuple(reader for reader in self.readers if reader.home == home)

    def items_of(self, owner: str, *, foreign: bool = False) -> tuple[WorldItem, ...]:
        """The lendable items of that owner, the foreign ones or the others."""
        return tuple(i for i in self.items if i.owner == owner and i.lendable and i.foreign == foreign)


def write(city: City, pids: Mapping[str, int]) -> Path:
    """Write DIR/world.json in one step; `pids` by library code."""
    path = city.root / "world.json"
    draft = path.with_name("world.json.part")
    draft.write_text(json.dumps(document(city, pids), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(draft, path)
    return path


def read(path: Path) -> World:
    """The same file as values."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    return World(
        tuple(_library_from(entry) for entry in raw["libraries"]),
        tuple(WorldReader(r["card"], r["pin"], r["name"], r["home"]) for r in raw["readers"]),
        tuple(WorldItem(**entry) for entry in raw["items"]),
    )


def document(city: City, pids: Mapping[str, int]) -> dict[str, Any]:
    """The contract's object. `identity_number` is null until cards have their registry."""
    return {
        "libraries": [_library(branch, city.root, pids[branch.library.code]) for branch in city.branches],
        "readers": [
            {"card": r.card, "pin": r.pin, "name": r.name, "home": r.home, "identity_number": None}
            for branch in city.branches
            for r in branch.readers
        ],
        "items": [
            {"barcode": i.barcode, "title": i.title, "owner": i.owner, "foreign": i.foreign, "lendable": i.lendable}
            for branch in city.branches
            for i in branch.items
        ],
    }


def _library(branch: Branch, root: Path, pid: int) -> dict[str, Any]:
    library = branch.library
    return {
        "code": library.code,
        "name": library.name,
        "group": library.group,
        "sip2": [HOST, library.sip2_port],
        "federation": [HOST, library.federation_port],
        "http": [HOST, library.http_port],
        "config": str(branch.config(root)),
        "pid": pid,
        "terminals": [
            {"login": t.login, "password": t.password, "kind": t.kind, "location": t.location, "area": t.area}
            for t in branch.terminals
        ],
    }


def _library_from(entry: Mapping[str, Any]) -> WorldLibrary:
    host, port = entry["sip2"]
    return WorldLibrary(
        entry["code"],
        entry["name"],
        entry["group"],
        (host, port),
        entry["config"],
        tuple(Terminal(**terminal) for terminal in entry["terminals"]),
    )
