"""`python -m tests.mutants.run`: plant small faults one by one, and name those that no test sees.

Ends with 1 if a mutant lives that `alive.toml` does not explain, or if that file explains one that does not live.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import pytest

from tests.mutants.covering import Covered, cover
from tests.mutants.hunting import Hunt, from_the_import
from tests.mutants.making import Mutant, mutants_of

T = TypeVar("T")

FILES = ("sip2", "node/domain", "node/service/owner", "node/service/home", "node/service/money")
TESTS = ("tests/sip2", "tests/node/domain", "tests/node/kiosk", "tests/node/service", "tests/contract")
ARGUMENTS = ("-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--tb=no", "-k", "not gRPC")
"""gRPC starts threads and has deadlines of its own, so it neither likes to be forked nor to be slow."""
EXPLAINED = Path(__file__).with_name("alive.toml")
Known = tuple[str, str, str, int]


SCREEN = os.fdopen(os.dup(2), "w", buffering=1)
"""pytest has the other one in its hand."""


def said(line: str) -> None:
    print(line, file=SCREEN)


class Profile:
    """A pytest plugin: the same examples each time, and no search for the smallest one that fails."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        from hypothesis import Phase, settings

        settings.register_profile(
            "mutants", database=None, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
        )
        settings.load_profile("mutants")


def main() -> int:
    chosen = _options()
    paths = [path.as_posix() for each in chosen.files for path in _python_files(Path(each))]
    every = [mutant for path in paths for mutant in mutants_of(path, Path(path).read_text("utf-8"))]
    mutants = sample(every, chosen.most, random.Random(chosen.seed))
    said(f"{len(mutants)} mutants of {len(every)}; first all tests once, to see which lines they reach")
    covered = _covered(paths, chosen.covered)
    _list("These fail without any fault, and are left out:", covered.failed)
    before = _killed_before(chosen.killed, mutants)
    left = [each for each in mutants if each not in before]
    verdicts = before | _hunt(left, covered, chosen.patience, chosen.killed)
    found = _report(verdicts, explained(EXPLAINED), whole=len(mutants) == len(every))
    return 2 if covered.failed else found


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    options.add_argument("files", nargs="*", default=FILES, help="files or folders, all of the scope by default")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--most", type=int, default=0, help="so many mutants, two of each function at least; 0: all")
    options.add_argument("--patience", type=float, default=20.0, help="seconds of tests that a living mutant survives")
    options.add_argument("--covered", type=Path, help="a file for which tests reach what; used if it is there")
    options.add_argument("--killed", type=Path, help="a file for what was killed; that is not planted again")
    return options.parse_args()


def _python_files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def sample(mutants: Sequence[Mutant], most: int, rng: random.Random) -> list[Mutant]:
    """At most so many (0: all), yet two of each function, in the order of the files."""
    if not 0 < most < len(mutants):
        return list(mutants)
    by_function: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in rng.sample(mutants, len(mutants)):
        by_function[mutant.function].append(mutant)
    first = [mutant for each in by_function.values() for mutant in each[:2]]
    rest = [mutant for each in by_function.values() for mutant in each[2:]]
    chosen = {*first, *rng.sample(rest, min(len(rest), max(0, most - len(first))))}
    return [mutant for mutant in mutants if mutant in chosen]


def explained(path: Path) -> dict[Known, str]:
    """Why each mutant lives that is known to live."""
    reasons = tomllib.loads(path.read_text("utf-8")).get("alive", [])
    rows = ((reason["why"], *row, 1) for reason in reasons for row in reason["mutants"])
    return {(function, was, becomes, nth): why for why, function, was, becomes, nth, *_ in rows}


def known(mutant: Mutant) -> Known:
    return mutant.function, mutant.was, mutant.becomes, mutant.nth


# --- the work, in processes of its own: this one imports none of the code ---------------------------------------------


def in_a_child(work: Callable[[], T]) -> T:
    at, to = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(at)
        with os.fdopen(to, "wb") as pipe:
            pickle.dump(work(), pipe)
        os._exit(0)
    os.close(to)
    with os.fdopen(at, "rb") as pipe:
        result: T = pickle.load(pipe)
    os.waitpid(child, 0)
    return result


