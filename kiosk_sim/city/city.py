"""One city as values: which libraries, with which devices, readers and items, and where its files lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kiosk_sim.city import books, people, plan
from kiosk_sim.city.terminals import Terminal, terminals
from kiosk_sim.client import CHINESE


@dataclass(frozen=True, slots=True)
class Branch:
    """One library with all that stands in it."""

    library: plan.Library
    terminals: tuple[Terminal, ...]
    readers: tuple[people.Reader, ...]
    items: tuple[books.Item, ...]

    def folder(self, root: Path) -> Path:
        return root / self.library.code

    def config(self, root: Path) -> Path:
        """The node's settings."""
        return self.folder(root) / "node.toml"


@dataclass(frozen=True, slots=True)
class City:
    """All branches, in the order of the list, under one folder. `language`: what its terminals speak (SIP2 code)."""

    root: Path
    branches: tuple[Branch, ...]
    language: str = CHINESE

    def branch(self, code: str) -> Branch:
        return next(branch for branch in self.branches if branch.library.code == code)


def city(
    root: Path,
    codes: Sequence[str],
    base_port: int,
    *,
    seed: int = 2023,
    readers: int = 24,
    items: int = 65,
    language: str = CHINESE,
) -> City:
    """Nothing is written yet. `readers` and `items` count per library."""
    return City(
        root.resolve(),
        tuple(
            Branch(
                library,
                terminals(library, seed),
                people.readers(library, seed, readers),
                books.items(library, seed, items),
            )
            for library in plan.libraries(codes, base_port)
        ),
        language,
    )
