"""How `tongjie exceptions` speaks: one exception as lines of text, in Chinese or English, or as an object of JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from node.domain.calendar import SHANGHAI
from node.domain.staff_sentences import Language, Sentence, sentence_of
from node.storage.desk.exceptions import ExceptionRow

__all__ = ["WORDS", "Listed", "Words", "described", "headed"]

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Listed:
    """A row, and what is said with it. `libraries`: (code, name) of those that its detail names."""

    row: ExceptionRow
    libraries: tuple[tuple[str, str], ...]
    now_ms: int
    language: Language

    @property
    def sentence(self) -> Sentence:
        return sentence_of(self.row.kind, self.language)

    @property
    def age_s(self) -> int:
        return max(0, self.now_ms - self.row.at_ms) // 1000

    def as_json(self) -> dict[str, Any]:
        """Instants are ISO 8601 in UTC; `closed_...` are null while it is open."""
        row = self.row
        return {
            "id": row.id,
            "kind": row.kind,
            "happened": self.sentence.happened,
            "to_do": self.sentence.to_do,
            "barcode": row.barcode,
            "terminal": row.terminal,
            "libraries": [code for code, _name in self.libraries],
            "detail": row.detail,
            "op": row.op,
            "at": _iso(row.at_ms),
            "age_s": self.age_s,
            "closed_at": None if row.closed_at_ms is None else _iso(row.closed_at_ms),
            "closed_by": row.closed_by,
            "closing_note": row.closing_note,
        }


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language. Texts with {} are formats."""

    title: str
    ages: tuple[str, str, str, str]
    item: str
    terminal: str
    libraries: str
    happened: str
    to_do: str
    at: str
    detail: str
    op: str
    closed: str
    unknown: str
    twice: str
    closed_now: str
    bad_text: str
    private: str

    def age(self, age_s: int) -> str:
        """In the largest unit that fits."""
        now, minutes, hours, days = self.ages
        if age_s < _MINUTE_S:
            return now
        if age_s < _HOUR_S:
            return minutes.format(age_s // _MINUTE_S)
        return hours.format(age_s // _HOUR_S) if age_s < _DAY_S else days.format(age_s // _DAY_S)

    def closed_before(self, listed: Listed) -> str:
        """Why it can't be closed: it is closed, since when, by whom."""
        return self.twice.format(id=listed.row.id, closed=self.closing(listed.row))

    def closing(self, row: ExceptionRow) -> str:
        """When it was closed, by whom and why."""
        return self.closed.format(
            at=_local(row.closed_at_ms or 0), by=row.closed_by or "-", note=row.closing_note or "-"
        )


WORDS: Final[Mapping[Language, Words]] = {
    "zh": Words(
        title="{library}：共 {count} 条，待处理 {open} 条",
        ages=("刚刚", "{}分钟前", "{}小时前", "{}天前"),
        item="条码",
        terminal="终端",
        libraries="相关图书馆",
        happened="情况",
        to_do="处理",
        at="时间",
        detail="明细",
        op="业务编号",
        closed="{at} 由 {by} 关闭：{note}",
        unknown="没有编号为 {id} 的异常，请用 tongjie exceptions list 查看",
        twice="编号 {id} 已经关闭，不能再次关闭（{closed}）",
        closed_now="编号 {id} 已关闭",
        bad_text="请填写 1 到 {longest} 个可显示的字符",
        private="备注中不要写读者的卡号、身份证号或电话号码",
    ),
    "en": Words(
        title="{library}: {count} exceptions, {open} of them open",
        ages=("just now", "{} min ago", "{} h ago", "{} d ago"),
        item="item",
        terminal="terminal",
        libraries="libraries",
        happened="what happened",
        to_do="what to do",
        at="at",
        detail="detail",
        op="operation",
        closed="closed {at} by {by}: {note}",
        unknown="there is no exception {id}; see tongjie exceptions list",
        twice="exception {id} is closed already and can't be closed again ({closed})",
        closed_now="exception {id} is closed",
        bad_text="write 1 to {longest} printable characters",
        private="a note must not hold a reader's card, ID or telephone number",
    ),
}


def headed(library: str, listed: Sequence[Listed], words: Words) -> str:
    """The first line of a list."""
    open_ones = sum(each.row.closed_at_ms is None for each in listed)
    return words.title.format(library=library, count=len(listed), open=open_ones)


def described(listed: Listed, words: Words, *, whole: bool = False) -> Iterator[str]:
    """The lines about one exception; `whole`: with its detail, time and operation."""
    row = listed.row
    yield f"#{row.id}  {words.age(listed.age_s)}  {_plain(row.kind)}"
    for label, value in _facts(listed, words, whole):
        if value:
            yield f"    {label}: {_plain(value)}"


def _facts(listed: Listed, words: Words, whole: bool) -> Iterator[tuple[str, str]]:
    row = listed.row
    yield words.item, row.barcode
    yield words.terminal, row.terminal
    yield words.libraries, ", ".join(name for _code, name in listed.libraries)
    if whole or row.detail not in (code for code, _name in listed.libraries):
        yield words.detail, row.detail
    if whole:
        yield words.at, _local(row.at_ms)
        yield words.op, row.op
    yield words.happened, listed.sentence.happened
    yield words.to_do, listed.sentence.to_do
    if row.closed_at_ms is not None:
        yield "✓", words.closing(row)


def _plain(text: str) -> str:
    """Kinds and barcodes come from other libraries too: what would steer a terminal is not printed."""
    return "".join(each if each.isprintable() else "?" for each in text)


def _local(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
