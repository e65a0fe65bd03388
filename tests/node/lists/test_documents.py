"""Numbers of documents in canonical form."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.lists.documents import Document, DocumentType, document_type, read_number, with_18_digits
from node.lists.remarks import Kind
from tests.node.lists.sheets import TODAY, number

CARD = DocumentType.IDENTITY_CARD
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
born = st.dates(date(1930, 1, 1), TODAY).map(lambda day: day.strftime("%Y%m%d"))
numbers = st.builds(number, st.integers(0, 999), born, st.integers(0, 999_999).map("{:06}".format))
blanks = st.sampled_from(["", " ", "\u3000", "\t", "\u200b", "'", "-", "\ufeff"])


def digit_of_gb_11643(body: str) -> str:
    """The check digit as the standard's table gives it, apart from the library that the code uses."""
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


@given(numbers)
def test_the_check_digit_is_that_of_the_standard(good: str) -> None:
    assert good[17] == digit_of_gb_11643(good[:17])
    assert read_number(good, CARD, TODAY).document == Document(CARD, good)


@given(numbers, st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(good: str, place: int, added: int) -> None:
    if good[place] != "X":
        wrong = good[:place] + str((int(good[place]) + added) % 10) + good[place + 1 :]
        assert read_number(wrong, CARD, TODAY).wrong in (Kind.CHECK_DIGIT, Kind.CHECK_DIGIT_ZEROS)


@given(numbers, st.integers(0, 16))
def test_two_digits_in_the_wrong_order_are_always_found(good: str, place: int) -> None:
    wrong = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
    if wrong != good:
        assert read_number(wrong, CARD, TODAY).document is None


@given(numbers, st.lists(blanks, min_size=18, max_size=18), st.booleans(), st.booleans())
def test_the_canonical_form_does_not_depend_on_how_it_was_typed(
    good: str, between: list[str], wide: bool, small: bool
) -> None:
    typed = "".join(map("".join, zip(between, good, strict=True)))
    typed = typed.lower() if small else typed
    if wide:
        typed = typed.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)} | {ord("X"): "Ｘ", ord("x"): "ｘ"})
    document = read_number(typed, CARD, TODAY).document
    assert document == Document(CARD, good)
    assert read_number(document.number, CARD, TODAY).document == document


@given(st.integers(0, 999), st.dates(date(1930, 1, 1), date(1999, 12, 31)))
def test_fifteen_digits_become_the_eighteen_of_the_same_person(order: int, day: date) -> None:
    whole = number(order, day.strftime("%Y%m%d"))
    short = whole[:6] + whole[8:17]
    read = read_number(short, CARD, TODAY)
    assert (with_18_digits(short), read.document) == (whole, Document(CARD, whole))
    assert Kind.FIFTEEN in read.doubts


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("50010620150304001", Kind.NUMBER_LENGTH),
        ("5001062015030400112", Kind.NUMBER_LENGTH),
        ("5001O6201503040011", Kind.NUMBER_SIGNS),
        ("X00106201503040011", Kind.NUMBER_SIGNS),
        ("H12345678", Kind.NUMBER_OF_ANOTHER),
        ("E12345678", Kind.NUMBER_OF_ANOTHER),
        ("12345678", Kind.NUMBER_OF_ANOTHER),
        ("王小明", Kind.NUMBER_SIGNS),
        (number(1, "20150230"), Kind.BIRTH_DATE),
        (number(1, "20151301"), Kind.BIRTH_DATE),
        (number(1, "20260902"), Kind.BIRTH_FUTURE),
        ("500106201503040000", Kind.CHECK_DIGIT_ZEROS),
    ],
)
def test_what_is_no_number_says_why(text: str, kind: Kind) -> None:
    assert read_number(text, CARD, TODAY).wrong is kind


@pytest.mark.parametrize("region", ["830000", "910000", "510212", "500106", "810000", "440300"])
def test_regions_that_a_library_of_regions_refuses_are_taken_without_a_word(region: str) -> None:
    assert read_number(number(1, region=region), CARD, TODAY).doubts == ()


