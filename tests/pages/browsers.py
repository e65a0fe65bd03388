"""Chromium without a screen, for tests of the pages and for their pictures.

Debian's `chromium` is used, driven by playwright in a thread of its own: the reactor of the tests stays where it is.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from playwright.sync_api import Browser, Page, sync_playwright

T = TypeVar("T")

CHROMIUM = shutil.which("chromium")
MISSING = "no chromium here: apt-get install chromium"
PATIENCE_MS = 120_000
"""A busy machine is slow."""


class Chromium:
    """One browser. `visit` gives the work a page of a new person: no cookie of the others is in it."""

    def __init__(self, browser: Browser, thread: ThreadPoolExecutor) -> None:
        self._browser = browser
        self._thread = thread

    def visit(self, work: Callable[[Page], T], width: int = 1280) -> T:
        return self._thread.submit(self._visit, work, width).result()

    def _visit(self, work: Callable[[Page], T], width: int) -> T:
        context = self._browser.new_context(
            ignore_https_errors=True, viewport={"width": width, "height": 900}, locale="zh-CN"
        )
        context.set_default_timeout(PATIENCE_MS)
        try:
            return work(context.new_page())
        finally:
            context.close()


@contextmanager
def chromium() -> Iterator[Chromium]:
    assert CHROMIUM is not None, MISSING
    with ThreadPoolExecutor(1) as thread:
        playwright = thread.submit(lambda: sync_playwright().start()).result()
        browser = thread.submit(
            lambda: playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE_MS)
        ).result()
        try:
            yield Chromium(browser, thread)
        finally:
            thread.submit(browser.close).result()
            thread.submit(playwright.stop).result()
