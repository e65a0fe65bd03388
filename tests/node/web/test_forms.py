"""Forms: only the browser that was shown one may send it, once, and what it holds is never more than text."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from node.domain.accounts import Role
from node.domain.staff import StaffKind
from node.service.office.audit import verify
from tests.node.office.offices import ADMINISTRATOR, CHOSEN
from tests.node.web.sites import Site

NOTE = "已在架上找到，重新办理还书"


@pytest.fixture
def site() -> Site:
    site = Site()
    for number in range(3):
        site.call(StaffKind.RETURN_UNKNOWN_ITEM, op=f"o{number}")
    return site


def rows(site: Site, sql: str) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = site.store.connection.execute(sql).fetchall()
    return found


CLOSED = "SELECT id, closed_by, closing_note FROM staff_exception WHERE closed_at_ms IS NOT NULL"
CLOSINGS = "SELECT subject FROM audit WHERE action = 'exception_closed'"


def test_staff_see_what_needs_them_open_one_and_close_it(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    assert "待处理 <b>3</b>" in browser.text
    browser.get("/exceptions/2")
    assert "CQSPB0100000001" in browser.text
    browser.send(note=f"  {NOTE} ")
    assert browser.path == "/exceptions"
    assert "编号 2 已关闭" in browser.text
    assert "待处理 <b>2</b>" in browser.text
    assert rows(site, CLOSED) == [(2, "wang老师", NOTE)]
    assert rows(site, CLOSINGS) == [("exception/2",)]
    assert site.done(verify)[1] is None
    browser.get("/exceptions/closed")
    assert "/exceptions/2" in browser.text
    browser.get("/exceptions/2")
    assert NOTE in browser.text
    assert "<textarea" not in browser.text


def test_a_form_that_is_sent_again_does_nothing_again(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    form = {**browser.hidden(), "note": NOTE}
    for _ in range(3):
        browser.post("/exceptions/2", **form)
        assert "编号 2 已关闭" in browser.text
    assert rows(site, CLOSINGS) == [("exception/2",)]


def test_who_comes_second_sees_that_it_is_closed_and_by_whom(site: Site) -> None:
    one, two = site.signed_in("wang", Role.DESK), site.signed_in("li", Role.DESK)
    one.get("/exceptions/2")
    two.get("/exceptions/2")
    one.send(note=NOTE)
    two.send(note="另一个说明")
    assert two.path == "/exceptions/2"
    assert "wang老师" in two.text
    assert rows(site, CLOSED) == [(2, "wang老师", NOTE)]
    assert len(rows(site, CLOSINGS)) == 1


def test_the_form_of_one_account_is_no_form_of_another(site: Site) -> None:
    one, two = site.signed_in("wang", Role.DESK), site.signed_in("li", Role.DESK)
    one.get("/exceptions/2")
    form = {**one.hidden(), "note": NOTE}
    one.send(note=NOTE)
    two.get("/exceptions/1")
    two.post("/exceptions/1", token=two.hidden()["token"], id=form["id"], note=NOTE)
    assert two.code == 403
    two.post("/exceptions/1", **form)
    assert two.code == 403
    assert len(rows(site, CLOSINGS)) == 1


@pytest.mark.parametrize("token", ["", "0" * 64, "é", "undefined"])
def test_a_form_without_the_browsers_token_does_nothing(site: Site, token: str) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    browser.send(note=NOTE, token=token)
    assert browser.code == 403
    assert "没有生效" in browser.text
    assert rows(site, CLOSED) == []


def test_a_form_that_another_site_sends_does_nothing_even_with_the_token(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    browser.ask("POST", "/exceptions/2", {**browser.hidden(), "note": NOTE}, cross_site=True)
    assert browser.code == 403
    assert rows(site, CLOSED) == []


def test_nobody_is_signed_in_by_a_form_that_another_browser_was_shown(site: Site) -> None:
    """Else a stranger's page could sign somebody in to the stranger's account."""
    site.add_ready("wang", Role.DESK)
    stranger, victim = site.browser(), site.browser()
    stranger.get("/sign-in")
    victim.get("/sign-in")
    victim.post("/sign-in", token=stranger.hidden()["token"], login="wang", password=CHOSEN)
    assert victim.code == 403


@pytest.mark.parametrize("form_id", ["", "1", "g" * 32, "0" * 31, "0" * 33, "' OR 1=1 --"])
def test_a_form_without_an_id_of_ours_does_nothing(site: Site, form_id: str) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    browser.send(note=NOTE, id=form_id)
    assert browser.code == 403
    assert rows(site, CLOSED) == []


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("", "写明做了什么"),
        ("   \n ", "写明做了什么"),
        ("长" * 301, "写明做了什么"),
        ("a\x00b", "写明做了什么"),
        ("读者 2350010000011 已归还", "像卡号"),
        ("电话 13812345678", "像卡号"),
        ("身份证 50010120120101123X", "像卡号"),
    ],
)
def test_a_note_that_cannot_be_taken_says_why_and_what_was_typed_stays(site: Site, note: str, said: str) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    browser.send(note=note)
    assert (browser.code, browser.path) == (422, "/exceptions/2")
    assert said in browser.text
    assert f">{note}</textarea>" in browser.text
    assert rows(site, CLOSED) == []
    browser.send(note=NOTE)
    assert browser.code == 200
    assert len(rows(site, CLOSED)) == 1


def test_an_exception_that_is_not_there_is_a_page_that_is_not_there(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/99")
    assert browser.code == 404
    assert "没有这一页，或者不是您可以看的" in browser.text


def test_what_others_write_stays_text(site: Site) -> None:
    evil = "\"><script>alert(1)</script><b a='{{ 7*7 }}"
    site.call(StaffKind.REFUND_DUE, op=evil, barcode=evil, detail=evil)
    browser = site.signed_in("wang", Role.DESK)
    for path in ("/exceptions", "/exceptions/4"):
        browser.get(path)
        raw = browser.answer.body.decode()
        assert "<script" not in raw
        assert "49" not in raw.replace("#39;", "")
        assert "&lt;script&gt;" in raw


def test_a_login_that_was_typed_stays_text(site: Site) -> None:
    browser = site.browser()
    browser.sign_in('"><img src=x onerror=alert(1)>', "wrong wrong")
    assert "<img" not in browser.answer.body.decode()


def test_a_long_list_comes_in_pages() -> None:
    site = Site()
    for number in range(45):
        site.call(StaffKind.RETURN_UNKNOWN_ITEM, op=f"o{number}")
    browser = site.signed_in("wang", Role.DESK)
    seen = []
    while True:
        seen.append(browser.text.count('class="card"'))
        if "下一页" not in browser.text:
            break
        browser.get(browser.text.split('class="more" href="')[1].split('"')[0])
    assert seen == [20, 20, 5]
    for number in range(25):
        browser.get(f"/exceptions/{number + 1}")
        browser.send(note=NOTE)
    browser.get("/exceptions/closed")
    assert browser.text.count('class="card"') == 20
    browser.get(browser.text.split('class="more" href="')[1].split('"')[0])
    assert browser.text.count('class="card"') == 5


def test_english_is_one_click_away_and_leads_back(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    browser.get("/exceptions/2")
    token = browser.hidden()["token"]
    browser.post("/language", token=token, to="en", back="/exceptions/2")
    assert browser.path == "/exceptions/2"
    assert "What happened" in browser.text
    assert '<html lang="en">' in browser.text
    browser.post("/language", token=token, to="zh", back="/exceptions/2")
    assert "怎么办" in browser.text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_the_switch_of_language_leads_to_pages_of_ours_only(site: Site, back: str) -> None:
    browser = site.signed_in("wang", Role.DESK)
    answer = browser.ask("POST", "/language", {"token": browser.hidden()["token"], "to": "en", "back": back})
    assert answer.location in ("/", "") or answer.code == 403
    browser.get("/exceptions/2")
    answer = browser.ask("POST", "/language", {"token": browser.hidden()["token"], "to": "en", "back": back})
    assert answer.location == "/"


def test_an_accident_is_logged_and_the_page_says_nothing_of_it(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    site.store.connection.execute("DROP TABLE staff_exception")
    browser.get("/exceptions")
    assert browser.code == 500
    assert "staff_exception" not in browser.text
    assert len(site.log.failures) == 1


def test_an_administrator_reads_who_has_an_account_and_what_was_done(site: Site) -> None:
    browser = site.signed_in("boss", Role.ADMIN)
    site.add("new", Role.DESK, Role.CARDS)
    browser.get("/staff")
    assert "new老师" in browser.text
    assert "还没有登录过" in browser.text
    browser.get("/audit")
    assert "boss老师" in browser.text
    assert "新增账号" in browser.text


def test_requests_are_counted_by_page_and_never_by_what_is_in_an_address(site: Site) -> None:
    browser = site.signed_in("wang", Role.DESK)
    for path in ("/exceptions/1", "/exceptions/2", "/exceptions/99", "/audit", "/2350010000011"):
        browser.get(path)

    def count(page: str, outcome: str) -> float | None:
        return site.registry.get_sample_value("tongjie_web_requests_total", {"page": page, "outcome": outcome})

    assert count("exception", "answered") == 2
    assert count("exception", "refused") == 1
    assert count("audit", "refused") == 1
    assert count("other", "refused") == 1
    assert count("staff", "answered") == 0
    assert b"2350010000011" not in generate_latest(site.registry)
    site.store.connection.execute("DROP TABLE staff_exception")
    browser.get("/exceptions")
    assert count("exceptions", "error") == 1


def test_who_is_forgotten_has_no_name_in_the_books_any_more(site: Site) -> None:
    for login, number in (("wang", 1), ("li", 2)):
        browser = site.signed_in(login, Role.DESK)
        browser.get(f"/exceptions/{number}")
        browser.send(note=NOTE)
    now_ms = site.wall_ms()
    site.done(lambda tx: site.accounts.disable(tx, ADMINISTRATOR, "wang", now_ms=now_ms, reason="调离"))
    assert (
        site.done(lambda tx: site.accounts.forget(tx, ADMINISTRATOR, "wang", now_ms=now_ms, reason="已满一年")) is None
    )
    text = "\n".join(site.store.connection.iterdump())
    assert "wang" not in text
    assert "li老师" in text
    assert site.done(verify)[1] is None
