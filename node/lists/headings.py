"""The row of a sheet that names the columns, as schools write it.

Promises: a column is found by its name alone, never by its place or by what stands below it. Two columns of one
meaning are a refusal, not a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from node.lists.remarks import Column

__all__ = ["MANDATORY", "Places", "column_of", "columns_in", "count_of_mandatory"]

Places = Mapping[Column, Sequence[int]]

MANDATORY: Final = (Column.NAME, Column.NUMBER, Column.PHONE, Column.CONSENT)

_NAMES: Final[Mapping[Column, str]] = {
    Column.NAME: "学生姓名 姓名 学生名字 名字 学生 孩子姓名 幼儿姓名 儿童姓名 读者姓名 学生名 学生真实姓名 name",
    Column.NUMBER: (
        "学生身份证号码 学生身份证号 学生身份证 身份证号码 身份证号 身份证 居民身份证 居民身份证号码 居民身份证号 "
        "公民身份号码 公民身份证号码 身份号码 证件号码 证件号 学生证件号码 学生证件号 学生身份证件号码 身份证件号码 "
        "身份证件号 孩子身份证号码 孩子身份证号 幼儿身份证号码 幼儿身份证号 儿童身份证号码 身份证件 学生公民身份号码"
    ),
    Column.PHONE: (
        "联系人电话 联系电话 电话 电话号码 联系人电话号码 联系电话号码 手机 手机号 手机号码 联系手机 联系人手机 "
        "联系人手机号 联系人手机号码 联系人联系电话 家长电话 家长手机 家长手机号 家长手机号码 家长联系电话 "
        "家长电话号码 监护人电话 监护人手机 监护人手机号 监护人手机号码 监护人联系电话 监护人电话号码 联系方式 "
        "家长联系方式 监护人联系方式 联系人方式 联系人联系方式 移动电话 tel phone mobile"
    ),
    Column.CONSENT: (
        "监护人同意 监护人是否同意 监护人同意办卡 监护人是否同意办卡 监护人意见 家长同意 家长是否同意 家长同意办卡 "
        "家长是否同意办卡 家长意见 是否同意 是否同意办卡 同意 同意办卡 监护人是否同意办理借阅卡 是否同意办理借阅卡"
    ),
    Column.GUARDIAN: "监护人姓名 监护人 家长姓名 家长 联系人 联系人姓名",
    Column.RELATION: "与学生关系 与学生的关系 关系 与孩子关系 与监护人关系 监护人与学生关系 监护人关系 与本人关系 称谓",
    Column.DOCUMENT: "证件类型 学生证件类型 身份证件类型 证件种类 证件类别 身份证类型 证件名称",
}
_COLUMNS: Final = {name: column for column, names in _NAMES.items() for name in names.split()}
_REMARK: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|[\s*:;,?!。、_\-·/\u200b-\u200f\ufeff]")


def column_of(cell: str) -> Column | None:
    """Which column a cell names: blanks, signs, full width and what stands in brackets make no difference."""
    if not cell or len(cell) > 60:
        return None
    return _COLUMNS.get(_REMARK.sub("", unicodedata.normalize("NFKC", cell)).lower())


def columns_in(cells: Sequence[str]) -> Places:
    """The places (from 0) of the columns that a row names; more than one where several cells mean the same."""
    found: dict[Column, list[int]] = {}
    for place, cell in enumerate(cells):
        if column := column_of(cell):
            found.setdefault(column, []).append(place)
    return found


def count_of_mandatory(places: Places) -> int:
    return sum(column in places for column in MANDATORY)
