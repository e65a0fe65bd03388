"""Signing in on the pages: first password, a password of one's own, an app, a code, and out again."""

from __future__ import annotations

import re

import pyotp
import pytest

from node.domain.accounts import Role
from node.service.office.signing_in import SignInRefusal
from tests.node.office.offices import CHOSEN, FIRST
from tests.node.web.sites import Site


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_first_login_leads_through_a_new_password_and_an_app_to_the_work(site: Site) -> None:
    site.add("wang", Role.CARDS)
    browser = site.browser()
    browser.get("/")
    assert browser.path == "/sign-in"
    browser.send(login="ＷＡＮＧ ", password=FIRST)
    assert browser.path == "/password"
    assert "初始密码" in browser.text
    browser.send(present=FIRST, chosen=CHOSEN, again=CHOSEN)
    assert browser.path == "/sign-in/app"
    shown = re.search(r'class="secret">([A-Z2-7 ]+)<', browser.text)
    assert shown
    assert 'src="data:image/svg+xml' in browser.text
    browser.send(code=pyotp.TOTP(shown[1].replace(" ", "")).generate_otp(site.wall_ms() // 30_000))
    assert browser.path == "/exceptions"
    assert "wang老师" in browser.text


def test_the_desk_needs_no_app(site: Site) -> None:
    site.add("li", Role.DESK)
    browser = site.browser()
    browser.sign_in("li", FIRST)
    browser.send(present=FIRST, chosen=CHOSEN, again=CHOSEN)
    assert browser.path == "/exceptions"


def test_the_next_login_asks_for_a_code_which_is_good_once(site: Site) -> None:
    secret = site.add_ready("wang", Role.FINANCE)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    assert browser.path == "/sign-in/code"
    code = site.code(secret)
    browser.send(code=f" {code[:3]} {code[3:]}")
    assert browser.path == "/exceptions"
    other = site.browser()
    other.sign_in("wang", CHOSEN)
    assert "已经用过" in other.send(code=code)
    assert other.path == "/sign-in/code"
    site.pass_s(30)
    other.send(code=site.code(secret))
    assert other.path == "/exceptions"


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５", "²³¹²³¹"])
def test_a_code_of_another_form_is_wrong(site: Site, code: str) -> None:
    site.add_ready("wang", Role.FINANCE)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    browser.send(code=code)
    assert (browser.path, browser.code) == ("/sign-in/code", 422)


def test_a_code_of_two_minutes_ago_is_too_old(site: Site) -> None:
    secret = site.add_ready("wang", Role.FINANCE)
    code = site.code(secret)
    site.pass_s(120)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    browser.send(code=code)
    assert browser.code == 422


@pytest.mark.parametrize("path", ["/exceptions", "/exceptions/1", "/staff", "/audit", "/password", "/"])
def test_who_has_shown_no_code_yet_reaches_no_page(site: Site, path: str) -> None:
    site.add_ready("wang", Role.ADMIN)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    browser.get(path)
    assert browser.path == "/sign-in/code"


def test_a_wrong_password_an_unknown_login_and_a_disabled_account_look_the_same(site: Site) -> None:
    site.add_ready("wang", Role.DESK)
    site.add_ready("out", Role.DESK)
    from tests.node.office.offices import ADMINISTRATOR

    site.done(lambda tx: site.accounts.disable(tx, ADMINISTRATOR, "out", now_ms=site.wall_ms(), reason="离职"))
    seen = set()
    for login, password in (("wang", "wrong wrong"), ("nobody", CHOSEN), ("out", CHOSEN)):
        browser = site.browser()
        text = browser.sign_in(login, password)
        seen.add((browser.code, re.sub(r'value="[^"]*"', "", text)))
    assert len(seen) == 1
    assert site.secrets.checked == 3


def test_the_login_that_was_typed_stays_and_the_password_does_not(site: Site) -> None:
    browser = site.browser()
    text = browser.sign_in("wang", "geheim-geheim")
    assert 'value="wang"' in text
    assert "geheim" not in text


def test_a_first_password_is_good_for_two_weeks(site: Site) -> None:
    site.add("wang", Role.DESK)
    site.pass_s(14 * 86_400 + 1)
    browser = site.browser()
    browser.sign_in("wang", FIRST)
    assert (browser.path, browser.code) == ("/sign-in", 422)


@pytest.mark.parametrize(
    ("chosen", "again", "said"),
    [
        ("short", "short", "太短"),
        ("1234567890", "1234567890", "太容易猜到"),
        ("aaaaaaaaaabb", "aaaaaaaaaabb", "太容易猜到"),
        ("wang-wang-2026", "wang-wang-2026", "登录名"),
        ("我们的图书馆开门了吗", "我们的图书馆关门了吗", "不同"),
        (FIRST, FIRST, "相同"),
        ("x" * 60 + "abcdefgh" * 9, "x" * 60 + "abcdefgh" * 9, "太长"),
    ],
)
def test_a_password_that_cannot_be_chosen_says_why_and_what_to_do(
    site: Site, chosen: str, again: str, said: str
) -> None:
    site.add("wang", Role.DESK)
    browser = site.browser()
    browser.sign_in("wang", FIRST)
    text = browser.send(present=FIRST, chosen=chosen, again=again)
    assert browser.code == 422
    assert said in text
    assert chosen not in text


def test_a_changed_password_ends_the_other_sessions(site: Site) -> None:
    one = site.signed_in("wang", Role.DESK)
    two = site.enter("wang", "")
    one.get("/password")
    one.send(present=CHOSEN, chosen="另一个很长的密码 99", again="另一个很长的密码 99")
    assert one.path == "/exceptions"
    two.get("/exceptions")
    assert two.path == "/sign-in"


def test_who_signs_out_is_out_and_the_cookie_is_worth_nothing_any_more(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    kept = dict(browser.cookies)
    token = re.search(r'action="/sign-out">\s*<input type="hidden" name="token" value="([0-9a-f]+)"', browser.text)
    assert token
    browser.post("/sign-out", token=token[1])
    assert browser.path == "/sign-in"
    browser.cookies = kept
    browser.get("/exceptions")
    assert browser.path == "/sign-in"


def test_signing_in_gives_a_new_token(site: Site) -> None:
    site.add_ready("wang", Role.DESK)
    browser = site.browser()
    browser.get("/sign-in")
    before = browser.cookies["session"]
    browser.send(login="wang", password=CHOSEN)
    assert browser.cookies["session"] != before


def test_the_code_gives_a_new_token_as_well(site: Site) -> None:
    secret = site.add_ready("wang", Role.ADMIN)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    before = browser.cookies["session"]
    browser.send(code=site.code(secret))
    after = browser.cookies["session"]
    browser.cookies["session"] = before
    browser.get("/exceptions")
    assert browser.path == "/sign-in"
    assert after != before


def test_an_account_of_a_school_can_not_come_in_by_the_desks_door_nor_staff_by_the_streets(site: Site) -> None:
    secret = site.school()
    site.add_ready("wang", Role.DESK)
    assert site.browser("staff").sign_in("school", CHOSEN).count("不对")
    assert site.browser("school", "reader").sign_in("wang", CHOSEN).count("不对")
    school = site.browser("school", "reader")
    school.sign_in("school", CHOSEN)
    school.send(code=site.code(secret))
    assert (school.path, school.code) == ("/", 200)
    at_desk = site.browser("staff")
    at_desk.cookies = dict(school.cookies)
    at_desk.get("/exceptions")
    assert at_desk.path == "/sign-in"


@pytest.mark.parametrize("refusal", SignInRefusal)
def test_every_refusal_has_a_sentence_in_both_languages(site: Site, refusal: SignInRefusal) -> None:
    texts = {
        language: site.house.templates._of[language]
        .from_string("{% import 'parts.html' as parts %}{{ parts.refused(error) }}")
        .render(error=refusal)
        for language in ("zh", "en")
    }
    assert len(texts["zh"].strip()) > 5
    assert len(texts["en"].strip()) > 5
    assert texts["zh"] != texts["en"]


def test_the_log_says_that_somebody_signed_in_once_the_code_was_right(site: Site) -> None:
    def signed_in() -> int:
        found = site.store.connection.execute("SELECT count(*) FROM audit WHERE action = 'signed_in'").fetchone()
        return int(found[0])

    secret = site.add_ready("wang", Role.ADMIN)
    browser = site.browser()
    browser.sign_in("wang", CHOSEN)
    browser.send(code="000000")
    assert signed_in() == 0
    assert "device" not in browser.cookies
    browser.send(code=site.code(secret))
    assert signed_in() == 1
    assert "device" in browser.cookies
    site.signed_in("li", Role.DESK)
    assert signed_in() == 2
