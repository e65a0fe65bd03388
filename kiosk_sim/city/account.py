"""What a step of the story hands back, and the notebook in which it is written down while the step runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Lang: TypeAlias = Literal["zh", "en"]


class Words(NamedTuple):
    """The same sentence in the two languages of the demo."""

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step as it went: `done`, `expected` and `got` hold one line for each thing checked, in that order."""

    number: int
    name_zh: str
    name_en: str
    done: tuple[str, ...]
    expected: tuple[str, ...]
    got: tuple[str, ...]
    oks: tuple[bool, ...]

    @property
    def ok(self) -> bool:
        """A step that checked nothing has not gone well."""
        return bool(self.oks) and all(self.oks)


@dataclass(slots=True)
class Notebook:
    """Collects what a step does; every check is three lines and a verdict."""

    lang: Lang
    done: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    oks: list[bool] = field(default_factory=list)

    def check(self, did: Words, expected: Words, got: str, ok: bool) -> bool:
        """Write one check down; returns `ok`."""
        self.done.append(did.of(self.lang))
        self.expected.append(expected.of(self.lang))
        self.got.append(got)
        self.oks.append(ok)
        return ok

    def result(self, number: int, name: Words) -> StepResult:
        lines = (tuple(self.done), tuple(self.expected), tuple(self.got), tuple(self.oks))
        return StepResult(number, name.zh, name.en, *lines)
