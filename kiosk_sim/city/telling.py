"""The demo's voice: progress while the city starts, an account of each step, where things are. Colour on a terminal,
plain text in a pipe, or one JSON object a step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.text import Text

from kiosk_sim.city.account import Lang, StepResult, Words
from kiosk_sim.city.city import City
from kiosk_sim.city.plan import HOST

_STAGES = {
    "settings": Words("设置已写好", "settings written"),
    "stock": Words("书和借阅卡已导入", "books and cards imported"),
    "ready": Words("节点就绪", "node ready"),
}


class Telling:
    """Prints in one language; `as_json` prints nothing but a line of JSON for each step."""

    def __init__(self, console: Console, lang: Lang, as_json: bool) -> None:
        self._console = console
        self._lang = lang
        self._json = as_json

    def opening(self, city: City) -> None:
        names = "、".join(b.library.name for b in city.branches)
        codes = ", ".join(b.library.code for b in city.branches)
        self._say(Words(f"通借通还演示：{names}", f"tongjie demo: {codes}"), "bold")

    def progress(self, stage: str, code: str) -> None:
        self._say(Words(f"  {code} {_STAGES[stage].zh}", f"  {code} {_STAGES[stage].en}"), "dim")

    def step(self, result: StepResult) -> None:
        if self._json:
            self._console.out(_as_json(result), highlight=False)
            return
        mark, colour = ("✓", "green") if result.ok else ("✗", "red")
        name = result.name_zh if self._lang == "zh" else result.name_en
        self._console.print(Text.assemble((f"{mark} {result.number:2} ", f"bold {colour}"), (name, "bold")))
        for done, expected, got, ok in zip(result.done, result.expected, result.got, result.oks, strict=True):
            self._line(f"     {done} → {expected}", "" if ok else "red")
            self._line(f"       {got}", "dim" if ok else "red")

    def summary(self, results: Sequence[StepResult], took_s: float) -> None:
        failed = [str(result.number) for result in results if not result.ok]
        if failed:
            listed = ", ".join(failed)
            words = Words(
                f"{len(results)} 步中 {len(failed)} 步不符：{listed}（{took_s:.0f} 秒）",
                f"{len(failed)} of {len(results)} steps went wrong: {listed} ({took_s:.0f} s)",
            )
        else:
            words = Words(
                f"{len(results)} 步全部符合（{took_s:.0f} 秒）",
                f"all {len(results)} steps went as they must ({took_s:.0f} s)",
            )
        self._say(words, "bold red" if failed else "bold green")

    def kept(self, root: Path) -> None:
        self._say(Words(f"城市的文件留在 {root}", f"the city's files are kept in {root}"), "")

    def directions(self, city: City, world: Path) -> None:
        """Where everything is, for those who come to use the city."""
        if self._json:
            self._console.out(json.dumps({"world": str(world)}), highlight=False)
            return
        for branch in city.branches:
            library = branch.library
            page = f"http://{HOST}:{library.http_port}/"
            # the name last: its width on a terminal is not its number of characters
            name = self._words(Words(library.name, library.name_en))
            self._line(f"  {library.code:6} SIP2 {HOST}:{library.sip2_port}  {page}  {name}", "")
        self._say(
            Words(
                f"账号、读者、馆藏、各馆设置见 {world}；按 Ctrl-C 结束",
                f"accounts, readers, items, each library's settings: {world}; Ctrl-C to end",
            ),
            "bold",
        )
        self._say(Words("接下来可在另一窗口当一次自助机：", "next, be a kiosk in another window:"), "")
        self._line(f"  {' '.join(kiosk_command(city, self._lang))}", "bold")
        for line in kiosk_lines(city):
            self._line(f"  > {line}", "")

    def what_next(self) -> None:
        """Where to go from the story."""
        self._say(
            Words(
                "接下来：tongjie demo --serve 会让城市开着，并列出各馆状态页、账号和自助机命令",
                "next: tongjie demo --serve keeps the city open, and lists status pages, logins and a kiosk's command",
            ),
            "",
        )

    def _say(self, words: Words, style: str) -> None:
        if not self._json:
            self._line(self._words(words), style)

    def _words(self, words: Words) -> str:
        return words.of(self._lang)

    def _line(self, line: str, style: str) -> None:
        # soft wrap: in a pipe a line stays a line
        self._console.print(Text(line, style), soft_wrap=True)


def kiosk_command(city: City, lang: Lang) -> list[str]:
    """What to type to stand at a self-check of the first library."""
    branch = city.branches[0]
    device = next(each for each in branch.terminals if each.kind == "selfcheck")
    where = ["--connect", f"{HOST}:{branch.library.sip2_port}"]
    secret = ["--world", str(city.root / "world.json")]  # not the password: others can read command lines
    return ["tongjie", "kiosk", *where, "--login", device.login, *secret, "--lang", lang]


def kiosk_lines(city: City) -> list[str]:
    """What to type there: a reader borrows a book and looks at the account."""
    branch = city.branches[0]
    reader, item = branch.readers[0], next(each for each in branch.items if each.lendable)
    return [f"pin {reader.pin}", f"checkout {reader.card} {item.barcode}", f"patron {reader.card}", "quit"]


def _as_json(result: StepResult) -> str:
    return json.dumps({**asdict(result), "ok": result.ok}, ensure_ascii=False)
