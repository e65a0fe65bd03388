"""The pages of one listener: from a request to an answer, in the same order for every page.

1. Does the page exist at this door? (`access.py`)
2. Who asks? A session, or nobody. Each request looks it up anew.
3. May they? Else: sign in, or what the stage asks for, or a refusal.
4. A POST must carry the token of this browser's forms, and must not come from another site.
5. The page itself.

A form's token is a keyed digest of the cookie's token, so it needs no row and is worth nothing without the cookie.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from federation.clock import WallMs
from node.domain.accounts import Stage
from node.observe.logs import EventLog
from node.secrets import InThread
from node.service.office.composing import Office, StoreUnavailable
from node.service.office.once import is_form_id
from node.service.office.sessions import Guest
from node.service.office.signing_in import Visitor
from node.web.access import Access, PageName, access, find_page, methods_at, pages_in_nav
from node.web.asking import Answer, Ask, Cookie, redirect
from node.web.rendering import Templates
from node.web.shown import day_and_time, since

__all__ = ["Asked", "Handler", "House", "Website"]

STAGE_PATHS: Final[Mapping[Stage, str]] = {
    Stage.CODE: "/sign-in/code",
    Stage.PASSWORD: "/password",
    Stage.ENROL: "/sign-in/app",
    Stage.FULL: "/",
}


@dataclass(frozen=True, slots=True)
class House:
    """What all pages of one library share. `counted` hears of each answer: the page's name, and its HTTP status."""

    library: str
    name: str
    office: Office
    templates: Templates
    log: EventLog
    wall_ms: WallMs
    random_bytes: Callable[[int], bytes]
    in_thread: InThread
    library_name: Callable[[str], str]
    counted: Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was let through, with all that a page needs. `token`: of the cookie; `number`: in the path."""

    ask: Ask
    house: House
    doors: frozenset[str]
    guest: Guest | None
    token: str = field(repr=False)
    fresh: bool = False
    number: int = 0

    @property
    def account_guest(self) -> Guest:
        """Of a page that nobody reaches without a session."""
        if self.guest is None:
            raise LookupError("a page without a session asks who it is")
        return self.guest

    @property
    def visitor(self) -> Visitor:
        return Visitor(self.ask.address, self.ask.cookies.get("device", ""), self.doors)

    def page(self, template: str, /, code: int = HTTPStatus.OK, **values: Any) -> Answer:
        """The answer with that template."""
        language, now_ms = self.ask.language, self.house.wall_ms()
        body = self.house.templates.render(
            template,
            language,
            **{
                "library": self.house.name,
                "guest": self.guest,
                "nav": () if self.guest is None else tuple(pages_in_nav(self.guest, self.doors)),
                "path": self.ask.path,
                "form_token": form_token(self.token),
                "form_id": self.house.random_bytes(16).hex(),
                "day": lambda at_ms: day_and_time(at_ms, language),
                "age": lambda at_ms: since(at_ms, now_ms, language),
                "error": "",
                **values,
            },
        )
        answer = Answer(code, body)
        return answer.with_cookies(Cookie("session", self.token)) if self.fresh else answer

    def message(self, code: int, kind: str) -> Answer:
        """A page that only says something: not_found, not_yours, expired, busy, accident, method."""
        return self.page("message.html", code=code, kind=kind)

    def form_id(self) -> str:
        """The id in the form that was sent; "" if it has none that could be ours."""
        sent = self.ask.form.get("id", "")
        return sent if is_form_id(sent) else ""


Handler = Callable[[Asked], Awaitable[Answer]]


def form_token(token: str) -> str:
    """What a form must carry if it is to be sent with that cookie."""
    return hmac.new(token.encode("utf-8", "replace"), b"form", sha256).hexdigest()


class Website:
    """For the audience of one listener. `handlers` has one for each page of the table."""

    def __init__(self, house: House, doors: frozenset[str], handlers: Mapping[PageName, Handler]) -> None:
        self._house = house
        self._doors = doors
        self._handlers = handlers

    def answer(self, ask: Ask) -> Deferred[Answer]:
        """Always an answer: an accident is logged and says so, without a word of what happened."""
        answering = Deferred.fromCoroutine(self._answer(ask))
        return answering.addErrback(self._failed, ask).addCallback(self._counted, ask)

    def _counted(self, answer: Answer, ask: Ask) -> Answer:
        found = find_page(ask.method, ask.path, self._doors)
        self._house.counted("" if found is None else found[0].name, answer.code)
        return answer

    async def _answer(self, ask: Ask) -> Answer:
        found = find_page(ask.method, ask.path, self._doors)
        token = ask.cookies.get("session", "")
        guest = await self._house.office.sessions.guest(token, self._doors)
        asked = self._asked(ask, guest, token, 0 if found is None else found[1])
        if found is None:
            wrong_method = methods_at(ask.path, self._doors)
            if wrong_method:
                return asked.message(HTTPStatus.METHOD_NOT_ALLOWED, "method")
            return asked.message(HTTPStatus.NOT_FOUND, "not_found")
        page = found[0]
        refused = self._refused(asked, access(page, guest))
        if refused is None and page.method == "POST" and not _is_ours(ask, asked.token):
            refused = asked.message(HTTPStatus.FORBIDDEN, "expired")
        return refused if refused is not None else await self._handlers[page.name](asked)

    def _asked(self, ask: Ask, guest: Guest | None, token: str, number: int) -> Asked:
        """Whoever has no session gets a token all the same: a form must be sent by the browser that it was shown to."""
        fresh = guest is None and not _looks_like_a_token(token)
        kept = self._house.office.sessions.new_token() if fresh else token
        return Asked(ask, self._house, self._doors, guest, kept, fresh, number)

    def _refused(self, asked: Asked, found: Access) -> Answer | None:
        if found is Access.YES:
            return None
        if found is Access.SIGN_IN:
            return redirect("/sign-in")
        if found is Access.STAGE:
            return redirect(STAGE_PATHS[asked.account_guest.stage])
        return asked.message(HTTPStatus.FORBIDDEN, "not_yours")

    def _failed(self, failure: Failure, ask: Ask) -> Answer:
        asked = self._asked(ask, None, "", 0)
        if failure.check(StoreUnavailable):
            return asked.message(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
        self._house.log.accident("web", failure)
        return asked.message(HTTPStatus.INTERNAL_SERVER_ERROR, "accident")


def _looks_like_a_token(token: str) -> bool:
    return 20 <= len(token) <= 64 and token.isascii() and token.replace("-", "").replace("_", "").isalnum()


def _is_ours(ask: Ask, token: str) -> bool:
    sent = ask.form.get("token", "").encode("utf-8", "replace")
    return not ask.cross_site and hmac.compare_digest(sent, form_token(token).encode())
