"""`tongjie kiosk`: one simulated device at a prompt or from a script, or many of them as load."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO, cast

import click
from twisted.internet.interfaces import IReactorTime

from kiosk_sim.client import CHINESE, ENGLISH, KioskClient, KioskOptions, LineClosed, NoAnswer, UnexpectedAnswer
from kiosk_sim.commands.reactor import run
from kiosk_sim.console import HELP, BadLine, Console
from kiosk_sim.line import connector
from kiosk_sim.load import LoadFailed, Measured, drive
from kiosk_sim.ports import Timers
from kiosk_sim.typed import ReaderReactor, TypedLines
from sip2 import messages as m
from sip2.codec import encode

MOST_READ = 4096
LAST_WORDS = ("quit", "exit")
_ACCIDENTS = (LineClosed, NoAnswer, UnexpectedAnswer)


@dataclass(frozen=True, slots=True)
class Device:
    """Where the kiosk stands and who it is."""

    host: str
    port: int
    login: str
    password: str = field(repr=False)
    institution: str
    language: str


@click.command(help="The kiosk simulator: interactive, scripted or under load.\n\n\b\nLines:\n" + HELP)
@click.option("--connect", required=True, metavar="HOST:PORT", help="The SIP2 port of a node.")
@click.option("--login", required=True, help="The terminal's account.")
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="A file with its password; without it the password is asked for.",
)
@click.option("--world", type=click.File(encoding="utf-8"), help="The world.json of a demo, which has the password.")
@click.option("--password", hidden=True)
@click.option("--institution", help="Library code (AO); by default what stands before the dash of the login.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--script", type=click.File(encoding="utf-8"), help="Run these lines; - reads standard input.")
@click.option("--load", "count", type=click.IntRange(1), help="Send this many status messages (99) and measure.")
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 10_000), help="With --load.")
def command(
    *,
    connect: str,
    login: str,
    password_file: TextIO | None,
    world: TextIO | None,
    password: str | None,
    institution: str | None,
    lang: str,
    script: TextIO | None,
    count: int | None,
    connections: int,
) -> None:
    host, _, port = connect.rpartition(":")
    if not host or not port.isdigit():
        raise click.UsageError(f"--connect {connect!r} is not HOST:PORT")
    language = CHINESE if lang == "zh" else ENGLISH
    if password is not None:
        click.echo("others on this machine can read --password; better use --password-file", err=True)
    else:
        password = _from_world(world, login) if world else _from_file(password_file) if password_file else _typed()
    device = Device(host, int(port), login, password, institution or login.partition("-")[0], language)
    if count is not None:
        sys.exit(_load(device, count, connections))
    sys.exit(_operate(device, script))


def _from_world(world: TextIO, login: str) -> str:
    terminals = [each for library in json.load(world)["libraries"] for each in library["terminals"]]
    found = next((str(each["password"]) for each in terminals if each["login"] == login), None)
    if found is None:
        raise click.ClickException(f"{login}: no such login in this file")
    return found


def _from_file(file: TextIO) -> str:
    return file.read(MOST_READ).rstrip("\r\n")


def _typed() -> str:
    if not sys.stdin.isatty():
        raise click.ClickException("standard input holds no password; use --password-file")
    return str(click.prompt("Password", hide_input=True, err=True))


def _operate(device: Device, script: TextIO | None) -> int:
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed by node.__main__ before this module

    async def main() -> int:
        connect = connector(cast(IReactorTime, reactor), device.host, device.port)
        options = KioskOptions(device.institution, language=device.language)
        kiosk = KioskClient(connect, cast(Timers, reactor), _wall, options)
        try:
            if not await kiosk.login(device.login, device.password):
                click.echo(f"{device.login} was refused", err=True)
                return 1
            if script is not None:
                return await _scripted(Console(kiosk), script)
            if not sys.stdin.isatty():
                return await _scripted(Console(kiosk), sys.stdin)
            return await _interactive(Console(kiosk), device, cast(ReaderReactor, reactor))
        except _ACCIDENTS as accident:
            click.echo(f"{type(accident).__name__}: {accident}", err=True)
            return 1
        finally:
            kiosk.close()

    return run(reactor, main)


async def _scripted(console: Console, script: TextIO) -> int:
    """Stops at the first line that is not understood, or has no answer."""
    for line in script:
        if line.strip():
            click.echo(f"> {line.strip()}")
        if line.strip() in LAST_WORDS:
            break
        try:
            _show(await console.run(line))
        except BadLine as bad:
            click.echo(str(bad), err=True)
            return 2
    return 0


async def _interactive(console: Console, device: Device, reactor: ReaderReactor) -> int:
    click.echo(f"{device.login} at {device.host}:{device.port}\n{HELP}")
    typed = TypedLines(reactor, sys.stdin.fileno())
    while (line := await _prompted(typed)) is not None and line.strip() not in LAST_WORDS:
        try:
            _show(await console.run(line))
        except BadLine as bad:
            click.echo(str(bad))
        except _ACCIDENTS as accident:
            click.echo(f"{type(accident).__name__}: {accident}")
    typed.close()
    return 0


async def _prompted(typed: TypedLines) -> str | None:
    click.echo("kiosk> ", nl=False)
    return await typed.next()


def _show(shown: str) -> None:
    if shown:
        click.echo(shown)


def _load(device: Device, count: int, connections: int) -> int:
    login = encode(m.Login(login_user_id=device.login, login_password=device.password), "0")
    requests = [encode(m.ScStatus(status_code="0", max_print_width=80), str(n)) for n in range(10)]
    queues = [list(_share(requests, count, connections, k)) for k in range(min(connections, count))]
    try:
        # One login for all: each would displace the one before it. 99 needs none.
        logins = [login, *[b""] * (len(queues) - 1)]
        measured = drive((device.host, device.port), logins, queues, b"98", time.perf_counter)
    except (LoadFailed, OSError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(table(measured, len(queues)))
    return 1 if measured.unexpected else 0


def _share(requests: list[bytes], count: int, connections: int, k: int) -> Iterator[bytes]:
    """The requests of connection `k`, sequence numbers running on after the login's."""
    mine = count // connections + (k < count % connections)
    return (requests[(n + 1) % 10] for n in range(mine))


def table(measured: Measured, connections: int) -> str:
    """Rate and latencies, a line each."""
    return "\n".join(
        (
            f"messages      {measured.count} over {connections} connections in {measured.seconds:.2f} s",
            f"rate          {measured.per_s:.0f}/s",
            f"p50, p99      {measured.quantile_s(0.5) * 1000:.2f} ms, {measured.quantile_s(0.99) * 1000:.2f} ms",
            f"unexpected    {measured.unexpected}",
        )
    )


def _wall() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - the composition root of this command
