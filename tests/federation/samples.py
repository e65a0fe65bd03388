"""Values of the contract for tests: a strategy for every type, derived from its hints, and whole speakers."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from federation.contract import Notice, Refused
from federation.wire import LAST_INSTANT_MS, NEVER_EMPTY, NOTICE_TYPES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FIGURE = st.integers(0, 2**63 - 1)


def values(kind: type[Any], **fixed: Any) -> st.SearchStrategy[Any]:
    """Every value of a contract type; `fixed` fields as given."""
    hints = get_type_hints(kind)
    parts = {f.name: _part(kind, f.name, hints[f.name]) for f in fields(kind)}
    parts.update({name: st.just(value) for name, value in fixed.items()})
    return st.builds(kind, **parts)


def notices() -> st.SearchStrategy[Notice]:
    return st.one_of([values(kind) for kind in NOTICE_TYPES])


def _part(kind: type[Any], name: str, hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        return st.none() | _part(kind, name, next(part for part in get_args(hint) if part is not NoneType))
    if get_origin(hint) is tuple:
        element = get_args(hint)[0]
        inner = notices() if get_args(element) == NOTICE_TYPES else values(element)
        return st.lists(inner, max_size=3).map(tuple)
    if hint is str:
        return TEXT.filter(bool) if name in NEVER_EMPTY and kind is not Refused else TEXT
    if hint is bool:
        return st.booleans()
    if hint is int:
        return st.integers(1, LAST_INSTANT_MS - 1) if name.endswith("_ms") else FIGURE
    if hint is date:
        return st.dates()
    if issubclass(hint, StrEnum):
        return st.sampled_from(hint)
    return values(hint)
