"""Does a test see the fault? For each mutant a fork of a process in which all tests are collected and none has run.

The child swaps the code of the mutated function in place, runs the tests that reach the fault and ends with the first
that fails. No file is written and nothing is imported again: a mutant costs as much as the tests that it survives.

What has run before the fork (a table that is made when a module is imported) is not made again by this. Such mutants
get a process of their own, forked before anything was imported (`from_the_import`).
"""

from __future__ import annotations

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.covering import Covered, caches
from tests.mutants.making import Mutant

KILLED, ALIVE, ERROR = 0, 1, 2
MEMORY = 2 << 30
USUAL_S = 0.1
"""What a test takes, more or less."""
LEAST_S, TIMES_USUAL = 3.0, 20.0
IMPORTING_S = 30.0
"""A test that takes longer than this, in processor time, and so many times as long as usual, hangs."""


class Hunt:
    """A pytest plugin that runs, in place of the tests, the mutants over the tests.

    `told(mutant, verdict)`: "killed by TEST", "killed by time in TEST", "alive after N of M tests" or "not made".
    `patience_s`: a mutant that survives so many (usual) seconds of tests is alive.
    """

    def __init__(
        self, mutants: Sequence[Mutant], covered: Covered, patience_s: float, told: Callable[[Mutant, str], None]
    ) -> None:
        self._mutants = mutants
        self._covered = covered
        self._patience_s = patience_s
        self._told = told
        self._killers: dict[str, Counter[str]] = defaultdict(Counter)
        self._reaches: dict[str, Counter[str]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        self._functions = _functions()
        self._caches = {
            package: caches(package) for package in {path.partition("/")[0] for path in self._covered.tests}
        }
        gc.collect()
        gc.freeze()
        gc.disable()  # memory that is not touched is not copied
        self._seconds = {name: self._covered.seconds.get(name, USUAL_S) for name in items.keys() - self._covered.failed}
        for mutant in self._mutants:
            tests = [items[name] for name in self._in_order(mutant)]
            self._told(mutant, self._verdict(mutant, tests))
        return True

    def _in_order(self, mutant: Mutant) -> list[str]:
        """First what killed others in the same function; then by turns what reaches many lines of the file in little
        time, and what is quick; no more than patience allows."""
        killers, seconds, reach = self._killers[mutant.function], self._seconds, self._reach(mutant.path)
        new = self._new_beside(mutant)
        tests = (self._covered.tests_of(mutant) | new) & seconds.keys()
        thorough = sorted(tests, key=lambda name: (-reach[name] / (seconds[name] + USUAL_S), name))
        quick = sorted(tests, key=lambda name: (seconds[name], name))
        turns = [name for pair in zip(thorough, quick, strict=True) for name in pair]
        spent_s, chosen = 0.0, list[str]()
        for test in dict.fromkeys(
            sorted(turns, key=lambda name: (name not in new, -killers[name] / (seconds[name] + USUAL_S)))
        ):
            spent_s += 0.0 if test in new else seconds[test]
            if chosen and spent_s > self._patience_s:
                break
            chosen.append(test)
        return chosen

    def _reach(self, path: str) -> Counter[str]:
        """How many lines of the file each test reaches."""
        if path not in self._reaches:
            self._reaches[path] = Counter(test for tests in self._covered.tests[path].values() for test in tests)
        return self._reaches[path]

    def _new_beside(self, mutant: Mutant) -> set[str]:
        """Tests of the same package that are newer than the list of what reaches what."""
        package = mutant.path.partition("/")[0]
        return {name for name in self._seconds.keys() - self._covered.seconds if name.split("/")[1] == package}

    def _verdict(self, mutant: Mutant, tests: list[pytest.Item]) -> str:
        if not tests:
            return "alive, and no test reaches it"
        at, to = os.pipe()
        ended = forked(lambda: self._child(mutant, tests, to))
        os.close(to)
        with os.fdopen(at, "rb") as pipe:
            begun = len(pipe.read())
        if ended == ALIVE:
            return f"alive after {len(tests)} of {len(self._covered.tests_of(mutant))} tests"
        if ended == ERROR:
            return "not made"
        killer = tests[max(0, begun - 1)].nodeid
        self._killers[mutant.function][killer] += 1
        return f"killed by {killer}" if ended == KILLED else f"killed by time in {killer}"

    def _child(self, mutant: Mutant, tests: list[pytest.Item], pipe: int) -> int:
        if not _swap(mutant, self._functions):
            return ERROR
        for cached in self._caches[mutant.path.partition("/")[0]]:
            cached.cache_clear()
        for place, item in enumerate(tests):
            os.write(pipe, b".")
            limit_s = LEAST_S + TIMES_USUAL * self._seconds[item.nodeid]
            signal.setitimer(signal.ITIMER_PROF, limit_s)
            signal.setitimer(signal.ITIMER_REAL, 10 * limit_s)
            following = tests[place + 1] if place + 1 < len(tests) else None
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=following)):
                return KILLED
        return ALIVE


def forked(work: Callable[[], int]) -> int:
    """What `work` gives in a child of its own, or -1 if the child was ended (by a time limit)."""
    child = os.fork()
    if child == 0:
        ended = ERROR
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            ended = work()
        except BaseException:  # noqa: BLE001 (a fault may do anything, and has been seen doing it)
            ended = KILLED
        finally:
            os._exit(ended)
    _, status = os.waitpid(child, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1


Place = tuple[str, str, int]
"""The file, the qualified name and the first line of a function's code."""


def _functions() -> dict[Place, list[FunctionType]]:
    """All that live."""
    found: dict[Place, list[FunctionType]] = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found[_place(each.__code__)].append(each)
    return found


def _place(code: CodeType) -> Place:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _swap(mutant: Mutant, functions: dict[Place, list[FunctionType]]) -> bool:
    """Whether there was such a function."""
    file = str(Path(mutant.path).resolve())
    mutated = compile(mutant.plant(), file, "exec", dont_inherit=True)
    place = file, mutant.name, mutant.def_line
    code = next(each for each in _codes(mutated) if _place(each) == place)
    for function in functions.get(place, ()):
        function.__code__ = code
    return place in functions


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


# --- from the import on --------------------------------------------------------------------------------------------


class _Importer(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutated module to whoever imports it."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        self._file = Path(mutant.path).resolve()
        self._module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        return importlib.util.spec_from_file_location(name, self._file, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.plant(), str(self._file), "exec", dont_inherit=True), module.__dict__)


def from_the_import(mutant: Mutant, arguments: Sequence[str], usual_s: float) -> str:
    """The verdict of whole test files over a mutant that is there from the beginning. `usual_s`: of these tests."""
    limit_s = IMPORTING_S + TIMES_USUAL / 4 * usual_s

    def child() -> int:
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        signal.setitimer(signal.ITIMER_REAL, 10 * limit_s)
        sys.meta_path.insert(0, _Importer(mutant))
        return KILLED if pytest.main([*arguments, "-x"]) else ALIVE

    return {ALIVE: "alive from the import on", KILLED: "killed from the import on"}.get(forked(child), "killed by time")
