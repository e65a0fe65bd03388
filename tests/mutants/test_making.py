"""Which faults are planted, and how a mutant is known."""

from __future__ import annotations

import ast
import random

import pytest

from tests.mutants.making import Mutant, mutants_of
from tests.mutants.run import EXPLAINED, explained, sample

AROUND = '''"""A module."""
LIMIT = 3

class Door:
    @property
    def open(self):
        """A docstring of 5 words."""
        assert LIMIT > 2
        {}
'''


def faults(statement: str) -> list[tuple[str, str]]:
    return [(mutant.was, mutant.becomes) for mutant in made(statement)]


def made(statement: str) -> list[Mutant]:
    return mutants_of("door.py", AROUND.format(statement))


@pytest.mark.parametrize(
    ("statement", "becomes"),
    [
        ("found = a < b", {"a <= b", "a >= b"}),
        ("found = a == b", {"a != b"}),
        ("found = a in b", {"a not in b"}),
        ("found = a is None", {"a is not None"}),
        ("found = a and b", {"a or b", "a", "b"}),
        ("found = a or b or c", {"a and b and c", "b or c", "a or c", "a or b"}),
        ("found = not a", {"a"}),
        ("found = a + b", {"a - b"}),
        ("found = a[1:]", {"a[2:]", "a[0:]"}),
        ("found += a", {"found -= a", "pass"}),
        ("found = 0", {"found = 1"}),
        ("found = True", {"found = False"}),
        ("found = min(a, b)", {"max(a, b)"}),
        ("found = isinstance(a, B | C)", {"B", "C"}),
        ("found = [a for a in b if a]", {"[a for a in b if True]"}),
        ("self.found = a", {"pass"}),
        ("found: int | None = a", set()),
        ("tell(a)", {"pass"}),
        ("return a", {"return None"}),
        ("return None", set()),
    ],
)
def test_each_kind_of_fault(statement: str, becomes: set[str]) -> None:
    assert {new for _, new in faults(statement)} == becomes


def test_a_condition_is_always_or_never_true() -> None:
    assert faults("if a: b = c") == [("a", "False"), ("a", "True")]
    assert faults("while a: b = c") == [("a", "False")]


def test_a_return_before_the_end_is_left_out() -> None:
    assert ("return a", "pass") in faults("if a: return a")


def test_a_mutant_is_known_by_its_function_and_its_text() -> None:
    first, second = made("tell(a); tell(a)")
    assert (first.function, first.was, first.becomes) == ("door.py:Door.open", "tell(a)", "pass")
    assert (first.nth, second.nth) == (1, 2)
    below = mutants_of("door.py", "import os\n" + AROUND.format("tell(a); tell(a)"))
    assert below == [first, second]
    assert below[0].lines != first.lines


def test_a_planted_fault_is_in_the_module_and_nothing_else_is() -> None:
    mutant = made("if not a: return 1")[0]
    planted = ast.unparse(mutant.plant())
    assert planted == ast.unparse(ast.parse(AROUND.format("if False: return 1")))


def test_a_sample_has_two_mutants_of_each_function_and_is_the_same_again() -> None:
    source = "\n".join(f"def f{number}(a, b):\n    return a < b < 1 and a\n" for number in range(10))
    mutants = mutants_of("f.py", source)
    chosen = sample(mutants, 25, random.Random(1))
    assert len(chosen) == 25
    assert all(sum(each.function == f"f.py:f{number}" for each in chosen) >= 2 for number in range(10))
    assert chosen == sample(mutants, 25, random.Random(1))
    assert sample(mutants, 0, random.Random(1)) == mutants


def test_every_mutant_that_may_live_has_its_reason() -> None:
    assert all(len(why) > 10 for why in explained(EXPLAINED).values())
