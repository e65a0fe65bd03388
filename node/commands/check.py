"""`tongjie check`: can this node start, and can other libraries reach it?

Promises: every check is one line: ok, a warning, or an error, with what to do. Nothing is changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.certificates import CertificateError
from federation.transport import GrpcTransport
from node.commands.checks import (
    Check,
    certificate_checks,
    database_check,
    identity_of,
    items_check,
    listener_certificate_checks,
    newest_row_check,
    soundness_check,
)
from node.commands.language import Language, columns, lang_option, padded, said
from node.commands.peer_checks import peer_checks
from node.commands.port_checks import port_checks
from node.commands.room_checks import room_checks
from node.settings.library import NodeSettings, SettingsError, load_node_settings

__all__ = ["command", "every_check", "printed"]

T = TypeVar("T")

LOOK_S: Final = 30.0
"""How long the pages of the database are looked at."""
_STYLES: Final = {"ok": "green", "warning": "yellow", "error": "red"}


@click.command()
@click.option("--config", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The node.toml.")
@lang_option("en")
@click.option("--json", "as_json", is_flag=True, help='One object: {"ok": ..., "checks": [{name, state, text}]}.')
def command(*, config: Path, lang: Language, as_json: bool) -> None:
    """Check settings, certificates, database, ports, the other libraries and the clock.

    Exit status: 0 if the node can start, 1 if an error stands in the way. A library that can't be reached is a
    warning.
    """
    checks = in_reactor(lambda defer_to_thread: Deferred.fromCoroutine(every_check(config, defer_to_thread)))
    click.echo(printed(checks, lang, as_json=as_json))
    if not passed(checks):
        raise click.exceptions.Exit(1)


async def every_check(config: Path, defer_to_thread: Callable[..., Any]) -> list[Check]:
    """All checks, in the order in which one would put them right."""
    try:
        settings = load_node_settings(config)
    except SettingsError as error:
        return [Check("settings", "error", line) for line in str(error).splitlines()]
    now = datetime.now(UTC)  # noqa: TID251 - a command line is where the clock enters
    return [
        Check("settings", "ok", f"{config}: {settings.library} {settings.library_name}"),
        *certificate_checks(settings, now),
        *listener_certificate_checks(settings),
        database_check(settings),
        *newest_row_check(settings, _wall_ms()),
        *soundness_check(settings, _after(LOOK_S)),
        *items_check(settings),
        *port_checks(settings),
        *room_checks(settings),
        *await _peer_checks(settings, defer_to_thread),
    ]


async def _peer_checks(settings: NodeSettings, defer_to_thread: Callable[..., Any]) -> list[Check]:
    try:
        identity = identity_of(settings)
    except CertificateError:
        return [Check("peers", "warning", "not asked: without certificates nobody would answer")]
    transport = GrpcTransport(identity, lambda code: _address(settings, code))
    try:
        return await peer_checks(settings, transport, defer_to_thread, _wall_ms)
    finally:
        await transport.close()


def _address(settings: NodeSettings, code: str) -> tuple[str, int] | None:
    entry = settings.city.directory.entry(code)
    return None if entry is None else (entry.host, entry.port)


def _after(seconds: float) -> Callable[[], bool]:
    """Becomes true so much later."""
    until_ms = _wall_ms() + seconds * 1000
    return lambda: _wall_ms() > until_ms


def _wall_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - a command line is where the clock enters


def passed(checks: list[Check]) -> bool:
    return all(each.state != "error" for each in checks)


def printed(checks: list[Check], language: Language, *, as_json: bool) -> str:
    """The checks as lines for people, or as one JSON object; there only the texts are in the language."""
    if as_json:
        said_of = [replace(each, text=said(each.text, language)).as_json() for each in checks]
        return json.dumps({"ok": passed(checks), "checks": said_of}, ensure_ascii=False, indent=1)
    names = [said(each.name, language) for each in checks]
    width = max(map(columns, names))
    return "\n".join(
        f"{click.style(padded(said(each.state, language), 8), fg=_STYLES[each.state])}"
        f"{padded(name, width)}  {said(each.text, language)}"
        for each, name in zip(checks, names, strict=True)
    )


def in_reactor(work: Callable[[Callable[..., Any]], Deferred[T]]) -> T:
    """Run the reactor until the work is done; gives its result or raises its error."""
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed by the command line, not before
    from twisted.internet.threads import deferToThread  # noqa: PLC0415 - would install one

    running: Any = reactor
    outcome: list[T | Failure] = []

    def finish(result: T | Failure) -> None:
        outcome.append(result)
        running.stop()

    # a call in the future, not `callWhenRunning`: asyncio's loop does not run yet when that fires
    running.callLater(0, lambda: work(deferToThread).addBoth(finish))
    running.run()
    if not outcome:
        raise click.Abort
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    return outcome[0]
