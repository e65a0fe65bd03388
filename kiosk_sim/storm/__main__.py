"""`python -m kiosk_sim.storm`: four nodes as processes, kiosks at work, and everything that may go wrong with them.

Ends with the numbers and exit status 0 if what the kiosks were told is what the books say, 1 with a list of what is
not so. The town's folder (settings, databases, logs) is kept then.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from random import Random  # noqa: TID251 - the composition root: made from the seed

import click

from kiosk_sim.city.layout import NotEmpty
from kiosk_sim.city.probe import PortInUse
from kiosk_sim.city.processes import NodeFailed
from kiosk_sim.commands.reactor import INTERRUPTED, run
from kiosk_sim.storm.storm import Report, Storm
from kiosk_sim.storm.town import TownClock, town
from node.__main__ import install_reactor

_TONGJIE = (sys.executable, "-m", "node")
DEFAULT_BASE_PORT = 8_000
DEFAULT_SECONDS = 600.0


@click.command(help="A storm over four nodes as processes; then what the kiosks were told is held against the books.")
@click.option("--seconds", default=DEFAULT_SECONDS, show_default=True, type=click.FloatRange(5, 86_400))
@click.option("--seed", default=1, show_default=True, type=int, help="Draws the weather and what readers want.")
@click.option("--dir", "folder", type=click.Path(path_type=Path), help="Lay the town out here (new, or empty).")
@click.option("--base-port", default=DEFAULT_BASE_PORT, show_default=True, type=click.IntRange(1024, 65_000))
@click.option("--json", "as_json", is_flag=True, help="The numbers as one JSON object, on the last line.")
def command(*, seconds: float, seed: int, folder: Path | None, base_port: int, as_json: bool) -> None:
    root = folder or Path(tempfile.mkdtemp(prefix="tongjie-storm-"))
    report: list[Report] = []
    status = _run(root, seconds, seed, base_port, report)
    for each in report:
        click.echo(json.dumps(each.document(), ensure_ascii=False) if as_json else table(each))
    if folder is None and status in (0, INTERRUPTED):
        shutil.rmtree(root, ignore_errors=True)
    elif status:
        click.echo(f"the town is kept in {root}", err=True)
    sys.exit(status)


def _run(root: Path, seconds: float, seed: int, base_port: int, report: list[Report]) -> int:
    install_reactor()
    from twisted.internet import reactor  # noqa: PLC0415, TID251 - installed in the line above

    clock = TownClock(lambda: datetime.now(UTC))  # noqa: TID251 - the composition root: everyone else is handed it
    storm = Storm(
        town(root, base_port, seed),
        seed,
        seconds,
        reactor=reactor,
        clock=clock,
        chance=lambda name: Random(f"{seed}/{name}"),  # noqa: S311 - weather, not a secret
        command=_TONGJIE,
        say=_say,
    )

    async def main() -> int:
        report.append(await storm.live())
        return 1 if report[0].violations else 0

    try:
        return run(reactor, main, storm.clean_up)
    except NotEmpty as error:
        raise click.ClickException(f"{error.folder} is not empty; name a new folder with --dir") from None
    except PortInUse as error:
        raise click.ClickException(f"{error}; choose other ports with --base-port") from None
    except NodeFailed as error:
        raise click.ClickException(str(error)) from None


def _say(line: str) -> None:
    click.echo(line, err=True)


def table(report: Report) -> str:
    """The numbers, a line each, and what is wrong."""
    numbers = {name: value for name, value in report.document().items() if name != "violations"}
    lines = [f"{name.replace('_', ' '):<14}{value}" for name, value in numbers.items()]
    lines.append(f"{'violations':<14}{len(report.violations)}")
    return "\n".join([*lines, *(f"  {each}" for each in report.violations)])


if __name__ == "__main__":
    command()
