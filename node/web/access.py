"""Who may see which page, as one table: page × door × stage × role. What is not in the table does not exist.

A door is the audience of a listener: the staff's desk, or the street (schools and readers). A page says at which doors
it stands, how far a visitor must have come, and, for staff, which roles may use it. Tests try every page as every role,
at every stage, at every door, and without a session.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final, Literal

from node.domain.accounts import Role, Stage
from node.service.office.sessions import Guest

__all__ = ["PAGES", "Access", "PageName", "PageRule", "access", "find_page", "methods_at", "pages_in_nav"]

Door = Literal["staff", "school", "reader"]

STAFF: Final[frozenset[Door]] = frozenset({"staff"})
ACCOUNTS: Final[frozenset[Door]] = frozenset({"staff", "school"})
EVERYWHERE: Final[frozenset[Door]] = frozenset({"staff", "school", "reader"})
EVERY_ROLE: Final = frozenset(Role)


class PageName(StrEnum):
    """What a page is called in the code: one for each thing that can be asked."""

    STYLE = "style"
    LANGUAGE = "language"
    HOME = "home"
    SIGN_IN = "sign_in"
    SIGN_IN_SENT = "sign_in_sent"
    CODE = "code"
    CODE_SENT = "code_sent"
    PASSWORD = "password"  # noqa: S105 - the name of a page
    PASSWORD_SENT = "password_sent"  # noqa: S105
    ENROL = "enrol"
    ENROL_SENT = "enrol_sent"
    SIGN_OUT = "sign_out"
    EXCEPTIONS = "exceptions"
    EXCEPTIONS_CLOSED = "exceptions_closed"
    EXCEPTION = "exception"
    EXCEPTION_CLOSE = "exception_close"
    STAFF = "staff"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class PageRule:
    """`path`: with {number} where an id stands. `stages` empty: for everybody, with a session or without. `roles`: of
    staff, at the stage FULL. `nav`: it stands in the menu."""

    name: PageName
    method: Literal["GET", "POST"]
    path: str
    doors: frozenset[Door]
    stages: frozenset[Stage] = frozenset()
    roles: frozenset[Role] = field(default=frozenset())
    nav: bool = False


def _page(
    name: PageName, asked: str, doors: frozenset[Door], *stages: Stage, roles: Collection[Role] = (), nav: bool = False
) -> PageRule:
    method, path = asked.split(" ")
    return PageRule(name, "GET" if method == "GET" else "POST", path, doors, frozenset(stages), frozenset(roles), nav)


_CODE, _PASSWORD, _ENROL, _FULL = Stage.CODE, Stage.PASSWORD, Stage.ENROL, Stage.FULL

PAGES: Final[tuple[PageRule, ...]] = (
    _page(PageName.STYLE, "GET /style.css", EVERYWHERE),
    _page(PageName.LANGUAGE, "POST /language", EVERYWHERE),
    _page(PageName.SIGN_IN, "GET /sign-in", ACCOUNTS),
    _page(PageName.SIGN_IN_SENT, "POST /sign-in", ACCOUNTS),
    _page(PageName.CODE, "GET /sign-in/code", ACCOUNTS, _CODE),
    _page(PageName.CODE_SENT, "POST /sign-in/code", ACCOUNTS, _CODE),
    _page(PageName.PASSWORD, "GET /password", ACCOUNTS, _PASSWORD, _FULL, roles=EVERY_ROLE),
    _page(PageName.PASSWORD_SENT, "POST /password", ACCOUNTS, _PASSWORD, _FULL, roles=EVERY_ROLE),
    _page(PageName.ENROL, "GET /sign-in/app", ACCOUNTS, _ENROL),
    _page(PageName.ENROL_SENT, "POST /sign-in/app", ACCOUNTS, _ENROL),
    _page(PageName.SIGN_OUT, "POST /sign-out", ACCOUNTS, *Stage, roles=EVERY_ROLE),
    _page(PageName.HOME, "GET /", ACCOUNTS, _FULL, roles=EVERY_ROLE),
    _page(PageName.EXCEPTIONS, "GET /exceptions", STAFF, _FULL, roles=EVERY_ROLE, nav=True),
    _page(PageName.EXCEPTIONS_CLOSED, "GET /exceptions/closed", STAFF, _FULL, roles=EVERY_ROLE),
    _page(PageName.EXCEPTION, "GET /exceptions/{number}", STAFF, _FULL, roles=EVERY_ROLE),
    _page(PageName.EXCEPTION_CLOSE, "POST /exceptions/{number}", STAFF, _FULL, roles=EVERY_ROLE),
    _page(PageName.STAFF, "GET /staff", STAFF, _FULL, roles=(Role.ADMIN,), nav=True),
    _page(PageName.AUDIT, "GET /audit", STAFF, _FULL, roles=(Role.ADMIN,), nav=True),
)

NUMBER: Final = r"[1-9][0-9]{0,17}"


class Access(StrEnum):
    """Whether a page is shown: yes, first sign in, first do what the stage asks for, or not with these roles."""

    YES = "yes"
    SIGN_IN = "sign_in"
    STAGE = "stage"
    ROLE = "role"


def access(page: PageRule, guest: Guest | None) -> Access:
    """Of a page at the door through which the guest came."""
    if not page.stages:
        return Access.YES
    if guest is None:
        return Access.SIGN_IN
    if guest.stage not in page.stages:
        return Access.STAGE
    if guest.stage is not Stage.FULL or guest.account.kind == "school":
        return Access.YES
    return Access.YES if page.roles & guest.account.roles else Access.ROLE


def find_page(method: str, path: str, doors: Collection[str]) -> tuple[PageRule, int] | None:
    """The page, and the number in its path (0: none). None: it does not exist at these doors."""
    for page in PAGES:
        found = _pattern(page.path).fullmatch(path)
        if found is not None and page.method == method and page.doors & frozenset(doors):
            return page, int(found[1]) if found.re.groups else 0
    return None


def methods_at(path: str, doors: Collection[str]) -> list[str]:
    """What may be sent there: for 405."""
    return [method for method in ("GET", "POST") if find_page(method, path, doors) is not None]


def pages_in_nav(guest: Guest, doors: Collection[str]) -> Iterator[PageRule]:
    """The menu of that guest."""
    for page in PAGES:
        if page.nav and page.doors & frozenset(doors) and access(page, guest) is Access.YES:
            yield page


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\{number\}", f"({NUMBER})"))
