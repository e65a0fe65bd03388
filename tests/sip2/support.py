"""The vectors, and hypothesis strategies that derive from the declarations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sip2 import LAYOUTS, Message, Received, decode, fields
from sip2.declaring import Field
from sip2.dialects import DEFAULT, Dialect

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (VECTORS / name).read_text("utf-8").splitlines()]


GOLDEN = vectors("golden.jsonl")
DEVIANT = vectors("deviant.jsonl")
GOLDEN_BYTES = [row["message"].encode() for row in GOLDEN]


def received(frame: bytes, dialect: Dialect = DEFAULT) -> Received:
    decoded = decode(frame, dialect)
    assert isinstance(decoded, Received), decoded
    return decoded


def means(value: object, raw: str | None) -> bool:
    """Whether a typed value says what the raw text of a vector says."""
    if value is None:
        return raw is None or not raw.strip()
    if isinstance(value, bool):
        return value == (raw in ("Y", "1")) and raw in ("Y", "N", "0", "1")
    if isinstance(value, int):
        return raw is not None and value == int(raw)
    return value == raw


def in_wire_terms(message: Message) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """Fixed fields by name, and the values of tagged ones by tag, as vectors have them."""
    layout = LAYOUTS[message.command]
    fixed = {field.name: getattr(message, field.name) for field in layout.fixed}
    tagged = {}
    for field in layout.tagged:
        value = getattr(message, field.name)
        values = list(value) if field.repeatable else [] if value is None else [value]
        if values:
            tagged[field.tag] = values
    return fixed, tagged


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="|%"), max_size=40
)
DATES = st.from_regex(r"20[0-9]{6}(    |   [A-IK-Z])[0-9]{6}", fullmatch=True)

_BY_KIND = {
    fields.FLAG: st.booleans(),
    fields.OK: st.booleans(),
    fields.FLAG_OR_OBSOLETE: st.booleans(),
    fields.YES_NO_UNKNOWN: st.sampled_from("YNU"),
    fields.DATE: st.none() | DATES,
    fields.COUNT: st.none() | st.integers(0, 9999),
    fields.THREE_DIGITS: st.integers(0, 999),
    fields.PRINT_WIDTH: st.integers(0, 999),
    fields.PATRON_STATUS: st.text("Y ", min_size=14, max_size=14),
    fields.SUMMARY: st.sampled_from([" " * 10, *(" " * at + "Y" + " " * (9 - at) for at in range(10))]),
    fields.TEXT: TEXTS,
    fields.LOGIN: TEXTS,
    fields.OPTIONAL_FLAG: st.booleans(),
    fields.TAGGED_DATE: DATES,
    fields.NUMBER: st.integers(0, 10**9 - 1),
    fields.LIMIT: st.integers(0, 9999),
    fields.AMOUNT: st.from_regex(r"-?[0-9]{1,6}\.[0-9]{2}", fullmatch=True),
}


def values_of(field: Field) -> st.SearchStrategy[Any]:
    known = _BY_KIND.get(field.kind)
    values = st.from_regex(field.kind.tidy, fullmatch=True) if known is None else known
    if field.repeatable:
        return st.lists(values, max_size=3).map(tuple)
    return values if not field.tag or field.required else st.none() | values


def messages() -> st.SearchStrategy[Message]:
    """Any message with values that can be sent as they are."""
    return _built(values_of)


def messages_with(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Message]:
    """Any message in which every text field is drawn from `texts`, whatever they are."""

    def of(field: Field) -> st.SearchStrategy[Any]:
        if field.kind is not fields.TEXT:
            return values_of(field)
        return st.lists(texts, max_size=2).map(tuple) if field.repeatable else texts

    return _built(of)


def _built(of: Callable[[Field], st.SearchStrategy[Any]]) -> st.SearchStrategy[Message]:
    return st.one_of(
        [st.builds(layout.message, **{field.name: of(field) for field in layout.fields}) for layout in LAYOUTS.values()]
    )
