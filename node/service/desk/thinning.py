"""What leaves an answer once nobody needs to know any more what was lent to whom: titles and readers.

The rest stays, and with it whatever decides when the same words come again: lent or not, which loan, until when.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from federation.contract import TakenBack

_NAMES: Final = ("title", "reader", "hold_reader")


def thinned(answer: str) -> str:
    """An answer as it is stored (`memory.written`), without titles and readers."""
    kind, _, body = answer.partition(" ")
    return f"{kind} {json.dumps(_without(json.loads(body)), ensure_ascii=False)}"


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: "" if key in _NAMES else _without(each) for key, each in value.items()}
    return [_without(each) for each in value] if isinstance(value, list) else value


def with_title(answer: Any, title: str) -> Any:
    """The same with the title as it is known now, if it has one and lost it."""
    if getattr(answer, "title", None) != "" or not title:
        return answer
    named = replace(answer, title=title)
    if isinstance(named, TakenBack) and named.fine is not None:
        named = replace(named, fine=replace(named.fine, title=title))
    return named
