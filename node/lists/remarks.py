"""What can be said of a row of a list: each kind once, with its sentence in both languages.

Promises: a remark holds a kind, a column and row numbers, never what stands in a cell. A sentence says what is wrong
and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

__all__ = ["Column", "Kind", "Language", "Remark", "column_name", "sentence"]

Language: TypeAlias = Literal["zh", "en"]


class Column(StrEnum):
    """The columns of a list. The value is the name in JSON."""

    NAME = "name"
    NUMBER = "number"
    PHONE = "phone"
    CONSENT = "consent"
    GUARDIAN = "guardian"
    RELATION = "relation"
    DOCUMENT = "document"


class Kind(StrEnum):
    """What is wrong with a row or a cell (first group: the row is refused), or what somebody should look at."""

    CONSENT_EMPTY = "consent_empty"
    CONSENT_NO = "consent_no"
    CONSENT_UNCLEAR = "consent_unclear"
    EMPTY = "empty"
    SHORTENED = "shortened"
    FORMULA = "formula"
    FORMULA_FAILED = "formula_failed"
    MERGED = "merged"
    TOO_LONG = "too_long"
    CONTROL = "control"
    NAME_PLACEHOLDER = "name_placeholder"
    NAME_SIGNS = "name_signs"
    NUMBER_LENGTH = "number_length"
    NUMBER_SIGNS = "number_signs"
    NUMBER_OF_ANOTHER = "number_of_another"
    CHECK_DIGIT = "check_digit"
    CHECK_DIGIT_ZEROS = "check_digit_zeros"
    BIRTH_DATE = "birth_date"
    BIRTH_FUTURE = "birth_future"
    RESIDENCE_FORM = "residence_form"
    HONG_KONG_FORM = "hong_kong_form"
    TAIWAN_FORM = "taiwan_form"
    PASSPORT_FORM = "passport_form"
    DOCUMENT_UNKNOWN = "document_unknown"
    PHONE_FORM = "phone_form"
    PHONE_AREA = "phone_area"
    EXAMPLE_LEFT = "example_left"
    DUPLICATE = "duplicate"
    LINE = "line"
    BEYOND = "beyond"

    AGE = "age"
    REGION = "region"
    FIFTEEN = "fifteen"
    PHONE_SEVERAL = "phone_several"
    PHONE_WORDS = "phone_words"
    NAME_PRIVATE = "name_private"
    NAME_SHORT = "name_short"
    GUARDIAN_LEFT_OUT = "guardian_left_out"
    RELATION_LEFT_OUT = "relation_left_out"
    SAME_NAME_AND_PHONE = "same_name_and_phone"
    HIDDEN_ROW = "hidden_row"


@dataclass(frozen=True, slots=True)
class Remark:
    """`column` None for the row as a whole; `other_row` where another row is meant too."""

    kind: Kind
    column: Column | None = None
    other_row: int | None = None


_NAMES: Final[Mapping[Column, tuple[str, str]]] = {
    Column.NAME: ("学生姓名", "the pupil's name"),
    Column.NUMBER: ("学生身份证号码", "the pupil's document number"),
    Column.PHONE: ("联系人电话", "the contact's phone"),
    Column.CONSENT: ("监护人同意", "the guardian's consent"),
    Column.GUARDIAN: ("监护人姓名", "the guardian's name"),
    Column.RELATION: ("与学生关系", "the relation to the pupil"),
    Column.DOCUMENT: ("证件类型", "the type of the document"),
}

_SENTENCES: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.CONSENT_EMPTY: (
        "监护人同意没有填。请先征得监护人同意，再填“是”",
        "the guardian's consent is empty; ask the guardian first, then write 是",
    ),
    Kind.CONSENT_NO: (
        "监护人没有同意，不能办卡，这一行的内容没有读取",
        "the guardian does not consent: no card, and nothing else of this row was read",
    ),
    Kind.CONSENT_UNCLEAR: (
        "监护人同意只能填“是”或者“否”，请改正",
        "the guardian's consent must be 是 or 否; correct it",
    ),
    Kind.EMPTY: ("{column}没有填，请补上", "{column} is empty; fill it in"),
    Kind.SHORTENED: (
        "{column}被电子表格当成数值改过，后几位已经丢失。请把这一列设成文本格式，对照证件重新输入",
        "{column} was taken for a quantity and shortened by the spreadsheet; format the column as text, type it again",
    ),
    Kind.FORMULA: (
        "{column}是公式，不能读取。请复制这一列，用“选择性粘贴”只粘贴数值，再上传",
        "{column} is a formula; paste the values in its place",
    ),
    Kind.FORMULA_FAILED: (
        "{column}的公式出错了，显示的是错误代码。请直接填写内容",
        "{column} is a formula that failed; write the value itself",
    ),
    Kind.MERGED: (
        "{column}在合并的单元格里，看不出属于哪一行。请取消合并，每行单独填写",
        "{column} is part of a merged cell; undo the merge and fill in each row",
    ),
    Kind.TOO_LONG: ("{column}太长，请核对是不是填错了格子", "{column} is too long; is it in the right cell?"),
    Kind.CONTROL: (
        "{column}里有换行或者看不见的控制字符，请删掉这一格，重新输入",
        "{column} holds a line break or a control character; clear the cell and type it again",
    ),
    Kind.NAME_PLACEHOLDER: (
        "{column}里有问号或者方框，多半是生僻字没有显示出来。请对照证件重新输入",
        "{column} holds a question mark or a box in place of a rare character; type it again",
    ),
    Kind.NAME_SIGNS: (
        "{column}里有数字、括号或者其他符号，这一格只写姓名，请改正",
        "{column} holds digits or signs; write the name alone",
    ),
    Kind.NUMBER_LENGTH: (
        "{column}位数不对，身份证号码应当是 18 位，请对照证件改正",
        "{column} has the wrong length: an ID number has 18 digits",
    ),
    Kind.NUMBER_SIGNS: (
        "{column}里有不该有的字符，应当是 17 位数字加最后一位数字或 X，请对照证件改正",
        "{column} must be 17 digits, then a digit or X",
    ),
    Kind.NUMBER_OF_ANOTHER: (
        "{column}不像身份证号码。如果是护照或者通行证，请在“证件类型”一列里选好类型",
        "{column} is no ID number; if it is a passport or a permit, choose that in 证件类型",
    ),
    Kind.CHECK_DIGIT: (
        "{column}的最后一位校验码对不上，多半有一位输错了，请对照证件改正",
        "{column} has a wrong check digit: one of its digits is wrong",
    ),
    Kind.CHECK_DIGIT_ZEROS: (
        "{column}的最后几位都是 0，校验码对不上，多半被电子表格改过。请把这一列设成文本格式，对照证件重新输入",
        "{column} ends in zeros, as a spreadsheet makes of a long number; format the column as text, type it again",
    ),
    Kind.BIRTH_DATE: (
        "{column}里的出生日期不存在，请对照证件改正",
        "{column} holds a date of birth that does not exist",
    ),
    Kind.BIRTH_FUTURE: (
        "{column}里的出生日期还没有到，请对照证件改正",
        "{column} holds a date of birth in the future",
    ),
    Kind.RESIDENCE_FORM: (
        "{column}不是港澳台居民居住证的号码，应当是以 81、82 或 83 开头的 18 位，请对照证件改正",
        "{column} is no number of a residence permit: 18 digits that begin with 81, 82 or 83",
    ),
    Kind.HONG_KONG_FORM: (
        "{column}不是港澳通行证的号码，应当是字母 H 或 M 加 8 位数字，请对照证件改正",
        "{column} is no number of a permit of Hong Kong or Macao: H or M and 8 digits",
    ),
    Kind.TAIWAN_FORM: (
        "{column}不是台胞证的号码，应当是 8 位数字，请对照证件改正",
        "{column} is no number of a permit of Taiwan: 8 digits",
    ),
    Kind.PASSPORT_FORM: (
        "{column}不是护照号码，应当是 5 到 20 位字母和数字，请对照护照改正",
        "{column} is no number of a passport: 5 to 20 letters and digits",
    ),
    Kind.DOCUMENT_UNKNOWN: (
        "证件类型认不出来，请从下拉列表里选一种；是居民身份证的可以不填",
        "the type of the document is unknown; choose one of the list",
    ),
    Kind.PHONE_FORM: (
        "{column}不是有效的手机或者座机号码，请核对后改正",
        "{column} is no phone number; correct it",
    ),
    Kind.PHONE_AREA: (
        "{column}是座机号码，但没有写区号。请补上区号，例如 023-63600000",
        "{column} lacks the area code; write it as 023-63600000",
    ),
    Kind.EXAMPLE_LEFT: (
        "这一行还留着模板示例的内容，请改成学生本人的姓名和号码，或者删掉这一行",
        "this row still holds part of the template's example; correct or remove it",
    ),
    Kind.DUPLICATE: (
        "{column}与第 {row} 行相同，同一个学生只能有一行。请删掉一行；号码填错的请改正",
        "{column} is that of row {row} too; remove one of the two, or correct the number",
    ),
    Kind.LINE: (
        "这一行的双引号不配对，读不出来。请删掉引号和单元格里的换行，或者改用 Excel 模板",
        "the quotes of this line are not closed; remove them, or use the template",
    ),
    Kind.BEYOND: (
        "这一行的内容比表头的列多，各格可能错位了。请检查有没有多余的逗号，或者改用 Excel 模板",
        "this line has more cells than there are columns; look for commas too many, or use the template",
    ),
    Kind.AGE: (
        "按{column}推算，年龄不在 3 到 20 岁之间。请核对是不是学生本人的号码",
        "by {column} the age is not between 3 and 20; is it the pupil's own?",
    ),
    Kind.REGION: (
        "{column}的前两位不是常见的地区代码，请对照证件核对",
        "{column} begins with an unusual region; compare it with the document",
    ),
    Kind.FIFTEEN: (
        "{column}是 15 位的旧号码，已经换算成 18 位，请对照证件核对",
        "{column} was of 15 digits and was made one of 18; compare it with the document",
    ),
    Kind.PHONE_SEVERAL: (
        "{column}里有几个号码，只收了第一个；要用别的号码，请只留下那一个",
        "{column} holds several numbers; the first was taken",
    ),
    Kind.PHONE_WORDS: (
        "{column}里除了号码还有别的内容（例如称呼、分机号），只收了号码，请核对",
        "{column} holds words or an extension beside the number; the number alone was taken",
    ),
    Kind.NAME_PRIVATE: (
        "{column}里有自造字，别的电脑上可能显示不出来，请核对",
        "{column} holds a private character that other computers may not show",
    ),
    Kind.NAME_SHORT: ("{column}只有一个字，请核对是不是漏了字", "{column} is one character; is it complete?"),
    Kind.GUARDIAN_LEFT_OUT: (
        "监护人姓名写法不对，这一格没有收（可以不填），请核对",
        "the guardian's name can't be read and was left out",
    ),
    Kind.RELATION_LEFT_OUT: (
        "与学生关系认不出来，这一格没有收（可以不填），请从下拉列表里选",
        "the relation to the pupil is unknown and was left out; choose one of the list",
    ),
    Kind.SAME_NAME_AND_PHONE: (
        "姓名和电话与第 {row} 行相同，但号码不同。请核对是不是同一个学生填了两次",
        "name and phone are those of row {row}, the number is not; is it the same pupil?",
    ),
    Kind.HIDDEN_ROW: (
        "这一行在表格里是隐藏的，也读取了。不要的话，请删掉这一行",
        "this row is hidden in the sheet and was read all the same; remove it if it is not meant",
    ),
}


def column_name(column: Column, language: Language) -> str:
    """As the sentences name it, and the template."""
    return _NAMES[column][0 if language == "zh" else 1]


def sentence(remark: Remark, language: Language) -> str:
    """What is wrong and what to do, without a full stop."""
    place = 0 if language == "zh" else 1
    column = column_name(remark.column, language) if remark.column else ""
    return _SENTENCES[remark.kind][place].format(column=column, row=remark.other_row)
