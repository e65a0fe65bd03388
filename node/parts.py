"""What a node's process is put together from."""

from __future__ import annotations

from dataclasses import dataclass

from twisted.python.threadpool import ThreadPool

from node.observe.logs import JsonLog
from node.observe.metrics import Metrics
from node.storage.meta import LibraryIdentity
from node.storage.sqlite import GroupCommitStore


@dataclass(frozen=True, slots=True)
class Threads:
    """Pools of their own: no commit waits for a PIN, and no PIN for a flood of logins."""

    commits: ThreadPool
    pins: ThreadPool
    logins: ThreadPool


@dataclass(frozen=True, slots=True)
class Opened:
    """The open database, and what is named after the library that it says it is."""

    store: GroupCommitStore
    identity: LibraryIdentity
    metrics: Metrics
    log: JsonLog
