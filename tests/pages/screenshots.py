"""A picture of every page at the widths of a telephone and of a desk: `make screenshots`, into a folder."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page

from tests.pages.browsers import chromium
from tests.pages.library import library, walk

WIDTHS = (390, 1280)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)

    def show(name: str, page: Page) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)

    with tempfile.TemporaryDirectory() as root, library(Path(root) / "city") as at, chromium() as browser:
        browser.visit(lambda page: walk(page, at, show))
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
