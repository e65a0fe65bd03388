"""Streams of chance: each thing that is drawn has one of its own, made from the seed and its name.

So leaving one thing out of a history does not disturb the others; and this is the only place that makes any.
"""

from __future__ import annotations

from random import Random  # noqa: TID251 - the one place: every stream is made from a seed

__all__ = ["Random", "stream"]


def stream(*names: object) -> Random:
    """The stream of that name, the seed first: always the same."""
    return Random("/".join(str(name) for name in names))  # noqa: S311 - it must be foreseeable
