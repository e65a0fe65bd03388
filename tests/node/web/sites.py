"""A website over a database in memory, and a browser that keeps cookies and fills in forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from node.domain.accounts import AccountKind, Role
from node.observe.pages import PageCounter
from node.web.access import PageName
from node.web.asking import Answer, Ask
from node.web.composing import website
from node.web.rendering import Templates
from node.web.website import House, Website
from tests.node.office.offices import CHOSEN, HERE, Bench

T = TypeVar("T")

TEMPLATES = Templates()


def at_once(function: Callable[[], T], /) -> Deferred[T]:
    """In place of a thread."""
    return maybeDeferred(function)


@dataclass
class Accidents:
    """A log that keeps what went wrong."""

    failures: list[Failure] = field(default_factory=list)

    def event(self, name: str, /, **fields: object) -> None:
        return None

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        self.failures.append(failure)


class Site(Bench):
    """The pages of a library, at every door."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.log = Accidents()
        self.registry = CollectorRegistry()
        self.house = House(
            library=HERE,
            name="沙坪坝区图书馆",
            office=self.office,
            templates=TEMPLATES,
            log=self.log,
            wall_ms=self.wall_ms,
            random_bytes=self.random_bytes,
            in_thread=at_once,
            counted=PageCounter(self.registry, PageName).answered,
            library_name=lambda code: "沙坪坝区图书馆" if code == HERE else "",
        )

    def at(self, *doors: str) -> Website:
        return website(self.house, frozenset(doors))

    def browser(self, *doors: str, address: str = "10.0.0.7") -> Browser:
        return Browser(self.at(*(doors or ("staff",))), address)

    def signed_in(self, login: str, *roles: Role) -> Browser:
        """A browser in which a new account has signed in, all the way."""
        secret = self.add_ready(login, *roles)
        return self.enter(login, secret)

    def enter(self, login: str, secret: str, browser: Browser | None = None) -> Browser:
        browser = browser or self.browser()
        browser.sign_in(login, CHOSEN)
        if browser.path == "/sign-in/code":
            self.pass_s(60)  # a code is good once
            browser.send(code=self.code(secret))
        assert browser.path == "/exceptions", browser.text
        return browser

    def school(self, login: str = "school") -> str:
        return self.add_ready(login, kind=AccountKind.SCHOOL)


class Browser:
    """`path` and `answer`: where it is. Redirects are followed."""

    def __init__(self, site: Website, address: str) -> None:
        self.site = site
        self.address = address
        self.cookies: dict[str, str] = {}
        self.path = ""
        self.answer = Answer(0)

    @property
    def text(self) -> str:
        return unescape(self.answer.body.decode())

    @property
    def code(self) -> int:
        return self.answer.code

    def ask(self, method: str, address: str, form: dict[str, str] | None = None, **how: Any) -> Answer:
        """One request, without following."""
        parts = urlsplit(address)
        ask = Ask(
            method,
            parts.path,
            query=dict(parse_qsl(parts.query)),
            form=form or {},
            cookies=dict(self.cookies),
            address=self.address,
            **how,
        )
        answers: list[Answer] = []
        self.site.answer(ask).addCallback(answers.append)
        assert answers, "it waits for something"
        for cookie in answers[0].cookies:
            self.cookies[cookie.name] = cookie.value
            if cookie.keep_s == 0:
                del self.cookies[cookie.name]
        self.path = parts.path
        self.answer = answers[0]
        return self.answer

    def get(self, address: str) -> str:
        self.ask("GET", address)
        return self._followed()

    def post(self, address: str, **form: str) -> str:
        self.ask("POST", address, form)
        return self._followed()

    def send(self, **form: str) -> str:
        """The main form of the page, with its hidden fields."""
        return self.post(self.path, **{**self.hidden(), **form})

    def hidden(self) -> dict[str, str]:
        """Of the last form on the page."""
        last = self.answer.body.decode().rpartition("<form")[2]
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', last))

    def sign_in(self, login: str, password: str) -> str:
        self.get("/sign-in")
        return self.send(login=login, password=password)

    def _followed(self) -> str:
        for _ in range(6):
            if not self.answer.location:
                return self.text
            self.ask("GET", self.answer.location)
        raise AssertionError("too many redirects")
