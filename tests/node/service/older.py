"""A library of the small city that goes on in the first release: it knows neither the methods nor the notices that were
added since.

    upgrade = goes_on_in_the_first_release(city["CQBB"])
    ...
    upgrade()

What is taken from it is what it can't know: the notices lose their kind on the way in, which is what a field of a later
schema looks like to whoever does not know its number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, fail

from federation.methods import DELIVER, METHODS
from federation.v1 import mailbox_pb2
from tests.federation.golden import first_rows
from tests.node.service.small_city import Node

_NAMES = {row["name"] for row in first_rows()}
KNOWN_METHODS = frozenset(method.path for method in METHODS if f"{method.path} question" in _NAMES) | {DELIVER}
KNOWN_NOTICES = frozenset(name.removeprefix("deliver ") for name in _NAMES if name.startswith("deliver "))
LATER = b"\x82\x7d\x03new"


class UNIMPLEMENTED(Exception):
    """gRPC's word for a method that the server does not have; the lane of the small city tells the name."""


def goes_on_in_the_first_release(node: Node) -> Callable[[], None]:
    """Until the function that it gives is called, or the node restarts."""
    core: Any = node.core
    answer: Callable[[str, str, bytes, float], Deferred[bytes]] = core.answer

    def older(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        if method not in KNOWN_METHODS:
            return fail(UNIMPLEMENTED("Method not found!"))
        return answer(caller, method, _as_read(payload) if method == DELIVER else payload, left_s)

    def upgrade() -> None:
        core.answer = answer

    core.answer = older
    return upgrade


def _as_read(payload: bytes) -> bytes:
    request = mailbox_pb2.DeliverRequest.FromString(payload)
    for notice in request.notices:
        (said, _value), *_ = notice.ListFields()
        assert said.message_type is not None
        if said.message_type.name not in KNOWN_NOTICES:
            notice.Clear()
            notice.MergeFromString(LATER)
    return request.SerializeToString()
