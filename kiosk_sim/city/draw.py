"""Choices that look drawn but follow from a seed and a key alone, so that a city can be laid out twice alike."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


def number(seed: int, *key: object, below: int) -> int:
    """An integer from 0 to `below` - 1, fixed by seed and key."""
    digest = sha256(repr((seed, *key)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def pick(choices: Sequence[T], seed: int, *key: object) -> T:
    """One of the choices, fixed by seed and key."""
    return choices[number(seed, *key, below=len(choices))]


def digits(length: int, seed: int, *key: object) -> str:
    """A string of decimal digits, leading zeros kept."""
    return f"{number(seed, *key, below=10**length):0{length}d}"


def shuffled(things: Sequence[T], seed: int, *key: object) -> list[T]:
    """The same things in an order fixed by seed and key."""
    order = sorted(range(len(things)), key=lambda i: number(seed, *key, i, below=2**62))
    return [things[i] for i in order]
