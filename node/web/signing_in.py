"""The pages by which people sign in, choose a password, set up a second factor, and sign out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import segno

from node.service.office import factors
from node.service.office.passwords import SHORTEST
from node.service.office.signing_in import Entered, SignInRefusal
from node.web.asking import Answer, Cookie, redirect
from node.web.website import STAGE_PATHS, Asked

__all__ = ["choose", "code", "code_sent", "enrol", "enrol_sent", "enter", "language", "password", "sign_in", "sign_out"]

DEVICE_DAYS: Final = 180
LANGUAGE_DAYS: Final = 365
DAY_S: Final = 86_400
QUIET_ZONE: Final = 4


async def sign_in(asked: Asked) -> Answer:
    if asked.guest is not None:
        return redirect(STAGE_PATHS[asked.guest.stage])
    return asked.page("sign_in.html", login="")


async def enter(asked: Asked) -> Answer:
    """The login that was typed stays, the password does not."""
    form = asked.ask.form
    login = form.get("login", "")
    done = await asked.house.office.sign_in.enter(login, form.get("password", ""), asked.visitor)
    if isinstance(done, SignInRefusal):
        return asked.page("sign_in.html", _code_of(done), login=login, error=done)
    return _entered(done)


async def code(asked: Asked) -> Answer:
    return asked.page("code.html")


async def code_sent(asked: Asked) -> Answer:
    sent = asked.ask.form.get("code", "")
    done = await asked.house.office.sign_in.show_code(asked.account_guest, sent, asked.visitor)
    if isinstance(done, SignInRefusal):
        return _over(done) or asked.page("code.html", _code_of(done), error=done)
    return _entered(done)


async def password(asked: Asked) -> Answer:
    return asked.page("password.html", shortest=SHORTEST)


async def choose(asked: Asked) -> Answer:
    form = asked.ask.form
    done = await asked.house.office.sign_in.choose_password(
        asked.account_guest, form.get("present", ""), form.get("chosen", ""), form.get("again", ""), asked.visitor
    )
    if isinstance(done, SignInRefusal):
        return _over(done) or asked.page("password.html", _code_of(done), error=done, shortest=SHORTEST)
    return _entered(done)


async def enrol(asked: Asked) -> Answer:
    return await _enrolling(asked, "", HTTPStatus.OK)


async def enrol_sent(asked: Asked) -> Answer:
    sent = asked.ask.form.get("code", "")
    done = await asked.house.office.sign_in.confirm_factor(asked.account_guest, sent, asked.visitor)
    if isinstance(done, SignInRefusal):
        return _over(done) or await _enrolling(asked, done, _code_of(done))
    return _entered(done)


async def _enrolling(asked: Asked, error: str, code: int) -> Answer:
    secret = await asked.house.office.sign_in.offer_factor(asked.account_guest)
    address = factors.address_of(secret, asked.account_guest.account.login, f"通借通还 {asked.house.library}")
    # a QR code takes longer to draw than a kiosk should have to wait for
    picture = await asked.house.in_thread(lambda: _qr(address))
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return asked.page("enrol.html", code=code, picture=picture, secret=groups, error=error)


def _qr(address: str) -> str:
    """As an address of its own (data:), which needs no file and no script."""
    made: str = segno.make(address, error="m").svg_data_uri(border=QUIET_ZONE, scale=5, dark="#000", light="#fff")
    return made


async def sign_out(asked: Asked) -> Answer:
    await asked.house.office.sessions.end(asked.account_guest)
    return redirect("/sign-in").with_cookies(Cookie("session", "", 0))


async def language(asked: Asked) -> Answer:
    """The other language, on the page where they were."""
    form = asked.ask.form
    chosen, back = form.get("to", ""), form.get("back", "/")
    if (
        not back.startswith("/")
        or back.startswith("//")
        or not back.isascii()
        or "\\" in back
        or not back.isprintable()
    ):
        back = "/"
    return redirect(back).with_cookies(Cookie("language", "en" if chosen == "en" else "zh", LANGUAGE_DAYS * DAY_S))


def _entered(done: Entered) -> Answer:
    """On, to whatever the stage asks for next."""
    answer = redirect("/").with_cookies(Cookie("session", done.token))
    return answer.with_cookies(Cookie("device", done.mark, DEVICE_DAYS * DAY_S)) if done.mark else answer


def _over(done: SignInRefusal) -> Answer | None:
    """The session has ended meanwhile: from the beginning."""
    return redirect("/sign-in") if done is SignInRefusal.OVER else None


def _code_of(done: SignInRefusal) -> int:
    busy = {SignInRefusal.WAIT: HTTPStatus.TOO_MANY_REQUESTS, SignInRefusal.BUSY: HTTPStatus.SERVICE_UNAVAILABLE}
    return busy.get(done, HTTPStatus.UNPROCESSABLE_ENTITY)
