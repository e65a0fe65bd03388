"""Which tests run which lines, and how long each takes: one run of all tests under `coverage`."""

from __future__ import annotations

import functools
import gc
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutants.making import Mutant


@dataclass
class Covered:
    """`tests`: by path and line. `seconds`: of the processor, for each test. `imported`: lines that run outside of all
    tests, such as those that run when a module is imported."""

    tests: dict[str, dict[int, frozenset[str]]] = field(default_factory=dict)
    imported: dict[str, frozenset[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def tests_of(self, mutant: Mutant) -> set[str]:
        lines = self.tests.get(mutant.path, {})
        return {test for line in _lines(mutant) for test in lines.get(line, ())}

    def is_imported(self, mutant: Mutant) -> bool:
        return not self.imported.get(mutant.path, frozenset()).isdisjoint(_lines(mutant))


def _lines(mutant: Mutant) -> range:
    return range(mutant.lines[0], mutant.lines[1] + 1)


def caches(package: str) -> list[Any]:
    """What remembers results of this package's functions."""
    found = [each for each in gc.get_objects() if isinstance(each, functools._lru_cache_wrapper)]
    return [each for each in found if str(getattr(each, "__module__", "")).partition(".")[0] == package]


class _Stopwatch:
    """A pytest plugin: each test under its own context of `coverage`."""

    def __init__(self, measured: coverage.Coverage, told: Callable[[str], None]) -> None:
        self._measured = measured
        self._told = told
        self._caches: dict[str, list[Any]] = {}
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        package = item.nodeid.split("/")[1]
        if package not in self._caches:
            self._caches[package] = caches(package)
        for cached in self._caches[package]:
            cached.cache_clear()  # else a line would seem to be reached by the first test alone
        self._measured.switch_context(item.nodeid)
        began_s = time.process_time()
        result = yield
        self.seconds[item.nodeid] = time.process_time() - began_s
        self._measured.switch_context("")
        if len(self.seconds) % 200 == 0:
            self._told(f"[{len(self.seconds)} tests]")
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def cover(paths: Sequence[str], arguments: Sequence[str], told: Callable[[str], None], *plugins: object) -> Covered:
    """Run the tests once, in this process, which must not have imported the code yet."""
    files = [str(Path(path).resolve()) for path in paths]
    measured = coverage.Coverage(data_file=None, config_file=False, include=files, messages=False)
    measured.start()
    watch = _Stopwatch(measured, told)
    ended = pytest.main(list(arguments), plugins=[watch, *plugins])
    measured.stop()
    found = Covered(seconds=watch.seconds, failed=watch.failed)
    if ended and not found.failed:
        found.failed.append(f"pytest ended with {ended}")
    for path, file in zip(paths, files, strict=True):
        contexts = measured.get_data().contexts_by_lineno(file)
        by_line: dict[int, frozenset[str]] = defaultdict(frozenset)
        by_line |= {line: frozenset(names) - {""} for line, names in contexts.items()}
        found.tests[path] = dict(by_line)
        found.imported[path] = frozenset(line for line, names in contexts.items() if "" in names)
    return found
