"""The pages of a library put together: one handler for each page of the table."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from node.web import administration, exceptions, signing_in
from node.web.access import PageName
from node.web.asking import Answer, redirect
from node.web.rendering import STYLE
from node.web.website import Asked, Handler, House, Website

__all__ = ["HANDLERS", "website"]


async def _style(_asked: Asked) -> Answer:
    return Answer(HTTPStatus.OK, STYLE, "text/css; charset=utf-8", lasting=True)


async def _home(asked: Asked) -> Answer:
    """What needs somebody first."""
    if "staff" in asked.doors:
        return redirect("/exceptions")
    return asked.page("home.html")


HANDLERS: Final[Mapping[PageName, Handler]] = {
    PageName.STYLE: _style,
    PageName.HOME: _home,
    PageName.LANGUAGE: signing_in.language,
    PageName.SIGN_IN: signing_in.sign_in,
    PageName.SIGN_IN_SENT: signing_in.enter,
    PageName.CODE: signing_in.code,
    PageName.CODE_SENT: signing_in.code_sent,
    PageName.PASSWORD: signing_in.password,
    PageName.PASSWORD_SENT: signing_in.choose,
    PageName.ENROL: signing_in.enrol,
    PageName.ENROL_SENT: signing_in.enrol_sent,
    PageName.SIGN_OUT: signing_in.sign_out,
    PageName.EXCEPTIONS: exceptions.open_ones,
    PageName.EXCEPTIONS_CLOSED: exceptions.closed_ones,
    PageName.EXCEPTION: exceptions.one,
    PageName.EXCEPTION_CLOSE: exceptions.close,
    PageName.STAFF: administration.staff,
    PageName.AUDIT: administration.log,
}


def website(house: House, doors: frozenset[str]) -> Website:
    """For the audience of one listener."""
    return Website(house, doors, HANDLERS)
