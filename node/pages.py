"""The pages of a running node: the office over its books, and what all pages share."""

from __future__ import annotations

from collections.abc import Callable

from federation.clock import Clock, WallMs
from node.core import Core
from node.observe.logs import EventLog
from node.observe.pages import PageCounter
from node.secrets import Argon2Secrets, InThread
from node.service.office.composing import compose_office
from node.service.office.sessions import SessionLimits
from node.storage.meta import LibraryIdentity
from node.web.access import PageName
from node.web.rendering import Templates
from node.web.website import House


def compose_house(
    core: Core,
    identity: LibraryIdentity,
    limits: SessionLimits,
    in_thread: InThread,
    templates: Templates,
    *,
    clock: Clock,
    wall_ms: WallMs,
    random_bytes: Callable[[int], bytes],
    log: EventLog,
) -> House:
    """Of that library. `in_thread` calls what is slow off the reactor's thread: passwords, pictures."""
    plan = core.plan
    office = compose_office(
        *(core.store, plan.directory, Argon2Secrets(in_thread), limits),
        digest_key=identity.digest_key,
        event=log.event,
        clock=clock,
        wall_ms=wall_ms,
        random_bytes=random_bytes,
    )

    def library_name(code: str) -> str:
        entry = plan.directory.entry(code)
        return "" if entry is None else entry.name

    return House(
        library=plan.library,
        name=plan.library_name,
        office=office,
        templates=templates,
        log=log,
        wall_ms=wall_ms,
        random_bytes=random_bytes,
        in_thread=in_thread,
        library_name=library_name,
        counted=PageCounter(core.metrics.registry, PageName).answered,
    )
