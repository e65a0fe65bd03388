"""`tongjie simulate`: a city under a seed that draws the work and the weather; what went wrong, and how to see it."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable

import click

from kiosk_sim.simulation.history import Outcome
from kiosk_sim.simulation.many import run_many
from kiosk_sim.simulation.plan import DEFAULT_STEPS
from kiosk_sim.simulation.plants.promises import PLANTS
from kiosk_sim.simulation.run import Runner, Summary, Wish
from kiosk_sim.simulation.shrink import shrunk

_SEEDS = re.compile(r"(\d+)(?:\.\.(\d+))?")
_FIELDS = ("seeds", "operations", "faults", "violations", "unfinished")


def _range(_context: click.Context, _parameter: click.Parameter, text: str) -> range:
    found = _SEEDS.fullmatch(text)
    if found is None:
        raise click.BadParameter("give one seed, or A..B")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise click.BadParameter("the first seed is above the last")
    return range(first, last + 1)


def _list_plants(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name in PLANTS:
            click.echo(name)
        context.exit()


@click.command(help="A city of nodes under faults drawn from a seed; prints a failing seed and how to replay it.")
@click.option("--seeds", callback=_range, default="1..200", show_default=True, help="A..B, both included.")
@click.option("--steps", default=DEFAULT_STEPS, show_default=True, type=click.IntRange(1), help="Actions a history.")
@click.option("--libraries", type=click.IntRange(2, 12), help="How many; drawn from the seed by default.")
@click.option(
    "--plant", default="", type=click.Choice(["", *PLANTS]), metavar="NAME", help="Plant a fault, to see it found."
)
@click.option(
    "--plants", is_flag=True, is_eager=True, expose_value=False, callback=_list_plants, help="List these faults."
)
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes side by side.")
@click.option("--json", "as_json", is_flag=True, help="End with one JSON line.")
@click.option("--trace", is_flag=True, help="Print the whole of every history.")
@click.option("--digest", "digests", is_flag=True, help="Print each history's digest: its SIP2 bytes, its final books.")
@click.option("--all", "to_the_end", is_flag=True, help="Go on after a history that failed.")
def command(
    *,
    seeds: range,
    steps: int,
    libraries: int | None,
    plant: str,
    jobs: int,
    as_json: bool,
    trace: bool,
    digests: bool,
    to_the_end: bool,
) -> None:
    wish = Wish(steps, libraries, plant, digests)
    runner = Runner(wish)

    def told(outcome: Outcome) -> bool:
        if outcome.digest is not None:
            click.echo(outcome.digest.line())
        if trace and outcome.trace is not None:
            for line in outcome.trace.lines():
                click.echo(line)
        if outcome.failed:
            _report(outcome, wish, runner, short=trace or to_the_end, say=lambda line: click.echo(line, err=as_json))
        return to_the_end or not outcome.failed

    if jobs > 1 and not trace:
        summary = run_many(wish, seeds, jobs, time.perf_counter, told)
    else:
        summary = runner.run(seeds, time.perf_counter, told)
    _conclude(summary, as_json, digests)
    sys.exit(1 if summary.failed else 0)


def _report(outcome: Outcome, wish: Wish, runner: Runner, *, short: bool, say: Callable[[str], None]) -> None:
    """The seed, how to see it again, what is wrong; and the shortest history in which the same goes wrong."""
    say(f"seed {outcome.seed} fails; to live it again:  {wish.command(outcome.seed)}")
    for sentence in (*outcome.violations, *outcome.unfinished):
        say(f"  {sentence}")
    if short:
        return
    kinds = _kinds(outcome)
    least = shrunk(runner.scenario(outcome.seed), lambda scenario: bool(kinds & _kinds(runner.live(scenario))))
    say(f"the shortest history found in which that goes wrong: {len(least.actions)} actions, {least.weather}")
    again = runner.live(least)
    assert again.trace is not None
    for line in again.trace.lines():
        say(line)


def _kinds(outcome: Outcome) -> set[str]:
    """The names of the checks that failed."""
    return {sentence.partition(":")[0] for sentence in (*outcome.violations, *outcome.unfinished)}


def _conclude(summary: Summary, as_json: bool, digests: bool) -> None:
    """With digests only they stand on standard output, so that two runs can be compared by `diff`."""
    for path in summary.never_walked():
        click.echo(f"never walked: {path}", err=as_json or digests)
    if as_json:
        figures = {name: getattr(summary, name) for name in _FIELDS}
        click.echo(json.dumps({**figures, "seconds": round(summary.seconds, 3)}))
        return
    for path, count in summary.paths.counts.items():
        click.echo(f"{count:8d}  {path}", err=digests)
    rate = summary.operations / summary.seconds if summary.seconds else 0.0
    click.echo(
        f"{summary.seeds} histories in {summary.seconds:.0f} s, {summary.operations} operations ({rate:.0f}/s), "
        f"{summary.faults} faults: "
        f"{summary.violations} violations, {summary.unfinished} unfinished",
        err=digests,
    )
