"""A history in words: who asked whom what, what was lost, what each book and each screen said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation.batching import BATCH
from federation.methods import DELIVER, METHODS, decode_notices, decode_receipts
from federation.v1 import batch_pb2
from federation.wire import WireError

_METHODS = {method.path: method for method in METHODS}


def in_words(kind: str, what: tuple[Any, ...]) -> str:
    """One event of a trace as one line."""
    known = _WORDS.get(kind)
    return known(*what) if known is not None else f"{kind}: {' '.join(str(each) for each in what)}"


def _ask(number: int, caller: str, peer: str, path: str, payload: bytes) -> str:
    return f"{caller} -> {peer}  #{number} {_question(path, payload)}"


def _answer(number: int, peer: str, caller: str, path: str, payload: bytes) -> str:
    return f"{caller} <- {peer}  #{number} {_decision(path, payload)}"


def _question(path: str, payload: bytes) -> str:
    if path == BATCH:
        asked = batch_pb2.BatchRequest.FromString(payload).questions
        return f"together: {'; '.join(_question(each.method, each.payload) for each in asked)}"
    if path == DELIVER:
        return f"deliver {', '.join(_short(notice) for notice in decode_notices(payload)[1])}"
    method = _METHODS[path]
    return f"{method.name} {_short(method.decode_question(payload)[1])}"


def _decision(path: str, payload: bytes) -> str:
    try:
        if path == BATCH:
            replies = batch_pb2.BatchResponse.FromString(payload).replies
            return f"batch of {len(replies)}: {' '.join(str(each.state) for each in replies)}"
        if path == DELIVER:
            return _receipts(payload)
        return _short(_METHODS[path].decode_decision(payload)[1])
    except WireError as error:
        return f"unreadable: {error}"


def _receipts(payload: bytes) -> str:
    for count in range(257):
        try:
            receipts = decode_receipts(payload, count)[1]
        except WireError:
            continue
        return ", ".join("taken" if receipt.taken else f"not taken: {receipt.why}" for receipt in receipts)
    return "receipts"


def _short(said: Any) -> str:
    text = repr(said)
    for long in ("federation.contract.",):
        text = text.replace(long, "")
    return text


def _bytes(who: str, data: bytes) -> str:
    return f"{who}: {data.decode('utf-8', 'replace').strip()}"


_WORDS: dict[str, Callable[..., str]] = {
    "ask": _ask,
    "answer": _answer,
    "silence": lambda number, caller, peer, why: f"{caller} <- {peer}  #{number} nothing: {why}",
    "lost": lambda number, one, other: f"{one} -> {other}  #{number} lost on the way",
    "kiosk": lambda login, data: _bytes(f"{login} asks", data),
    "screen": lambda login, data: _bytes(f"{login} hears", data),
    "gave up": lambda login, message: f"{login}: gave up waiting for the answer to {message}",
    "line broke": lambda login: f"{login}: the line to the node broke",
    "commit": lambda code, work: f"{code}: committed {work}",
    "crash": lambda code, why, seconds: f"{code}: CRASH {why}, down for {seconds:g} s",
    "start": lambda code, lives: f"{code}: starts (life {lives})",
    "disk": lambda code: f"{code}: the disk refuses a write",
    "staff": lambda code, reader, status: f"{code}: staff set {reader} to {status}",
}
