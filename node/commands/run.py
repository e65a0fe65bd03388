"""`tongjie node`: one library's node, in the foreground, until SIGTERM or SIGINT."""

from __future__ import annotations

import gc
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.certificates import CertificateError
from federation.transport.server import ListenError
from node.node import Node, StartError, wall_clock
from node.settings.library import SettingsError, load_node_settings
from node.storage.opening import DatabaseError

EXPECTED = (StartError, DatabaseError, CertificateError, ListenError, ValueError)


@click.command("node", help="Run the node of one library, in the foreground.")
@click.option("--config", required=True, type=click.Path(path_type=Path), help="The library's node.toml.")
@click.option(
    "--clock-is-right", is_flag=True, help="Start although the clock is behind the newest row of the database."
)
@click.option("--now", default=None, hidden=True, help="Start at this instant (ISO 8601), or so far ahead (+SECONDS).")
def command(*, config: Path, clock_is_right: bool, now: str | None) -> None:
    try:
        settings = load_node_settings(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None
    shift_ms = 0 if now is None else _shift_ms(now)
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed by node.__main__ before this runs

    failed = _run(Node(settings, reactor, shift_ms, clock_is_right=clock_is_right), reactor, config)
    if failed:
        raise click.ClickException(failed)


def _shift_ms(now: str) -> int:
    """`+SECONDS` gives all nodes of one machine the same clock; an instant is as old as the start takes."""
    if now.startswith("+") and now[1:].isdecimal():
        return int(now) * 1000
    try:
        instant = datetime.fromisoformat(now)
    except ValueError:
        raise click.ClickException(f"--now: {now!r} is not an ISO 8601 instant, nor +SECONDS") from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return int(instant.timestamp() * 1000) - wall_clock(0)()


def _run(node: Node, reactor: Any, config: Path) -> str:
    """Run until a signal; the text of what kept it from starting, or ""."""
    problem: list[str] = []

    def start() -> None:
        Deferred.fromCoroutine(node.start()).addCallbacks(started, refuse)

    def started(_none: None) -> None:
        # What start-up made stays for ever: walking all of it again would stop every kiosk for 50 ms now and then.
        gc.collect()
        gc.freeze()

    def refuse(failure: Failure) -> None:
        if failure.check(*EXPECTED):
            problem.append(str(failure.value))
        else:
            failure.printTraceback(sys.stderr)
            problem.append("the node could not start; the lines above say where")
        reactor.stop()

    def read_again(*_signal: object) -> None:
        reactor.callFromThread(node.reload, lambda: load_node_settings(config))

    signal.signal(signal.SIGHUP, read_again)
    # One turn later: startup triggers run before the asyncio loop does, and gRPC needs it running.
    reactor.callWhenRunning(reactor.callLater, 0, start)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(node.stop()))
    reactor.run()
    return problem[0] if problem else ""
