"""Mutants: functions with one small fault each, made from the source by `ast`.

A mutant is known by its function and by what the fault changes there, not by a line number: it stays the same when the
file around it is changed. What runs only when a module is imported (constants, tables, defaults) is not mutated.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Function = ast.FunctionDef | ast.AsyncFunctionDef
Edit = tuple[ast.AST, ast.AST]
"""A node, and what takes its place."""

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
}
TWINS = {"min": "max", "max": "min", "any": "all", "all": "any"}
DELETED = (ast.Expr, ast.Return, ast.Raise, ast.Continue, ast.Break, ast.AugAssign, ast.Delete, ast.Assign)
COMPOUND = (ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith, ast.Try, ast.Match, *Function.__args__)


@dataclass(frozen=True)
class Mutant:
    """`function`: `path:name`. `was`, `becomes`: source text. `nth`: which of the same in that function, from 1.

    `lines`: first and last line of the statement's head, as the source stands. Two are equal if they are known by the
    same function and text.
    """

    function: str
    was: str
    becomes: str
    nth: int
    lines: tuple[int, int] = field(compare=False)
    edit: Edit = field(compare=False, repr=False)
    module: ast.Module = field(compare=False, repr=False)
    def_line: int = field(compare=False, default=0)

    @property
    def path(self) -> str:
        return self.function.partition(":")[0]

    @property
    def name(self) -> str:
        return self.function.partition(":")[2]

    def __str__(self) -> str:
        again = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.function}:{self.lines[0]}  {self.was!r} -> {self.becomes!r}{again}"

    def plant(self) -> ast.Module:
        """The module's tree, which all its mutants share, with the fault in it from now on: for a process that ends
        with this mutant."""
        old, new = self.edit
        _replace(self.module, old, ast.copy_location(new, old))
        return ast.fix_missing_locations(self.module)


def mutants_of(path: str, source: str) -> list[Mutant]:
    """All mutants of the functions in one file."""
    module = ast.parse(source, path)
    return [mutant for name, function in _functions(module) for mutant in _of_function(path, module, name, function)]


def _functions(parent: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function]]:
    """Outermost functions and methods, with their qualified names."""
    for child in ast.iter_child_nodes(parent):
        if isinstance(child, Function):
            yield f"{prefix}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def _of_function(path: str, module: ast.Module, name: str, function: Function) -> Iterator[Mutant]:
    seen: Counter[tuple[str, str]] = Counter()
    first_line = min([function.lineno, *(each.lineno for each in function.decorator_list)])
    for node, above in _walk(function.body, (function,)):
        for new in _faults(node, above):
            was, becomes = _told(node, new, above)
            seen[was, becomes] += 1
            nth, lines = seen[was, becomes], _head(node, above)
            yield Mutant(f"{path}:{name}", was, becomes, nth, lines, (node, new), module, first_line)


def _walk(nodes: Sequence[ast.AST], above: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    """Every node that runs, with those above it, the nearest last. Assertions are for errors of our own."""
    for node in nodes:
        if isinstance(node, ast.Assert) or _is_docstring(node):
            continue
        yield node, above
        yield from _walk(_running_children(node), (*above, node))


def _running_children(node: ast.AST) -> list[ast.AST]:
    if isinstance(node, Function):
        return list(node.body)
    if isinstance(node, ast.AnnAssign):
        return [] if node.value is None else [node.value]
    return [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.arguments | ast.pattern)]


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


# --- faults ------------------------------------------------------------------------------------------------------


def _faults(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    yield from _of_condition(node, above[-1])
    match node:
        case ast.Compare():
            yield from _of_comparison(node)
        case ast.BoolOp(op=op, values=values):
            yield ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
            for place in range(len(values)):
                yield _without(node, place)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield operand
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield left
            yield right
        case ast.BinOp(left=left, op=op, right=right) if type(op) in ARITHMETIC:
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.AugAssign(target=target, op=op, value=value) if type(op) in ARITHMETIC:
            yield ast.AugAssign(target, ARITHMETIC[type(op)](), value)
        case ast.Constant(value=bool() | int() | float() as value):
            yield from map(ast.Constant, _other_values(value))
        case ast.Name(id=name) if name in TWINS and isinstance(above[-1], ast.Call) and above[-1].func is node:
            yield ast.Name(TWINS[name], ast.Load())
    yield from _of_statement(node, above)


def _of_condition(node: ast.AST, parent: ast.AST) -> Iterator[ast.AST]:
    """A loop that never ends is no good mutant: `while` becomes False alone. A filter lets everything through."""
    if isinstance(node, ast.Constant):
        return
    if isinstance(parent, ast.If | ast.IfExp | ast.While) and parent.test is node:
        yield ast.Constant(False)
    if isinstance(parent, ast.If | ast.IfExp) and parent.test is node:
        yield ast.Constant(True)
    if isinstance(parent, ast.comprehension) and node in parent.ifs:
        yield ast.Constant(True)


def _of_comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for place, op in enumerate(node.ops):
        for other in COMPARISONS[type(op)]:
            yield ast.Compare(node.left, [*node.ops[:place], other(), *node.ops[place + 1 :]], node.comparators)


def _without(node: ast.BoolOp, place: int) -> ast.expr:
    rest = [value for at, value in enumerate(node.values) if at != place]
    return rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)


def _other_values(value: Any) -> tuple[Any, ...]:
    if isinstance(value, bool):
        return (not value,)
    return (value + 1, value - 1) if value > 0 else (value + 1,)


def _of_statement(node: ast.AST, above: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """Left out: a call, a return before the end, what is written into something that outlives the function."""
    if not isinstance(node, DELETED):
        return
    if isinstance(node, ast.Return) and _is_value(node.value):
        yield ast.Return(ast.Constant(None))
    if isinstance(node, ast.Return) and above[-1].__class__ in Function.__args__:
        return
    if isinstance(node, ast.Assign) and not all(isinstance(to, ast.Attribute | ast.Subscript) for to in node.targets):
        return
    yield ast.Pass()


def _is_value(value: ast.expr | None) -> bool:
    return value is not None and not (isinstance(value, ast.Constant) and value.value is None)


# --- words and places ----------------------------------------------------------------------------------------------


def _told(node: ast.AST, new: ast.AST, above: tuple[ast.AST, ...]) -> tuple[str, str]:
    """Source before and after: of the node, or, where that is a bare word, of what stands around it."""
    parent = above[-1]
    if not isinstance(node, ast.Constant | ast.Name) or isinstance(parent, COMPOUND):
        return ast.unparse(node), ast.unparse(new)
    around = above[-2] if isinstance(parent, ast.keyword | ast.Slice | ast.UnaryOp | ast.comprehension) else parent
    if isinstance(around, COMPOUND):
        around = parent
    was = ast.unparse(around)
    _replace(around, node, new)
    becomes = ast.unparse(ast.fix_missing_locations(around))
    _replace(around, new, node)
    return was, becomes


def _head(node: ast.AST, above: tuple[ast.AST, ...]) -> tuple[int, int]:
    """The lines of its statement; of one with a body, those of its head, where the node stands."""
    statement = next(each for each in (node, *reversed(above)) if isinstance(each, ast.stmt))
    if not isinstance(statement, COMPOUND):
        return statement.lineno, statement.end_lineno or statement.lineno
    if isinstance(node, ast.expr):
        return node.lineno, node.end_lineno or node.lineno
    return statement.lineno, statement.lineno


def _replace(root: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """`new` takes the place of `old`, wherever below `root` that stands."""
    for parent in ast.walk(root):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for place, each in enumerate(value):
                    if each is old:
                        value[place] = new
                        return
