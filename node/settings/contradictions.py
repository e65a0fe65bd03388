"""Settings of one node.toml that contradict each other: ports used twice, times that cannot all hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.settings.model import Endpoint
from node.settings.toml_file import Problem

if TYPE_CHECKING:
    from node.settings.library import NodeSettings


def port_problems(settings: NodeSettings) -> list[Problem]:
    places = [
        (("sip2", "listener", index, "port"), Endpoint(listener.host, listener.port))
        for index, listener in enumerate(settings.sip2.listeners)
    ]
    places += [
        (("web", "listener", index, "port"), Endpoint(listener.host, listener.port))
        for index, listener in enumerate(settings.web.listeners)
    ]
    problems = []
    taken: list[Endpoint] = []
    for at, place in [
        *places,
        (("federation", "listen"), settings.federation.listen),
        (("http", "listen"), settings.http.listen),
    ]:
        if any(_same_port(place, other) for other in taken):
            problems.append(Problem(at, f"port {place.port} is used twice in this file; choose another"))
        taken.append(place)
    return problems


def _same_port(one: Endpoint, other: Endpoint) -> bool:
    everywhere = {"0.0.0.0", "::"}  # noqa: S104  compared, not bound
    return one.port == other.port != 0 and (one.host == other.host or bool(everywhere & {one.host, other.host}))


def time_problems(settings: NodeSettings) -> list[Problem]:
    between = settings.federation
    problems = []
    if between.clock_stop_s < between.clock_alarm_s:
        problems.append(Problem(("federation", "clock_stop_s"), "less than clock_alarm_s; alarm before you stop"))
    if between.outbox_max_retry_s < between.outbox_first_retry_s:
        why = "less than outbox_first_retry_s; the pause only grows"
        problems.append(Problem(("federation", "outbox_max_retry_s"), why))
    if between.return_wait_s >= settings.sip2.answer_within_s:
        why = f"a return must be answered within {settings.sip2.answer_within_s} s (answer_within_s); wait less"
        problems.append(Problem(("federation", "return_wait_s"), why))
    return problems
