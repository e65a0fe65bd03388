"""Steps of a composed core are wrapped from outside, to look on while it works: the product knows nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def before(part: Any, name: str, look: Callable[..., object]) -> None:
    step = getattr(part, name)

    def watched(*args: Any, **kw: Any) -> Any:
        look(*args, **kw)
        return step(*args, **kw)

    setattr(part, name, watched)


def after(part: Any, name: str, look: Callable[..., object]) -> None:
    step = getattr(part, name)

    def watched(*args: Any, **kw: Any) -> Any:
        result = step(*args, **kw)
        look(*args, **kw, result=result)
        return result

    setattr(part, name, watched)
