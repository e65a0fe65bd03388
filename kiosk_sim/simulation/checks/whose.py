"""Whose item it is (design 3): the institution code in front of a barcode says so, and nobody need ask."""

from __future__ import annotations

import json
from collections.abc import Iterator

from kiosk_sim.simulation.checks.facts import Facts

_DOUBTS = ("ambiguous_item", "unknown_item", "unknown_code", "code_contradicts")
_LISTED = ("return_ambiguous_item", "return_unknown_item", "return_wrong_code", "return_owner_silent")


def what_a_tag_names_is_known(facts: Facts) -> Iterator[str]:
    """At a kiosk that reads tags it is never in doubt whose item it is, however many have that barcode."""
    listed = {row.op: row.kind for row in facts.books.all("staff_exception") if row.kind in _LISTED}
    answers = facts.books.by("kiosk_op", "op")
    for done in facts.account.intentions:
        if not done.device.codes or done.item is None or done.kind not in ("11", "09", "29"):
            continue
        for op in done.ops:
            row = answers.get(op)
            doubt = listed.get(op) or (_reason(row.answer) if row is not None else "")
            if doubt in (*_DOUBTS, *_LISTED):
                yield f"intention {done.number} ({done.kind} at {done.device.login}) named {done.item.owner}: {doubt}"


def _reason(answer: str | None) -> str:
    """Of a "no"."""
    kind, _, body = (answer or "").partition(" ")
    return str(json.loads(body).get("reason", "")) if kind == "Refused" else ""
