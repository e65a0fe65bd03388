"""One request and one answer as values, without a socket. What came in is bounded and checked for its form, no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl

__all__ = ["Answer", "Ask", "Cookie", "Language", "fields_of", "redirect"]

Language = Literal["zh", "en"]

HTML = "text/html; charset=utf-8"
FIELDS_MAX = 50


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. `cookies` by their short names. `cross_site`: the browser says that another site sent it."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    address: str = field(default="", repr=False)
    cross_site: bool = False

    @property
    def language(self) -> Language:
        """Chinese, unless somebody chose English."""
        return "en" if self.cookies.get("language") == "en" else "zh"


@dataclass(frozen=True, slots=True)
class Cookie:
    """`keep_s` None: until the browser is closed; 0: away with it."""

    name: str
    value: str = field(repr=False)
    keep_s: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, whole. `lasting`: the same for everybody and for ever, so it may be cached."""

    code: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = HTML
    location: str = ""
    cookies: tuple[Cookie, ...] = ()
    lasting: bool = False

    def with_cookies(self, *cookies: Cookie) -> Answer:
        return replace(self, cookies=(*self.cookies, *cookies))


def redirect(location: str) -> Answer:
    """What follows a POST: the browser fetches that page, and going back or reloading sends nothing again."""
    return Answer(HTTPStatus.SEE_OTHER, location=location)


def fields_of(text: bytes) -> Mapping[str, str] | None:
    """The fields of a form or a query; None if it is none, has too many, or has one twice."""
    try:
        pairs = parse_qsl(
            text.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(text),
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        return None
    found = dict(pairs)
    return found if len(found) == len(pairs) else None
