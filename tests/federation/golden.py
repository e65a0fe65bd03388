"""The golden bytes of the wire, one JSON object a line: what this release writes, and every later one must read.

    python -m tests.federation.golden      adds rows for messages that have none; what is there is never changed

A row: `name` (the method or notice, and which side), `bytes` (base64), `value` (what they say). Values are made up
from the types: every field is filled, so that every field number is fixed.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from federation.contract import CancelOp, Receipt
from federation.methods import (
    METHODS,
    Envelope,
    decode_notices,
    decode_receipts,
    encode_notices,
    encode_receipts,
)
from federation.wire import NOTICE_TYPES

FILE = Path(__file__).resolve().parents[1] / "vectors" / "federation_v1.jsonl"
FIRST = FILE.with_name("federation_v1_first.jsonl")
ENVELOPE = Envelope("CQBB", 3, 1_772_416_800_123, 1)
INSTANT_MS = 1_772_416_800_000
DAY = date(2026, 3, 2)


# --- values --------------------------------------------------------------------------------------------------


def sample(kind: type[Any]) -> Any:
    """A value of that type with every field filled."""
    hints = get_type_hints(kind)
    return kind(**{each.name: _part(each.name, number, hints[each.name]) for number, each in enumerate(fields(kind))})


def _part(name: str, number: int, hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        return _part(name, number, next(part for part in get_args(hint) if part is not NoneType))
    if get_origin(hint) is tuple:
        element = get_args(hint)[0]
        return (sample(CancelOp if get_args(element) == NOTICE_TYPES else element),)
    if hint is str:
        return f"{name} {number}"
    if hint is bool:
        return True
    if hint is int:
        return INSTANT_MS + number if name.endswith("_ms") else 1000 + number
    if hint is date:
        return DAY.replace(day=number + 1)
    if issubclass(hint, StrEnum):
        return list(hint)[-1]
    return sample(hint)


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    if is_dataclass(value):
        return {"type": type(value).__name__, **{each.name: plain(getattr(value, each.name)) for each in fields(value)}}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


# --- messages ------------------------------------------------------------------------------------------------


def messages() -> Iterator[tuple[str, bytes, Any]]:
    """(name, bytes, value) of every message of this release."""
    for method in METHODS:
        question = sample(method.question)
        yield f"{method.path} question", method.encode_question(ENVELOPE, question), question
        for kind in method.decisions:
            decision = sample(kind)
            yield f"{method.path} {kind.__name__}", method.encode_decision(ENVELOPE, decision), decision
    for kind in NOTICE_TYPES:
        notice = sample(kind)
        yield f"deliver {kind.__name__}", encode_notices(ENVELOPE, [notice]), notice
    receipt = sample(Receipt)
    yield "deliver receipts", encode_receipts(ENVELOPE, [receipt]), receipt


def read(name: str, payload: bytes) -> tuple[Envelope, Any]:
    """What the bytes of a row say now."""
    if name == "deliver receipts":
        envelope, receipts = decode_receipts(payload, 1)
        return envelope, receipts[0]
    if name.startswith("deliver "):
        envelope, notices = decode_notices(payload)
        return envelope, notices[0]
    path, side = name.split(" ")
    method = next(each for each in METHODS if each.path == path)
    return method.decode_question(payload) if side == "question" else method.decode_decision(payload)


def written(name: str, envelope: Envelope, value: Any) -> bytes:
    """What this release writes for the same."""
    if name == "deliver receipts":
        return encode_receipts(envelope, [value])
    if name.startswith("deliver "):
        return encode_notices(envelope, [value])
    path, side = name.split(" ")
    method = next(each for each in METHODS if each.path == path)
    encode = method.encode_question if side == "question" else method.encode_decision
    return encode(envelope, value)


def rows() -> list[dict[str, Any]]:
    lines = FILE.read_text("utf-8").splitlines() if FILE.exists() else []
    return [json.loads(line) for line in lines]


def first_rows() -> list[dict[str, Any]]:
    """What the first release wrote, before there were holds, corrections and comparisons: never changed."""
    return [json.loads(line) for line in FIRST.read_text("utf-8").splitlines()]


def add_missing() -> list[str]:
    """The names that were added."""
    known = {row["name"] for row in rows()}
    fresh = [(name, payload, value) for name, payload, value in messages() if name not in known]
    with FILE.open("a", encoding="utf-8") as file:
        for name, payload, value in fresh:
            row = {"name": name, "bytes": base64.b64encode(payload).decode(), "value": plain(value)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return [name for name, _payload, _value in fresh]


if __name__ == "__main__":
    for added in add_missing():
        print(added)
