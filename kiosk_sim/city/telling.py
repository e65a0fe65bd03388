"""The demo's voice: progress while the city starts, an account of each step, where things are. Colour on a terminal,
plain text in a pipe, or one JSON object a step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kiosk_sim.city.account import Lang, StepResult, Words
from kiosk_sim.city.city import City

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
        self._say(Words(f"文件在 {city.root}", f"files in {city.root}"), "dim")

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
        table = Table(box=None, pad_edge=False)
        for heading in ("", "", "SIP2", "HTTP", "node.toml"):
            table.add_column(heading, no_wrap=True)
        for branch in city.branches:
            library = branch.library
            table.add_row(
                library.code,
                library.name,
                str(library.sip2_port),
                str(library.http_port),
                str(branch.config(city.root)),
            )
        self._console.print(table, soft_wrap=True)
        self._say(
            Words(f"账号、读者、馆藏见 {world}；按 Ctrl-C 结束", f"accounts, readers, items: {world}; Ctrl-C to end"),
            "bold",
        )

    def _say(self, words: Words, style: str) -> None:
        if not self._json:
            self._line(words.of(self._lang), style)

    def _line(self, line: str, style: str) -> None:
        # soft wrap: in a pipe a line stays a line
        self._console.print(Text(line, style), soft_wrap=True)


def _as_json(result: StepResult) -> str:
    return json.dumps({**asdict(result), "ok": result.ok}, ensure_ascii=False)
