"""Inputs near the protocol: known messages, changed a little or a lot. Everything follows from the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from sip2 import LAYOUTS
from sip2.checksum import checksum
from tests.sip2.support import DEVIANT, GOLDEN_BYTES

CORPUS = Path(__file__).parent / "corpus"

WORDS: tuple[bytes, ...] = (
    *(command.encode() for command in LAYOUTS),
    *(field.tag.encode() for layout in LAYOUTS.values() for field in layout.tagged),
    *(b"|", b"||", b"\r", b"\n", b"\r\n", b"\x00", b" ", b"^", b"AY", b"AZ", b"AY1AZ", b"AY0AZFDFD", b"AZFEF5", b"97"),
    *(b"20250315    101001", b" " * 18, b"0" * 18, b"99999999    999999", b"20250230   Z250000", b"2.00", b"2.0E"),
    *(b"Y", b"N", b"U", b"1", b"0", b"-1", b"0.20", b"1,50", b"1e9", b"99999999999999999999", b"9" * 400),
    *("张晓雯".encode(), "张晓雯".encode("gb18030"), "質|".encode("gbk"), b"\xff\xfe", b"\x89", b"\xf0\x9f\x93\x9a"),
    *(b"%00", b"%7C", b"%E5%BC%A0", b"%%", b"'; DROP TABLE card; --", b"../..", b"\x1b[2J", b"\x16\x03\x01"),
)


def corpus(name: str) -> list[bytes]:
    """The committed inputs of a target: one a line, in hex."""
    file = CORPUS / f"{name}.hex"
    return [bytes.fromhex(line) for line in file.read_text("ascii").split()] if file.exists() else []


def seeds(name: str) -> list[bytes]:
    return [*GOLDEN_BYTES, *(bytes.fromhex(row["wire_hex"]) for row in DEVIANT), *corpus(name)]


def _flip(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    data[rng.randrange(len(data))] = rng.randrange(256)


def _cut(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 1, 2, 5, 20))]


def _insert(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(WORDS)


def _overwrite(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    word, at = rng.choice(WORDS), rng.randrange(len(data))
    data[at : at + len(word)] = word


def _repeat(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    at = rng.randrange(len(data))
    data[at:at] = data[at : at + rng.randrange(1, 30)] * rng.randrange(1, 4)


def _splice(data: bytearray, rng: random.Random, others: Sequence[bytes]) -> None:
    other = rng.choice(others)
    data[rng.randrange(len(data)) :] = other[rng.randrange(len(other) + 1) :]


def _sign(data: bytearray, rng: random.Random, _: Sequence[bytes]) -> None:
    """A right checksum: what follows the codec's first look must be reached as well."""
    body = bytes(data).rstrip(b"\r\n").rpartition(b"AZ")[0] or bytes(data).rstrip(b"\r\n") + b"AY%d" % rng.randrange(10)
    data[:] = body + b"AZ" + checksum(body + b"AZ")


_CHANGES: tuple[Callable[[bytearray, random.Random, Sequence[bytes]], None], ...] = (
    *(_flip, _flip, _cut, _cut, _insert, _insert, _overwrite, _repeat, _splice),
)


def mutated(rng: random.Random, known: Sequence[bytes]) -> bytes:
    """One input: a known one, changed up to six times, half of them with a checksum that agrees."""
    data = bytearray(rng.choice(known))
    for _ in range(rng.randrange(7)):
        if data:
            rng.choice(_CHANGES)(data, rng, known)
    if rng.random() < 0.5:
        _sign(data, rng, known)
    return bytes(data)
