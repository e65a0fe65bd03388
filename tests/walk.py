"""Which files and functions one transaction of a kiosk runs through, at all three libraries, in order.

    python -m tests.walk              the numbers and the files
    python -m tests.walk --functions  each function at its first call

The walks of ARCHITECTURE.md follow it. The nodes are whole; wires and the clock are those of the small city.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from tests.node.service.small_city import SmallCity

ROOT = Path(__file__).parents[1]
FLOORS = ("sip2", "federation", "node")
BRANCH, HOME, OWNER = "CQBB", "CQSPB", "CQCQ"


def walked(act: Callable[[], object]) -> list[tuple[str, str]]:
    """(file, function) of ours at its first call, in order."""
    found: dict[tuple[str, str], None] = {}

    def called(frame: FrameType, event: str, _argument: object) -> None:
        file, name = Path(frame.f_code.co_filename), frame.f_code.co_qualname
        if event != "call" or name.endswith(">") or not file.is_relative_to(ROOT):
            return  # not ours, or a lambda, a comprehension
        if file.relative_to(ROOT).parts[0] in FLOORS:
            found[(str(file.relative_to(ROOT)), name)] = None

    sys.setprofile(called)
    try:
        act()
    finally:
        sys.setprofile(None)
    return list(found)


def _show(title: str, steps: list[tuple[str, str]]) -> None:
    files = list(dict.fromkeys(file for file, _ in steps))
    lines = [f"{file}: {function}" for file, function in steps] if "--functions" in sys.argv else files
    sys.stdout.write(f"{title}: {len(files)} files, {len(steps)} functions\n")
    sys.stdout.writelines(f"  {line}\n" for line in lines)


def main() -> None:
    """Card, item and kiosk are of three libraries; the item comes back ten days late."""
    city = SmallCity()
    desk = city.kiosk(BRANCH)
    desk.ask(desk.checkout(city.card(HOME, 2), city.item(OWNER, 2)))  # compiles what is compiled at its first use
    request = desk.checkout(city.card(HOME), city.item(OWNER))
    _show("a checkout", walked(lambda: desk.ask(request)))
    city.pass_days(40)
    back = desk.checkin(city.item(OWNER))
    _show("a late return", walked(lambda: desk.ask(back)))


if __name__ == "__main__":
    main()
