"""`python -m kiosk_sim.attack`: attacks on a node of its own on the loopback, each for some seconds, with figures.

What is tried, what holds, and the figures of a run: docs/security.md.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from kiosk_sim.attack.devices import CameBack, all_log_in, quantile, waits_of
from kiosk_sim.attack.silence import silent
from kiosk_sim.attack.target import CODE, Target, new_target, page_answers
from node.descriptors import raise_limit
from sip2 import encode
from sip2 import messages as m

BASE_PORT: Final = 7_200
FLOOD_S: Final = 20.0
GATE_S: Final = 10.0
FIRST_TIME_S: Final = 600.0
AGAIN_S: Final = 120.0
FILES: Final = 1_024
CROWD: Final = 1_200
QUIET_TERMINALS: Final = 30


@contextmanager
def flooding(target: Target, logins: Sequence[str]) -> Iterator[None]:
    """One host floods beside the block, with wrong passwords for these logins."""
    command = [sys.executable, "-m", "kiosk_sim.attack.flood", str(target.address[1]), str(FLOOD_S), *logins]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own module
        yield
        made, _ = process.communicate()
        click.echo(f"    the flood: {int(made):,} times connect, wrong 93, close, in {FLOOD_S:g} s")


def asked_at_gate(target: Target) -> bytes:
    question = m.PatronStatus(
        language="019",
        transaction_date=None,
        institution_id=CODE,
        patron_identifier=target.branch.readers[0].card,
        terminal_password="",
        patron_password="",
    )
    return encode(question, "1")


def gate_beside_flood(target: Target, back: CameBack, logins: Sequence[str]) -> None:
    """A gate that is logged in, while the host floods."""
    request = asked_at_gate(target)
    _tell_waits("alone", waits_of(back.lines[0], request, GATE_S))
    with flooding(target, logins):
        _tell_waits("beside the flood", waits_of(back.lines[0], request, GATE_S))


def _tell_waits(what: str, waits: Sequence[float]) -> None:
    told = f"p50 {quantile(waits, 0.5) * 1000:.1f} ms, p99 {quantile(waits, 0.99) * 1000:.1f} ms"
    click.echo(f"    a gate {what}: {told} ({len(waits)} questions)")


def told(back: CameBack, all_: int) -> str:
    if not back.seconds:
        return f"none of {all_} came in"
    return f"{len(back.seconds)} of {all_} in {max(back.seconds):.1f} s, half in {quantile(back.seconds, 0.5):.1f} s"


def logins_starve(root: Path, terminals: int) -> None:
    """Terminals come back after a restart, and a gate works, while one host floods with wrong logins."""
    target = new_target(root, terminals, BASE_PORT)
    names = [each.login for each in target.branch.terminals]
    for what, guessed in (("logins of nobody", ["nobody"]), ("names of real terminals", names)):
        click.echo(f"  one host floods with {what}")
        with target.running():
            back = all_log_in(target.address, target.devices, FIRST_TIME_S)
            click.echo(f"    before, without a flood: {told(back, terminals)}")
            gate_beside_flood(target, back, guessed)
            _close(back)
        with target.running(), flooding(target, guessed):
            back = all_log_in(target.address, target.devices, AGAIN_S)
            click.echo(f"    after a restart, beside the flood: {told(back, terminals)}")
            _close(back)


def silence(root: Path, terminals: int) -> None:
    """Connections that say nothing, at each port and at all together, to a node that may open few files."""
    target = new_target(root, terminals, BASE_PORT)
    for what in (*target.ports, "all ports"):
        ports = list(target.ports.values()) if what == "all ports" else [target.ports[what]]
        for from_where, one_host in (("one host", True), ("200 addresses", False)):
            with target.running(FILES) as process, ExitStack() as held:
                for port in ports:
                    held.enter_context(silent(port, CROWD, one_host=one_host))
                files = len(list(Path(f"/proc/{process}/fd").iterdir()))
                back = all_log_in(target.address, target.devices, AGAIN_S)
                answers = "answers" if page_answers(target) else "does not answer"
                click.echo(
                    f"  {CROWD:,} silent connections of {from_where} at {what}: {files} of {FILES:,} files; "
                    f"{told(back, terminals)}; the page {answers}"
                )
                _close(back)


def _close(back: CameBack) -> None:
    for line in back.lines:
        line.close()


@click.command()
@click.option("--terminals", default=300, type=click.IntRange(10, 1000), help="Terminals of the library.")
def main(terminals: int) -> None:
    """Attack a node of its own on this machine."""
    raise_limit()  # each connection is a file of ours too
    root = Path(tempfile.mkdtemp(prefix="tongjie-attack-"))
    try:
        click.echo("logins")
        logins_starve(root / "city", terminals)
        click.echo("connections that say nothing")
        silence(root / "silence", QUIET_TERMINALS)
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
