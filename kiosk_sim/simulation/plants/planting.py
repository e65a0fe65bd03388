"""How a fault is planted: a piece of a node's core is changed as it is composed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from federation.contract import Notice
from kiosk_sim.simulation.library import SimLibrary
from node.core import Core
from node.storage.store import Tx

Plant: TypeAlias = Callable[[SimLibrary], None]


def core_of(library: SimLibrary) -> Core:
    """Of a library that is being composed."""
    assert library.core is not None
    return library.core


def become(part: Any, kind: type[Any]) -> None:
    """The composed part goes on as an object of a class that overrides what is to be wrong."""
    overridden = [name for name in vars(kind) if not name.startswith("__")]
    assert all(hasattr(type(part), name) for name in overridden), f"{kind.__name__} overrides nothing"
    part.__class__ = kind


def drop(library: SimLibrary, kind: type[Any]) -> None:
    """Notices of that kind are never written."""
    books = core_of(library).books
    post = books.post

    def without(tx: Tx, to: str, notice: Notice) -> None:
        if not isinstance(notice, kind):
            post(tx, to, notice)

    repost(books, without)


def repost(books: Any, post: Callable[[Tx, str, Notice], None]) -> None:
    """Whatever is owed to another library is written by this."""
    books.post = books.ledger._post = post
    object.__setattr__(books.owner._own, "post", post)
