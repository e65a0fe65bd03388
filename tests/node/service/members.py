"""A member of the federation that says what it likes: with its own certificate, straight to another library's door."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from federation.contract import Notice, Receipt
from federation.methods import DELIVER, Envelope, Method, decode_receipts, encode_notices
from tests.node.service.small_city import SmallCity


def new_op() -> str:
    return uuid4().hex


def ask(city: SmallCity, caller: str, to: str, method: Method[Any, Any], question: Any) -> Any:
    """The decision of `to`; raises what its server raises."""
    payload = method.encode_question(_envelope(city, caller), question)
    return method.decode_decision(_send(city, caller, to, method.path, payload))[1]


def deliver(city: SmallCity, caller: str, to: str, *notices: Notice) -> tuple[Receipt, ...]:
    """What became of each."""
    answer = _send(city, caller, to, DELIVER, encode_notices(_envelope(city, caller), notices))
    return decode_receipts(answer, len(notices))[1]


def owe(city: SmallCity, who: str, to: str, notice: Notice) -> None:
    """Into the outbox of `who`, as if its own work had put it there."""
    node = city[who]
    node.store.run_now(lambda tx: node.core.books.post(tx, to, notice), "test")


def _envelope(city: SmallCity, caller: str) -> Envelope:
    return Envelope(caller, 1, city.wall_ms())


def _send(city: SmallCity, caller: str, to: str, path: str, payload: bytes) -> bytes:
    return city.wait_for(city[to].core.answer(caller, path, payload, 4.0))