def _covered(paths: Sequence[str], file: Path | None) -> Covered:
    if file is not None and file.exists():
        known: Covered = pickle.loads(file.read_bytes())
        return known
    found = in_a_child(lambda: cover(paths, [*ARGUMENTS, *TESTS], said, Profile()))
    if file is not None:
        file.write_bytes(pickle.dumps(found))
    return found


def _killed_before(file: Path | None, mutants: Sequence[Mutant]) -> dict[Mutant, str]:
    """While one writes tests, only what still lives is of interest."""
    killed = _read_killed(file)
    return {mutant: killed[known(mutant)] for mutant in mutants if known(mutant) in killed}


def _read_killed(file: Path | None) -> dict[Known, str]:
    if file is None or not file.exists():
        return {}
    rows = map(json.loads, file.read_text("utf-8").splitlines())
    return {(function, was, becomes, nth): verdict for function, was, becomes, nth, verdict in rows}


def _keep_killed(file: Path | None, mutant: Mutant, verdict: str) -> None:
    """At once: a hunt takes hours, and one that was ended goes on where it was."""
    if file is not None and verdict.startswith("killed"):
        with file.open("a", encoding="utf-8") as rows:
            rows.write(json.dumps([*known(mutant), verdict], ensure_ascii=False) + "\n")


def _hunt(mutants: Sequence[Mutant], covered: Covered, patience_s: float, killed: Path | None) -> dict[Mutant, str]:
    """Most are planted into code that is imported already; what is left alive there and works at the import, again."""
    keys = {mutant: place for place, mutant in enumerate(mutants)}

    def hunted() -> dict[int, str]:
        verdicts: dict[int, str] = {}

        def told(mutant: Mutant, verdict: str) -> None:
            verdicts[keys[mutant]] = verdict
            _keep_killed(killed, mutant, verdict)
            _progress(len(verdicts), len(mutants), mutant, verdict)

        hunt = Hunt(mutants, covered, patience_s, told)
        pytest.main([*ARGUMENTS, *TESTS, "--no-header", "--no-summary"], plugins=[Profile(), hunt])
        return verdicts

    verdicts = {mutants[place]: verdict for place, verdict in in_a_child(hunted).items()}
    again = [each for each in mutants if not verdicts[each].startswith("killed") and covered.is_imported(each)]
    for place, mutant in enumerate(again, 1):
        folder = near(mutant.path)
        usual_s = sum(seconds for test, seconds in covered.seconds.items() if test.startswith(f"{folder}/"))
        verdicts[mutant] = from_the_import(mutant, [*ARGUMENTS, folder], usual_s)
        _keep_killed(killed, mutant, verdicts[mutant])
        _progress(place, len(again), mutant, verdicts[mutant])
    return verdicts


def near(path: str) -> str:
    """The folder of tests nearest to that module."""
    return next(
        folder for above in Path(path).parents if (folder := f"tests/{above.as_posix()}") and Path(folder).is_dir()
    )


def _progress(done: int, of: int, mutant: Mutant, verdict: str) -> None:
    if not verdict.startswith("killed"):
        said(f"[{done}/{of}] {verdict}: {mutant}")
    elif done % 100 == 0:
        said(f"[{done}/{of}]")


# --- the report -------------------------------------------------------------------------------------------------------


def _report(verdicts: dict[Mutant, str], reasons: dict[Known, str], *, whole: bool) -> int:
    alive = [mutant for mutant, verdict in verdicts.items() if not verdict.startswith("killed")]
    new = [mutant for mutant in alive if known(mutant) not in reasons]
    by_time = sum(verdict.startswith("killed by time") for verdict in verdicts.values())
    killed = len(verdicts) - len(alive)
    print(f"{len(verdicts)} mutants: {killed} killed ({by_time} by their time limit), {len(alive)} alive.")
    _list("Alive, and not explained:", (f"{mutant}  [{verdicts[mutant]}]" for mutant in new))
    seen, lives = {known(mutant) for mutant in verdicts}, {known(mutant) for mutant in alive}
    stale = [key for key in reasons if key not in lives and (whole or key in seen)]
    _list(f"Explained in {EXPLAINED.name}, but killed or gone:", map(str, stale))
    return 1 if new or stale else 0


def _list(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        print(title, *found, sep="\n  ")


if __name__ == "__main__":
    sys.exit(main())
