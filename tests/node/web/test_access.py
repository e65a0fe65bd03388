"""The table of pages, tried whole: every page at every door, as every role, at every stage, and without a session."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from node.domain.accounts import AccountKind, Role, Stage
from node.domain.staff import StaffKind
from node.service.office.accounts import Account
from node.service.office.sessions import Guest
from node.web.access import NUMBER, PAGES, Access, PageName, access, find_page, methods_at
from node.web.composing import HANDLERS
from tests.node.office.offices import CHOSEN, FIRST
from tests.node.web.sites import Browser, Site

# Written apart from the table: what a reviewer expects of it. (method, path) -> who reaches it at the staff's door.
EVERYBODY = {"nobody", "code", "password", "enrol", *Role}
SIGNED_IN = {*Role}
EXPECTED: dict[str, set[str]] = {
    "GET /style.css": EVERYBODY,
    "POST /language": EVERYBODY,
    "GET /sign-in": EVERYBODY,
    "POST /sign-in": EVERYBODY,
    "GET /sign-in/code": {"code"},
    "POST /sign-in/code": {"code"},
    "GET /password": {"password", *SIGNED_IN},
    "POST /password": {"password", *SIGNED_IN},
    "GET /sign-in/app": {"enrol"},
    "POST /sign-in/app": {"enrol"},
    "POST /sign-out": EVERYBODY - {"nobody"},
    "GET /": SIGNED_IN,
    "GET /exceptions": SIGNED_IN,
    "GET /exceptions/closed": SIGNED_IN,
    "GET /exceptions/{number}": SIGNED_IN,
    "POST /exceptions/{number}": SIGNED_IN,
    "GET /staff": {Role.ADMIN},
    "GET /audit": {Role.ADMIN},
}
AT_THE_STREET = {
    *("GET /style.css", "POST /language", "GET /sign-in", "POST /sign-in", "GET /sign-in/code", "POST /sign-in/code"),
    *("GET /password", "POST /password", "GET /sign-in/app", "POST /sign-in/app", "POST /sign-out", "GET /"),
}
FOR_READERS = {"GET /style.css", "POST /language"}


def at_stage(site: Site, who: str) -> Browser:
    """A browser of somebody who has come so far."""
    if who in list(Role):
        return site.signed_in(f"is-{who}", Role(who))
    browser = site.browser()
    if who == "code":
        site.add_ready("is-code", Role.ADMIN)
        browser.sign_in("is-code", CHOSEN)
    elif who == "password":
        site.add("is-password", Role.ADMIN)
        browser.sign_in("is-password", FIRST)
    elif who == "enrol":
        site.add("is-enrol", Role.ADMIN)
        browser.sign_in("is-enrol", FIRST)
        browser.send(present=FIRST, chosen=CHOSEN, again=CHOSEN)
    else:
        browser.get("/sign-in")
    return browser


@pytest.fixture(scope="module")
def browsers() -> dict[str, Browser]:
    site = Site()
    site.call(StaffKind.RETURN_UNKNOWN_ITEM)
    return {who: at_stage(site, who) for who in sorted(EVERYBODY)}


def reached(browser: Browser, asked: str) -> bool:
    """Whether the page itself answered. A GET is answered with 200 or leads on; a POST comes as far as its token."""
    method, path = asked.replace("{number}", "1").split(" ")
    cookies = dict(browser.cookies)
    answer = browser.ask(method, path)
    browser.cookies = cookies
    if method == "POST":
        return answer.code == 403 and "页面已过期" in answer.body.decode()
    return answer.code == 200 or answer.location == {"/": "/exceptions"}.get(path, "-")


def test_the_table_and_what_a_reviewer_expects_have_the_same_pages() -> None:
    assert {f"{page.method} {page.path}" for page in PAGES} == set(EXPECTED)
    assert {page.name for page in PAGES} == set(PageName) == set(HANDLERS)


@pytest.mark.parametrize(("asked", "who"), [*product(EXPECTED, sorted(EVERYBODY))])
def test_every_page_is_allowed_or_refused_as_the_table_says(browsers: dict[str, Browser], asked: str, who: str) -> None:
    if asked == "GET /sign-in" and who != "nobody":
        # whoever is signed in is led on to what comes next
        assert browsers[who].ask("GET", "/sign-in").location
        return
    assert reached(browsers[who], asked) is (who in EXPECTED[asked])


@pytest.mark.parametrize("asked", EXPECTED)
@pytest.mark.parametrize(("door", "there"), [("school", AT_THE_STREET), ("reader", FOR_READERS)])
def test_at_the_street_there_are_no_pages_of_staff(asked: str, door: str, there: set[str]) -> None:
    method, path = asked.replace("{number}", "1").split(" ")
    assert (find_page(method, path, [door]) is not None) is (asked in there)
    answer = Site().browser(door).ask(method, path)
    assert answer.code != 404 if asked in there else answer.code == 404


def guests() -> Iterator[Guest | None]:
    yield None
    for stage, has in product(Stage, product([False, True], repeat=len(Role))):
        roles = frozenset(role for role, wanted in zip(Role, has, strict=True) if wanted)
        account = Account(
            "a", AccountKind.STAFF, "l", "n", roles, first_password=False, has_factor=True, disabled=False
        )
        yield Guest(account, stage, "")


def test_the_table_answers_for_every_set_of_roles_at_every_stage() -> None:
    """An account with several roles reaches what one of them reaches; one without a role reaches no page of work."""
    for page, guest in product(PAGES, guests()):
        expected = EXPECTED[f"{page.method} {page.path}"]
        if guest is None:
            allowed = "nobody" in expected
        elif guest.stage is Stage.FULL:
            allowed = bool(expected & guest.account.roles) or expected == EVERYBODY
        else:
            allowed = str(guest.stage) in expected
        assert (access(page, guest) is Access.YES) is allowed, (page.path, guest)


@pytest.mark.parametrize(
    "path",
    [
        *("/exceptions/", "/exceptions/0", "/exceptions/01", "/exceptions/-1", "/exceptions/1x", "/exceptions/١"),
        *("//exceptions", "/EXCEPTIONS", "/exceptions/1/2", "/.git", "/exceptions%2F1", "", "/../etc/passwd"),
        *(f"/exceptions/{'9' * 19}", "/sign-in/", "/static/tongjie.css", "/healthz", "/metrics"),
    ],
)
def test_what_is_not_in_the_table_does_not_exist(path: str) -> None:
    assert Site().browser().ask("GET", path).code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "POST"])
def test_another_method_is_refused(method: str) -> None:
    assert Site().browser().ask(method, "/exceptions").code == 405


def test_405_is_for_paths_that_exist_at_that_door_only() -> None:
    assert methods_at("/exceptions", ["staff"]) == ["GET"]
    assert methods_at("/exceptions", ["school", "reader"]) == []
    assert NUMBER


def test_a_role_that_is_taken_away_is_gone_with_the_next_click() -> None:
    from tests.node.office.offices import ADMINISTRATOR

    site = Site()
    browser = site.signed_in("wang", Role.ADMIN)
    browser.get("/audit")
    assert browser.code == 200
    roles = frozenset({Role.CARDS})
    site.done(lambda tx: site.accounts.change_roles(tx, ADMINISTRATOR, "wang", roles, now_ms=site.wall_ms()))
    browser.get("/audit")
    assert browser.code == 403
    assert "没有这一页的权限" in browser.text


def test_a_disabled_account_is_out_with_the_next_click() -> None:
    from tests.node.office.offices import ADMINISTRATOR

    site = Site()
    browser = site.signed_in("wang", Role.DESK)
    site.done(lambda tx: site.accounts.disable(tx, ADMINISTRATOR, "wang", now_ms=site.wall_ms(), reason="离职"))
    browser.get("/exceptions")
    assert browser.path == "/sign-in"
