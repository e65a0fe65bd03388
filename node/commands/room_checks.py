"""The checks of `tongjie check` about connections: may the node open enough files, and are its places nearly taken?

A running node knows better than this command: it may have been started with another limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.commands.checks import Check
from node.commands.port_checks import ready_body
from node.descriptors import Shares, files_at_most, shares_of
from node.observe.status import ConnectionsState
from node.settings.library import NodeSettings

__all__ = ["room_checks"]


def room_checks(settings: NodeSettings) -> list[Check]:
    """One line about files, and one for each listener whose places are nearly taken."""
    running = _told(ready_body(settings), settings.library)
    if not running:
        return [files_check(shares_of(settings, files_at_most()))]
    return [_files_of_running(running), *(_nearly_taken(each) for each in running if each.near)]


def files_check(shares: Shares) -> Check:
    """Whether a node that is started here may have all connections of the settings."""
    if shares.enough:
        return Check("files", "ok", f"{shares.files} files may be open, all connections together need {shares.needed}")
    why = (
        f"{shares.files} files may be open, all connections together need {shares.needed}; terminals get "
        f"{shares.sip2} connections, other libraries {shares.federation}, the page {shares.http}: raise the limit "
        "(LimitNOFILE, ulimits)"
    )
    return Check("files", "warning", why)


def _files_of_running(connections: list[ConnectionsState]) -> Check:
    less = [each for each in connections if each.most < each.wanted]
    if not less:
        return Check("files", "ok", "the running node may open enough files for all connections")
    shown = ", ".join(f"{each.name} {each.most}/{each.wanted}" for each in less)
    why = f"the running node may open too few files ({shown}): raise the limit (LimitNOFILE, ulimits) and restart it"
    return Check("files", "warning", why)


def _nearly_taken(each: ConnectionsState) -> Check:
    why = f"{each.open} of {each.most} connections are open; look who connects, or raise max_connections"
    return Check(f"connections {each.name}", "warning", why)


def _told(body: Mapping[str, Any] | None, library: str) -> list[ConnectionsState]:
    """What the running node of this library says; nothing if none runs, or if it is of a version that says nothing."""
    if body is None or body.get("library") != library:
        return []
    try:
        return [
            ConnectionsState(str(each["name"]), int(each["open"]), int(each["most"]), int(each["wanted"]))
            for each in body["connections"]
        ]
    except (LookupError, TypeError, ValueError):
        return []
