"""The pages in a real browser, over TLS, from a real node: what staff do, with a keyboard alone, and for everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, Route

from tests.pages.browsers import CHROMIUM, MISSING, Chromium, chromium
from tests.pages.library import PASSWORD, Library, choose_password, library, sign_in, walk

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=MISSING)

NOTE = "已在架上找到，重新办理还书"
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library(tmp_path_factory.mktemp("pages") / "city") as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as found:
        yield found


def test_the_desk_signs_in_the_first_time_and_closes_an_exception_with_the_keyboard_alone(
    at: Library, browser: Chromium
) -> None:
    def work(page: Page) -> None:
        page.goto(at.address)
        # the cursor stands in the one field that matters
        page.locator("#login:focus").wait_for()
        page.keyboard.type("wang")
        page.keyboard.press("Tab")
        page.keyboard.type(at.passwords["wang"])
        page.keyboard.press("Enter")
        page.locator("#present:focus").wait_for()
        for text in (at.passwords["wang"], PASSWORD, PASSWORD):
            page.keyboard.insert_text(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="待处理事项").wait_for()
        page.locator(".card").nth(1).focus()
        page.keyboard.press("Enter")
        page.get_by_label("做了什么").focus()
        page.keyboard.insert_text(NOTE)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.get_by_text("编号 2 已关闭").wait_for()
        page.go_back()
        page.reload()
        page.get_by_text(NOTE).wait_for()
        assert page.get_by_label("做了什么").count() == 0

    browser.visit(work)


def test_two_clicks_on_one_button_close_one_exception_once(at: Library, browser: Chromium) -> None:
    def work(page: Page) -> None:
        at.add("li", "李老师", "desk")
        sign_in(page, at, "li", at.passwords["li"])
        choose_password(page, at, "li")
        page.locator(".tabs").wait_for()
        page.goto(f"{at.address}/exceptions/3")
        page.get_by_label("做了什么").fill(NOTE)
        page.get_by_role("button", name="关闭事项 3").dblclick(no_wait_after=True)
        page.get_by_text("编号 3 已关闭").wait_for()

    browser.visit(work)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits_a_telephone(at: Library, browser: Chromium, scheme: str) -> None:
    """An administrator's first morning, in both languages: no finding of axe, no sideways scrolling, no error."""
    login = f"guan-{scheme}"
    at.add(login, "关馆长", "admin,cards")
    number = at.call_staff(scheme)
    seen: list[str] = []
    wrong: list[str] = []

    def check(name: str, page: Page) -> None:
        seen.append(name)
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"{name} at {width} scrolls sideways")
        found = Axe().run(page)
        wrong.extend(f"{name}: {each['id']} {each['help']}" for each in found.response["violations"])

    def work(page: Page) -> None:
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.on("console", lambda said: wrong.append(said.text) if "Refused" in said.text else None)
        page.on("response", lambda answer: wrong.extend(_too_much(answer)))
        walk(page, at, check, login, number)

    browser.visit(work)
    assert wrong == []
    assert len(seen) == 14


def _too_much(answer: Response) -> list[str]:
    length = int(answer.headers.get("content-length", "0"))
    return [f"{answer.url}: {length} bytes"] if length > MOST_BYTES else []


def test_the_pages_of_english_speakers_have_no_chinese_but_names(at: Library, browser: Chromium) -> None:
    def work(page: Page) -> str:
        page.goto(f"{at.address}/sign-in")
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        return page.locator("main").inner_text()

    assert not any("一" <= each <= "鿿" for each in browser.visit(work))


@pytest.mark.parametrize("policy", ["as it is", "left out"])
def test_a_script_that_somebody_smuggled_in_would_not_run(at: Library, browser: Chromium, policy: str) -> None:
    """The policy is the second wall: here a script is put into the page as an attacker would. Without it, it runs."""

    def work(page: Page) -> bool:
        page.goto(f"{at.address}/sign-in")
        body = page.content().replace("</main>", "<script>document.title='taken'</script></main>")

        def smuggle(route: Route) -> None:
            answer = route.fetch(url=f"{at.address}/sign-in")
            kept = {key: value for key, value in answer.headers.items() if not key.startswith("content-")}
            if policy == "as it is":
                kept["content-security-policy"] = answer.headers["content-security-policy"]
            route.fulfill(status=200, headers=kept, content_type="text/html", body=body)

        page.route("**/smuggled", smuggle)
        page.goto(f"{at.address}/smuggled")
        return page.title() == "taken"

    assert browser.visit(work) is (policy == "left out")


def test_axe_would_find_something(browser: Chromium) -> None:
    """Else its silence means nothing."""

    def work(page: Page) -> set[str]:
        page.set_content("<html><body><img src='x'><input><p style='color:#ccc;background:#fff'>pale</p></body></html>")
        return {each["id"] for each in Axe().run(page).response["violations"]}

    assert {"image-alt", "label", "color-contrast", "html-has-lang"} <= browser.visit(work)