@pytest.mark.parametrize("region", ["000000", "161234", "472000", "551234", "661234", "720000", "840000"])
def test_a_region_that_does_not_exist_is_a_doubt(region: str) -> None:
    assert read_number(number(1, region=region), CARD, TODAY).doubts == (Kind.REGION,)


@pytest.mark.parametrize(("days", "doubted"), [(0, False), (1, True)])
def test_the_age_is_a_doubt_from_the_day_on(days: int, doubted: bool) -> None:
    youngest = date(2023, 9, 1) + timedelta(days)
    assert (Kind.AGE in read_number(number(1, youngest.strftime("%Y%m%d")), CARD, TODAY).doubts) == doubted
    oldest = date(2005, 9, 2) - timedelta(days)
    assert (Kind.AGE in read_number(number(1, oldest.strftime("%Y%m%d")), CARD, TODAY).doubts) == doubted


@pytest.mark.parametrize(
    ("type_", "text", "canonical"),
    [
        (DocumentType.HONG_KONG_MACAO_PERMIT, "h12345678", "H12345678"),
        (DocumentType.HONG_KONG_MACAO_PERMIT, "Ｍ1234567801", "M12345678"),
        (DocumentType.TAIWAN_PERMIT, "12345678", "12345678"),
        (DocumentType.TAIWAN_PERMIT, "1234567801（Ｂ）", "12345678"),
        (DocumentType.PASSPORT, " e12345678 ", "E12345678"),
        (DocumentType.RESIDENCE_PERMIT, number(1, region="830000"), number(1, region="830000")),
    ],
)
def test_other_documents_have_forms_of_their_own(type_: DocumentType, text: str, canonical: str) -> None:
    document = read_number(text, type_, TODAY).document
    assert document == Document(type_, canonical)
    assert read_number(canonical, type_, TODAY).document == document


@pytest.mark.parametrize(
    ("type_", "text", "kind"),
    [
        (DocumentType.HONG_KONG_MACAO_PERMIT, "A12345678", Kind.HONG_KONG_FORM),
        (DocumentType.HONG_KONG_MACAO_PERMIT, number(1), Kind.HONG_KONG_FORM),
        (DocumentType.TAIWAN_PERMIT, "1234567", Kind.TAIWAN_FORM),
        (DocumentType.PASSPORT, "护照", Kind.PASSPORT_FORM),
        (DocumentType.PASSPORT, "ABCDEFG", Kind.PASSPORT_FORM),
        (DocumentType.RESIDENCE_PERMIT, number(1), Kind.RESIDENCE_FORM),
        (DocumentType.RESIDENCE_PERMIT, number(1, region="830000")[:17] + "?", Kind.RESIDENCE_FORM),
    ],
)
def test_a_number_of_another_document_is_refused(type_: DocumentType, text: str, kind: Kind) -> None:
    assert read_number(text, type_, TODAY).wrong is kind


def test_one_person_has_one_key_whatever_the_document_is_called() -> None:
    same = number(1, region="830000")
    assert Document(CARD, same).key == Document(DocumentType.RESIDENCE_PERMIT, same).key == same
    others = {Document(each, "12345678").key for each in (DocumentType.TAIWAN_PERMIT, DocumentType.PASSPORT)}
    assert len(others) == 2


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("", CARD),
        (" 居民 身份证 ", CARD),
        ("回乡证", DocumentType.HONG_KONG_MACAO_PERMIT),
        ("港澳居民来往内地通行证（回乡证）", DocumentType.HONG_KONG_MACAO_PERMIT),
        ("台湾居民来往大陆通行证", DocumentType.TAIWAN_PERMIT),
        ("Passport", DocumentType.PASSPORT),
        ("学生证", None),
    ],
)
def test_types_of_documents_are_known_by_their_usual_names(text: str, type_: DocumentType | None) -> None:
    assert document_type(text) is type_


def test_a_document_shows_no_number() -> None:
    assert number(1) not in repr(Document(CARD, number(1)))
    assert number(1) not in repr(read_number(number(1), CARD, TODAY))
