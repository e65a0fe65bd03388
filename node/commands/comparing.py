"""`tongjie federation compare`: compares this library's books with what the homes of its readers hold for it.

It asks as the library itself, by its certificate, beside the running node, and only reads the database. It lists the
differences. The node repairs those that it has seen twice, in its nightly comparison.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - a command line is where chance enters
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from twisted.internet.defer import Deferred

from federation.certificates import CertificateError
from federation.client import RemoteLibrary
from federation.contract import Mirror
from federation.peers import Peers
from federation.transport.channels import GrpcTransport
from node.commands.check import in_reactor
from node.commands.checks import identity_of
from node.commands.language import Language, lang_option, said
from node.service.books import Books
from node.service.delivery.comparison import Compared, Comparison
from node.service.delivery.differences import Difference, Differences
from node.service.delivery.mirroring import OwnMirror
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.storage.meta import known_identity
from node.storage.opening import database_path
from node.storage.sqlite import InlineStore, open_connection


@click.command("compare")
@click.option("--config", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The node.toml.")
@lang_option("en")
@click.option("--json", "as_json", is_flag=True, help='One object: {"differences": [...], "silent": [...]}.')
def compare(*, config: Path, lang: Language, as_json: bool) -> None:
    """Compare the open loans and unpaid fines of this library with what the readers' homes say. Nothing is written.

    Exit status: 0 if the books agree, 1 if they differ, 2 if a library could not be asked.
    """
    try:
        settings = load_node_settings(config)
        compared = in_reactor(lambda _defer_to_thread: Deferred.fromCoroutine(_compared(settings)))
    except (SettingsError, CertificateError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(_as_json(compared) if as_json else said(printed(compared), lang))
    if compared.differences or compared.silent:
        raise click.exceptions.Exit(1 if compared.differences else 2)


async def _compared(settings: NodeSettings) -> Compared:
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed by the command line, not before

    path = database_path(settings.database)
    if not path.is_file():
        raise click.ClickException(f"{path}: no such database; has the node been started yet?")
    store = InlineStore(open_connection(str(path), read_only=True))
    transport = GrpcTransport(identity_of(settings), lambda code: _address(settings, code))
    try:
        return await (await _comparison(settings, store, transport, reactor)).look()
    finally:
        await transport.close()
        store.close()


async def _comparison(settings: NodeSettings, store: InlineStore, transport: GrpcTransport, clock: Any) -> Comparison:
    identity = await store.read(known_identity)
    if identity is None or identity.library != settings.library:
        raise click.ClickException(f"{settings.database} is no database of {settings.library}")
    peers = Peers(clock, _wall_ms, random.SystemRandom())

    def mirror(code: str) -> Mirror:
        if code == settings.library:
            return OwnMirror(store)
        return RemoteLibrary(
            code,
            own_code=settings.library,
            epoch=identity.epoch,
            transport=transport,
            peers=peers,
            clock=clock,
            wall_ms=_wall_ms,
            observe=lambda *_: None,
        )

    city = settings.city
    books = Books(
        settings.library,
        identity.epoch,
        city.rule_book,
        _wall_ms,
        ahead_ms=lambda *_: None,
        owners_of=city.directory.owners_of,
    )
    return Comparison(
        settings.library,
        city.directory.codes,
        Differences(books, _wall_ms),
        store,
        mirrors=mirror,
        wake=lambda: None,
        clock=clock,
        wall_ms=_wall_ms,
        log=_Quiet(),
    )


def printed(compared: Compared) -> str:
    """A line for each difference, and for each library that could not be asked."""
    lines = [f"{peer}: not asked ({why})" for peer, why in compared.silent]
    lines += [_line(each) for each in compared.differences]
    count = len(compared.differences)
    return "\n".join([*lines, "the books agree" if not count else f"{count} differences"])


def _line(difference: Difference) -> str:
    about = f"{difference.kind} {difference.subject}{f' ({difference.detail})' if difference.detail else ''}"
    fate = "the node will repair it" if difference.repairable else "for staff"
    return f"{difference.peer}: {about}; {fate}"


def _as_json(compared: Compared) -> str:
    body = {
        "differences": [{**asdict(each), "repairable": each.repairable} for each in compared.differences],
        "silent": [{"peer": peer, "why": why} for peer, why in compared.silent],
    }
    return json.dumps(body, ensure_ascii=False, indent=1)


def _address(settings: NodeSettings, code: str) -> tuple[str, int] | None:
    entry = settings.city.directory.entry(code)
    return None if entry is None else (entry.host, entry.port)


def _wall_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)  # noqa: TID251 - a command line is where the clock enters


class _Quiet:
    """The outcome is printed at the end."""

    def compared(self, peer: str, differences: int) -> None:
        return None

    def silent(self, peer: str, why: str) -> None:
        return None

    def differs(self, difference: Difference) -> None:
        return None

    def repaired(self, difference: Difference) -> None:
        return None
