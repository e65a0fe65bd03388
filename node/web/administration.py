"""The pages of administrators: who has an account, and what was done. They only read; `tongjie staff` changes."""

from __future__ import annotations

import re

from node.service.office.composing import PAGE
from node.web.asking import Answer
from node.web.website import Asked

__all__ = ["log", "staff"]


async def staff(asked: Asked) -> Answer:
    found = await asked.house.office.staff(asked.ask.query.get("after", ""))
    shown = found[:PAGE]
    return asked.page("staff.html", accounts=shown, more=shown[-1].login if len(found) > PAGE else "")


async def log(asked: Asked) -> Answer:
    before = asked.ask.query.get("before", "")
    found = await asked.house.office.log(int(before) if re.fullmatch(r"[0-9]{1,18}", before) else 0)
    shown = found[:PAGE]
    return asked.page("audit.html", lines=shown, more=shown[-1].row.seq if len(found) > PAGE else 0)
