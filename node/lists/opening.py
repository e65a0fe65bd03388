"""The tables of a file, by what is in it: its name and its ending prove nothing.

Promises: a file is measured before it is read, and looked over before a reader is let at it.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final

from node.lists.limits import FILE_BYTES
from node.lists.refusals import CannotRead, Why
from node.lists.tables import Table
from node.lists.text_tables import csv_table
from node.lists.workbooks import xls_tables, xlsx_tables

__all__ = ["tables_in"]

_HEAD_BYTES: Final = 4096
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHERS: Final = (
    (b"%PDF", "PDF 文件"),
    (b"{\\rtf", "RTF 文档"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"GIF8", "图片"),
    (b"BM", "图片"),
    (b"Rar!", "压缩包"),
    (b"7z\xbc\xaf", "压缩包"),
    (b"\x1f\x8b", "压缩包"),
    (b"MZ", "程序"),
    (b"\x7fELF", "程序"),
    (b"SQLite format", "数据库"),
    (b"\x09\x08", "Excel 95 或更早的工作簿"),
    (b"\x09\x04", "Excel 95 或更早的工作簿"),
    (b"\x09\x02", "Excel 95 或更早的工作簿"),
)
_MARKUP: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[!?a-z]", re.IGNORECASE)
_XML_SHEET: Final = b"urn:schemas-microsoft-com:office:spreadsheet"
_BINARY: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def tables_in(path: Path) -> list[Table]:
    """Errors: CannotRead."""
    try:
        head = _head(path)
        if head.startswith(_ZIP):
            return xlsx_tables(path)
        if head.startswith(_OLE):
            return xls_tables(path)
        _refuse_other_formats(head)
        return [csv_table(path)]
    except FileNotFoundError:
        raise CannotRead(Why.NO_FILE) from None
    except OSError as error:
        raise CannotRead(Why.NOT_READABLE, error.strerror or "") from error


def _head(path: Path) -> bytes:
    size = path.stat().st_size
    if size > FILE_BYTES:
        raise CannotRead(Why.TOO_LARGE)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise CannotRead(Why.EMPTY if len(head) == size else Why.UNKNOWN_FORMAT)
    return head


def _refuse_other_formats(head: bytes) -> None:
    for beginning, name in _OTHERS:
        # column names may begin with the two letters of a picture or a program; a NUL near them tells
        if head.startswith(beginning) and (len(beginning) > 2 or b"\0" in head[:64]):
            raise CannotRead(Why.OTHER_FORMAT, name)
    if _XML_SHEET in head:
        raise CannotRead(Why.OTHER_FORMAT, "XML 表格")
    if _MARKUP.match(_as_bytes(head)):
        raise CannotRead(Why.HTML)
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and _is_binary(head):
        raise CannotRead(Why.UNKNOWN_FORMAT)


def _as_bytes(head: bytes) -> bytes:
    """Markup may be written in UTF-16."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").encode("utf-8")
    return head


def _is_binary(head: bytes) -> bool:
    """UTF-16 without a mark has a NUL in every second place of ASCII, and few control characters."""
    nuls = head.count(0)
    if nuls and min(head[::2].count(0), head[1::2].count(0)) > nuls // 4:
        return True
    return len(_BINARY.findall(head)) > len(head) // 50 and not nuls
