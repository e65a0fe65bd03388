"""One library as a real process with pages over TLS, some staff, and some exceptions; and a walk through every page."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from playwright.sync_api import Page

from node.domain.staff import StaffKind
from node.service.staff import call_staff
from node.storage.beside import write_beside
from node.storage.desk.exceptions import list_exceptions
from node.storage.store import Tx
from tests.end_to_end.one_node import CODE, OneNode, one_node
from tests.end_to_end.served_city import run

PASSWORD = "一把旧椅子 靠窗 2026"
WEB = """
[[web.listener]]
host = "127.0.0.1"
port = {tls_port}
certificate = "../certs/CQSPB.pem"
key = "../certs/CQSPB.key"
audience = ["staff"]
"""

Show = Callable[[str, Page], None]
"""Called with the name of each page, when it is there."""


@dataclass
class Library:
    """`secrets`: of the apps that were set up, by login; a code is good once, so each is used for the next step."""

    node: OneNode
    passwords: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.node.tls_port}"

    def add(self, login: str, name: str, roles: str) -> None:
        arguments = ("--name", name, "--roles", roles, "--by", "馆长", "--json", "--config", str(self.node.config))
        added = run("staff", "add", login, *arguments)
        assert added.returncode == 0, added.stderr
        self.passwords[login] = json.loads(added.stdout)["first_password"]

    def call_staff(self, morning: str) -> int:
        """What a morning brings; the number of the first."""
        now_ms = time.time_ns() // 1_000_000
        barcode = self.node.barcode()

        def work(tx: Tx) -> int:
            for number, kind in enumerate(
                (StaffKind.RETURN_UNKNOWN_ITEM, StaffKind.NO_BLOCK_QUOTA, StaffKind.REFUND_DUE, StaffKind.HOLD_EXPIRED)
            ):
                at_ms = now_ms - (4 - number) * 5_000_000
                detail = "CQSPB" if number == 1 else "180 fen" if number == 2 else ""
                call_staff(
                    tx,
                    kind,
                    op=f"{morning}-{number}",
                    at_ms=at_ms,
                    barcode=barcode,
                    terminal=f"{CODE}-K1",
                    detail=detail,
                )
            return min(row.id for row in list_exceptions(tx, closed_too=True) if row.op.startswith(f"{morning}-"))

        return write_beside(self.node.config.parent / "node.db", CODE, work)

    def code(self, login: str) -> str:
        """The next code that was not used yet: at most one step ahead of the clock, which is taken."""
        now = time.time_ns() // 30_000_000_000
        step = max(now, self.steps.get(login, 0) + 1)
        self.steps[login] = step
        return pyotp.TOTP(self.secrets[login]).generate_otp(step)


@contextmanager
def library(root: Path) -> Iterator[Library]:
    with one_node(root, WEB) as node:
        found = Library(node)
        found.add("wang", "王小梅", "desk")
        found.add("guan", "关馆长", "admin,cards")
        found.call_staff("page")
        yield found


def sign_in(page: Page, at: Library, login: str, password: str) -> None:
    page.goto(f"{at.address}/sign-in")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码", exact=True).fill(password)
    page.keyboard.press("Enter")


def choose_password(page: Page, at: Library, login: str) -> None:
    page.get_by_label("现在的密码").wait_for()
    page.get_by_label("现在的密码").fill(at.passwords[login])
    page.get_by_label("新密码", exact=True).fill(PASSWORD)
    page.get_by_label("再输入一次新密码").fill(PASSWORD)
    page.keyboard.press("Enter")


def set_up_app(page: Page, at: Library, login: str) -> None:
    at.secrets[login] = (page.locator(".secret").text_content() or "").replace(" ", "")
    page.get_by_label("应用里现在显示的 6 位数字").fill(at.code(login))
    page.keyboard.press("Enter")


def walk(page: Page, at: Library, show: Show, login: str = "guan", number: int = 1) -> None:
    """An administrator's first morning: every page is shown once."""

    def shown(name: str, mark: str) -> None:
        """When that stands on the page."""
        page.locator(mark).first.wait_for()
        page.wait_for_load_state()
        show(name, page)

    sign_in(page, at, login, "falsches passwort")
    shown("sign-in-refused", ".error")
    page.goto(f"{at.address}/sign-in")
    shown("sign-in", "#login")
    sign_in(page, at, login, at.passwords[login])
    shown("password", "#chosen")
    choose_password(page, at, login)
    shown("app", ".qr")
    set_up_app(page, at, login)
    shown("exceptions", ".tabs")
    page.locator(f'.card[href="/exceptions/{number}"]').click()
    shown("exception", "#note")
    page.get_by_label("做了什么").fill("读者电话 13812345678，已归还")
    page.get_by_role("button", name=f"关闭事项 {number}").click()
    shown("exception-refused", ".error")
    page.get_by_label("做了什么").fill("已在架上找到，重新办理还书")
    page.get_by_role("button", name=f"关闭事项 {number}").click()
    shown("exceptions-after-closing", ".done")
    page.get_by_role("link", name="已关闭").click()
    shown("exceptions-closed", '.tabs [href="/exceptions/closed"][aria-current]')
    page.goto(f"{at.address}/exceptions/{number}")
    shown("exception-closed", ".facts")
    page.get_by_role("link", name="工作人员").click()
    shown("staff", "table .tag")
    page.get_by_role("link", name="审计日志").click()
    shown("audit", "table .number")
    page.goto(f"{at.address}/nothing")
    shown("not-found", "main a")
    page.get_by_role("button", name="退出").click()
    page.locator("#login").wait_for()
    sign_in(page, at, login, PASSWORD)
    shown("code", "input.code")
