"""The pages of what needs staff: the list, one of them, closing it."""

from __future__ import annotations

import re
from http import HTTPStatus

from node.domain.staff_sentences import sentence_of
from node.service.office.exceptions import Closing, ExceptionPage
from node.service.office.notes import LONGEST_NOTE
from node.web.asking import Answer, redirect
from node.web.website import Asked

__all__ = ["close", "closed_ones", "one", "open_ones"]


async def open_ones(asked: Asked) -> Answer:
    found = await asked.house.office.exceptions.open_ones(_number(asked, "after"))
    return _listed(asked, found, closed=False)


async def closed_ones(asked: Asked) -> Answer:
    found = await asked.house.office.exceptions.closed_ones(_number(asked, "before"))
    return _listed(asked, found, closed=True)


async def one(asked: Asked) -> Answer:
    return await _one(asked, note="", error="", code=HTTPStatus.OK)


async def close(asked: Asked) -> Answer:
    """Back to the list, which says that it was closed. What was typed stays if it can't be taken."""
    note, form_id = asked.ask.form.get("note", ""), asked.form_id()
    if not form_id:
        return asked.message(HTTPStatus.FORBIDDEN, "expired")
    account = asked.account_guest.account
    try:
        done = await asked.house.office.exceptions.close(account, asked.number, note, form_id)
    except LookupError:
        return asked.message(HTTPStatus.FORBIDDEN, "expired")
    if done is Closing.CLOSED:
        return redirect(f"/exceptions?closed={asked.number}")
    if done is Closing.CLOSED_BEFORE:
        return redirect(f"/exceptions/{asked.number}")
    if done is Closing.UNKNOWN:
        return asked.message(HTTPStatus.NOT_FOUND, "not_found")
    return await _one(asked, note=note, error=done, code=HTTPStatus.UNPROCESSABLE_ENTITY)


async def _one(asked: Asked, *, note: str, error: str, code: int) -> Answer:
    row = await asked.house.office.exceptions.find(asked.number)
    if row is None:
        return asked.message(HTTPStatus.NOT_FOUND, "not_found")
    return asked.page(
        "exception.html",
        code=code,
        row=row,
        said=sentence_of(row.kind, asked.ask.language),
        libraries=_libraries(asked, row.detail),
        note=note,
        longest=LONGEST_NOTE,
        error=error,
    )


def _listed(asked: Asked, found: ExceptionPage, *, closed: bool) -> Answer:
    language = asked.ask.language
    listed = [(row, sentence_of(row.kind, language), _libraries(asked, row.detail)) for row in found.rows]
    return asked.page("exceptions.html", listed=listed, found=found, closed=closed, just=_number(asked, "closed"))


def _libraries(asked: Asked, detail: str) -> list[str]:
    """Names of the libraries that the detail names by their codes."""
    codes = dict.fromkeys(re.findall(r"[A-Za-z0-9]+", detail))
    return [name for name in map(asked.house.library_name, codes) if name]


def _number(asked: Asked, key: str) -> int:
    text = asked.ask.query.get(key, "")
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0
