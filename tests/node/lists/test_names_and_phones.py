"""Names and phones in canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.lists.names import read_name
from node.lists.phones import read_phone
from node.lists.remarks import Kind

SEVERAL, WORDS = Kind.PHONE_SEVERAL, Kind.PHONE_WORDS


@given(st.text(alphabet="王小明阿里·•．. \u3000\u200bＡb-'买〇\ue000𠮷，1?（\n", max_size=20).filter(str.strip))
def test_the_canonical_form_of_a_canonical_name_is_itself(text: str) -> None:
    read = read_name(text)
    if read.wrong is None:
        assert read_name(read.name) == read


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("王 小 明", "王小明"),
        ("\u3000王小明\u3000", "王小明"),
        ("欧阳\u200b娜娜", "欧阳娜娜"),
        ("阿依古丽•买买提", "阿依古丽·买买提"),
        ("阿依古丽．买买提", "阿依古丽·买买提"),
        ("阿依古丽.买买提", "阿依古丽·买买提"),
        ("阿依古丽 ・ 买买提", "阿依古丽·买买提"),
        ("王小明。", "王小明"),
        ("Ｊｏｈｎ  A. Smith", "John A. Smith"),
        ("O'Neil-李", "O'Neil-李"),
        ("𠮷田𫠉", "𠮷田𫠉"),
        ("王\U0002ebf0", "王\U0002ebf0"),
        ("张〇", "张〇"),
    ],
)
def test_a_name_is_brought_into_one_form(text: str, name: str) -> None:
    assert (read_name(text).name, read_name(text).wrong, read_name(text).doubts) == (name, None, ())


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("王小明2", Kind.NAME_SIGNS),
        ("王小明（转学）", Kind.NAME_SIGNS),
        ("13812345678", Kind.NAME_SIGNS),
        ("·", Kind.NAME_SIGNS),
        ("王强、李明", Kind.NAME_SIGNS),
        ("王□明", Kind.NAME_PLACEHOLDER),
        ("王？明", Kind.NAME_PLACEHOLDER),
        ("王\ufffd", Kind.NAME_PLACEHOLDER),
        ("王\n明", Kind.CONTROL),
        ("王\x07", Kind.CONTROL),
        ("王" * 61, Kind.TOO_LONG),
        ("😀王", Kind.NAME_SIGNS),
    ],
)
def test_what_is_no_name_says_why(text: str, kind: Kind) -> None:
    assert read_name(text).wrong is kind


@pytest.mark.parametrize(("text", "kind"), [("王\ue123", Kind.NAME_PRIVATE), ("王", Kind.NAME_SHORT)])
def test_what_may_be_a_mistake_is_a_doubt(text: str, kind: Kind) -> None:
    assert read_name(text).doubts == (kind,)


@given(st.text(alphabet="0123456789+-() 转,、爸:", max_size=40).filter(str.strip))
def test_the_canonical_form_of_a_canonical_phone_is_itself(text: str) -> None:
    read = read_phone(text)
    if read.wrong is None:
        assert read_phone(read.phone).phone == read.phone


@pytest.mark.parametrize(
    ("text", "phone", "doubts"),
    [
        ("13812345678", "+8613812345678", ()),
        ("138 1234-5678", "+8613812345678", ()),
        ("＋86 138１２345678", "+8613812345678", ()),
        ("0086-13812345678", "+8613812345678", ()),
        ("8613812345678", "+8613812345678", ()),
        ("023-63612345", "+862363612345", ()),
        ("（023）6361 2345", "+862363612345", ()),
        ("2363612345", "+862363612345", ()),  # a spreadsheet took the 0
        ("+852 9123 4567", "+85291234567", ()),
        ("023-63612345-801", "+862363612345", (WORDS,)),
        ("023—63612345转801", "+862363612345", (WORDS,)),
        ("妈妈13812345678", "+8613812345678", (WORDS,)),
        ("13812345678（妈妈）", "+8613812345678", (WORDS,)),
        ("138 1234 5678，139 1234 5678", "+8613812345678", (SEVERAL,)),
        ("13812345678/023-63612345", "+8613812345678", (SEVERAL,)),
        ("13812345678 13912345678", "+8613812345678", (SEVERAL,)),
        ("13812345678\n13912345678", "+8613812345678", (SEVERAL,)),
        ("爸:13812345678 妈:13912345678", "+8613812345678", (SEVERAL, WORDS)),
    ],
)
def test_a_phone_is_brought_into_one_form(text: str, phone: str, doubts: tuple[Kind, ...]) -> None:
    read = read_phone(text)
    assert (read.phone, read.wrong, read.doubts) == (phone, None, doubts)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("63612345", Kind.PHONE_AREA),
        ("6361-2345", Kind.PHONE_AREA),
        ("138123456789", Kind.PHONE_FORM),
        ("1381234567", Kind.PHONE_FORM),
        ("12012345678", Kind.PHONE_FORM),
        ("110", Kind.PHONE_FORM),
        ("4008123456", Kind.PHONE_FORM),
        ("没有", Kind.PHONE_FORM),
        ("1" * 81, Kind.TOO_LONG),
    ],
)
def test_what_is_no_phone_says_why(text: str, kind: Kind) -> None:
    assert read_phone(text).wrong is kind


def test_names_and_phones_are_not_shown() -> None:
    assert "王小明" not in repr(read_name("王小明"))
    assert "138" not in repr(read_phone("13812345678"))
