"""A terminal's dialect, composed: a named one, and the switches of `[terminal.switches]` in place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from node.settings.model import closest
from sip2 import NAMED, Dialect


class SwitchError(ValueError):
    """A switch that does not exist, or can't have this value. `key` is where it stands."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(why)
        self.key = key


@cache
def switches() -> Mapping[str, Any]:
    """Every switch that settings may set, with its type."""
    hints = get_type_hints(Dialect)
    return {each.name: hints[each.name] for each in fields(Dialect) if each.init}


def composed(name: str, overrides: Mapping[str, object]) -> Dialect:
    """The dialect `name` with these switches in place of its own. Errors: SwitchError."""
    named = NAMED.get(name)
    if named is None:
        raise SwitchError("dialect", f"{name!r} is no dialect{closest(name, NAMED)}")
    found = named
    for key, value in overrides.items():
        try:
            found = replace(found, **{key: _typed(key, value)})
        except ValueError as wrong:
            raise SwitchError(key, str(wrong)) from None
    return found


def _typed(key: str, value: object) -> Any:
    declared = switches().get(key)
    if declared is None:
        raise ValueError(f"unknown switch{closest(key, switches())}")
    if get_origin(declared) is frozenset and isinstance(value, tuple):
        value = frozenset(value)
    try:
        return TypeAdapter(declared).validate_python(value, strict=True)
    except ValidationError:
        raise ValueError(f"{shown(value)} is not possible; use {words(declared)}") from None


def words(declared: Any) -> str:
    """The type of a switch in words."""
    if get_args(declared) and type(None) in get_args(declared):
        return words(next(each for each in get_args(declared) if each is not type(None)))
    if get_origin(declared) in (frozenset, tuple):
        return f"a list of {words(get_args(declared)[0])}"
    if get_origin(declared) is not None:
        return ", ".join(f'"{choice}"' for choice in get_args(declared))
    return {bool: "true, false", int: "a whole number", str: "text"}[declared]


def shown(value: object) -> str:
    """A value as a settings file would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, frozenset | tuple):
        return f"[{', '.join(map(shown, sorted(value) if isinstance(value, frozenset) else value))}]"
    return f'"{value}"' if isinstance(value, str) else "" if value is None else str(value)
