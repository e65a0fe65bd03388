"""The reactor of the running tests. Twisted's interfaces say little to a type checker, so it is `Any`."""

from __future__ import annotations

from typing import Any


def the_reactor() -> Any:
    from twisted.internet import reactor

    return reactor
