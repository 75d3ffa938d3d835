"""Promise: a file is read whole or refused by name; what is wrong is named, never repeated."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos.batch import table, xlsx_file
from padpos.batch.choice import choice, written
from padpos.batch.report import Report
from padpos.batch.rows import Fault, Faulty, Row, rows
from padpos.counter.batch_words import BATCH
from padpos.counter.errors import Invalid
from tests.batch.files import ANNA, BORIS, CHINESE, ENGLISH, csv, saved, xlsx


def good(data: bytes, agreed: tuple[str, ...] = ()) -> list[Row]:
    """All rows of a file that has no faulty one."""
    found = list(rows(data, agreed))
    assert all(isinstance(row, Row) for row in found), found
    return [row for row in found if isinstance(row, Row)]


def report(data: bytes) -> Report:
    """A file looked through."""
    found = Report()
    for row in rows(data, ()):
        found.take(row)
    return found


def faults(data: bytes, agreed: tuple[str, ...] = ()) -> list[tuple[int, str, str]]:
    """(row, column, code) of everything wrong."""
    found = [row for row in rows(data, agreed) if isinstance(row, Faulty)]
    return [(fault.row, fault.column, fault.code) for row in found for fault in row.faults]


def refusal(data: bytes) -> str:
    """The code for which a file as a whole is refused."""
    with pytest.raises(Invalid) as caught:
        list(rows(data, ()))
    assert caught.value.code in BATCH
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("header", [CHINESE, ENGLISH], ids=["chinese", "english"])
def test_a_csv_is_the_same_in_every_encoding(encoding: str, header: tuple[str, ...]) -> None:
    anna, boris = good(csv([ANNA, BORIS], header, encoding))
    assert (anna.recipient.name, anna.recipient.phone, anna.recipient.address) == ANNA[:3]
    assert (anna.number, anna.contents, anna.grams, anna.category) == (2, "文具", 500, None)
    assert boris.recipient.phone == "073188000022"


def test_a_spreadsheet_says_the_same_as_a_csv_numbers_or_texts() -> None:
    as_number = (ANNA[0], int(ANNA[1]), *ANNA[2:4], 500.0)
    as_text = (*ANNA[:4], "500")
    first, second = good(xlsx([as_number, as_text]))
    (third,) = good(csv([ANNA]))
    assert first.recipient.phone == second.recipient.phone == third.recipient.phone == ANNA[1]
    assert first.grams == second.grams == third.grams == 500


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_separators_of_all_spreadsheets_are_known(delimiter: str) -> None:
    data = "\n".join(delimiter.join(map(str, row)) for row in (CHINESE, ANNA))
    assert len(good(data.encode())) == 1


def test_broken_encodings_are_refused_and_never_come_out_as_other_signs() -> None:
    whole = csv([ANNA, BORIS])
    place = whole.index("阳".encode()) + 1
    assert refusal(whole[:place] + whole[place + 1 :]) == "batch-encoding"
    assert refusal(b"\xef\xbb\xbf" + csv([ANNA], encoding="gb18030")) == "batch-encoding"
    assert refusal(csv([ANNA], encoding="gb18030") + b"\xff\xff") == "batch-encoding"
    assert refusal(csv([ANNA], encoding="utf-16")) == "batch-format"


def test_a_sign_nobody_can_read_is_a_fault_of_its_cell() -> None:
    assert faults(csv([("林\ue863", *ANNA[1:])])) == [(2, "A name", "cell-control")]
    assert faults(csv([("林\ufffd", *ANNA[1:])])) == [(2, "A name", "cell-control")]
    assert faults(csv([("林\0", *ANNA[1:])])) == [(2, "A name", "cell-control")]


@pytest.mark.parametrize(
    "cell", ["=1+1", "@SUM(A1)", "+SUM(A1)", "-2+3", '=HYPERLINK("x")', '="13800138000"', " =A1"]
)
def test_what_a_spreadsheet_would_compute_is_refused(cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    assert faults(csv([(*ANNA[:3], quoted, 1)])) == [(2, "D contents", "cell-formula")]
    assert faults(xlsx([(*ANNA[:3], cell, 1)])) == [(2, "D contents", "cell-formula")]


def test_a_number_with_its_country_is_no_formula() -> None:
    (row,) = good(csv([(ANNA[0], "+86 199-0000 0011", *ANNA[2:])]))
    assert row.recipient.phone == "+8619900000011"


def test_every_fault_of_a_row_is_named_with_row_and_column_and_no_value_of_it() -> None:
    bad = ("", "call me", "巷" * 61, "x" * 2000, "1.5")
    data = csv([ANNA, bad, BORIS])
    assert faults(data) == [
        (3, "A name", "name"),
        (3, "B phone", "phone"),
        (3, "C address", "address"),
        (3, "D contents", "cell-too-long"),
        (3, "E grams", "grams"),
    ]
    told = report(data)
    assert (told.good, told.faulty) == (2, 1)
    for value in bad[1:]:
        assert all(value not in fault.as_text() for fault in told.faults)


@pytest.mark.parametrize(
    ("value", "code"),
    [(date(1905, 1, 1), "cell-kind"), (True, "cell-kind"), (1e15, "cell-number"),
     (12.5, "cell-number"), (-3, "cell-number"), ("#N/A", "cell-kind")],
)  # fmt: skip
def test_a_cell_that_is_neither_text_nor_whole_number_is_a_fault(value: object, code: str) -> None:
    assert faults(xlsx([(*ANNA[:3], value, 1)])) == [(2, "D contents", code)]


def test_a_recipient_too_long_for_a_label_code_is_a_fault_at_import_not_at_the_printer() -> None:
    long = ("司徒" * 20, ANNA[1], "街" * 60, "文具", 1)
    assert faults(csv([long])) == [(2, "C address", "too-large")]


def test_goods_are_of_a_category_that_the_agreement_names() -> None:
    header = (*CHINESE, "品类")
    data = csv([(*ANNA, "书"), (*ANNA, "刀"), (*ANNA, "")], header)
    assert faults(data, ("书", "文具")) == [
        (3, "F category", "category"),
        (4, "F category", "category"),
    ]
    assert good(data)[0].category is None
    assert faults(csv([ANNA]), ("书",)) == [(2, "category", "category")]


def test_headers_that_are_missing_twice_or_without_a_unit_are_refused() -> None:
    assert refusal(csv([ANNA], (*CHINESE[:4], "重量"))) == "batch-header"
    assert refusal(csv([ANNA], (*CHINESE[:3], "姓名", CHINESE[4]))) == "batch-header-twice"
    assert refusal(csv([])) == "batch-empty"
    assert refusal(b"") == "batch-empty"


def test_blank_rows_are_passed_over_and_numbers_stay_those_of_the_spreadsheet() -> None:
    blank = ("",) * 5
    assert [row.number for row in good(csv([blank, ANNA, blank, BORIS]))] == [3, 5]
    assert [row.number for row in good(xlsx([(None,) * 5, ANNA, (None,) * 5, BORIS]))] == [3, 5]
    assert [row.number for row in good(csv([(*ANNA[:3], '"钢笔，\n"', 1), BORIS]))] == [2, 3]


def test_rows_on_two_sheets_are_refused_and_hidden_or_empty_sheets_are_not_read() -> None:
    assert refusal(xlsx([ANNA], more=[BORIS])) == "batch-sheets"
    assert len(good(xlsx([ANNA], more=[]))) == 1
    book = openpyxl.load_workbook(io.BytesIO(xlsx([ANNA], lists=[("一", "二")])))
    book["lists"].sheet_state = "hidden"
    assert len(good(saved(book))) == 1


def test_files_of_other_kinds_and_damaged_ones_are_refused() -> None:
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1") == "batch-format"
    assert refusal(b"%PDF-1.7") == "batch-format"
    whole = xlsx([ANNA])
    assert refusal(whole[:-30]) == "batch-format"
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert refusal(zipped.getvalue()) == "batch-format"
    assert refusal(csv([ANNA]) + b'\n"never closed') == "batch-quotes"


def test_an_entity_that_unfolds_itself_is_refused() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)
    )
    source, made = zipfile.ZipFile(io.BytesIO(xlsx([ANNA]))), io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in source.namelist():
            content = source.read(name).decode()
            if name.endswith("sheet1.xml"):
                content = f"{bomb}]>{content}".replace("<v>1<", "<v>&i;<")
            archive.writestr(name, content)
    assert refusal(made.getvalue()) == "batch-format"


def test_what_unfolds_to_more_than_memory_should_hold_is_refused_unread() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", b" " * (xlsx_file.MOST_STRINGS + 1))
    assert refusal(made.getvalue()) == "batch-too-large"
    assert refusal(b"x" * (table.MOST_BYTES + 1)) == "batch-too-large"


def test_rows_are_read_one_at_a_time_in_bounded_memory() -> None:
    data = csv([ANNA] * 10_000)
    tracemalloc.start()
    try:
        number = sum(isinstance(row, Row) for row in rows(data, ()))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == 10_000
    assert most < 8 * len(data)  # the text, and a row at a time


def test_a_hundred_thousand_rows_are_read_and_one_more_is_refused() -> None:
    line = ",".join(map(str, ANNA)).encode() + b"\n"
    data = csv([]) + b"\n" + line * table.MOST_ROWS
    assert sum(1 for _ in table.lines(data)) == table.MOST_ROWS + 1
    with pytest.raises(Invalid, match="batch-too-many"):
        list(table.lines(data + line))


def test_repeated_rows_are_told_not_refused() -> None:
    told = report(csv([ANNA, BORIS, ANNA]))
    assert (told.good, told.repeated) == (3, [4])


def test_the_look_at_a_file_is_masked() -> None:
    told = report(csv([ANNA]))
    (masked,) = told.preview
    assert not [text for text in ANNA[:3] if str(text) in repr(told)]
    assert not [text for text in ANNA[:3] if str(text) in str(told.as_dict())]
    assert (masked.number, masked.contents, masked.grams) == (2, "文具", 500)


@pytest.mark.parametrize("text", ["x", "3-", "9-2", "1;2", "-", "1,,2"])
def test_rows_are_chosen_by_number_or_not_at_all(text: str) -> None:
    with pytest.raises(Invalid):
        choice(text)


@given(st.sets(st.integers(2, 60), min_size=1))
def test_the_rows_left_are_written_as_they_are_read(numbers: set[int]) -> None:
    chosen = choice(written(sorted(numbers)))
    assert {number for number in range(70) if number in chosen} == numbers


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_any_bytes_are_rows_or_a_refusal_with_words(data: bytes) -> None:
    for whole in (data, csv([ANNA]) + b"\n" + data, xlsx_file.MAGIC + data):
        try:
            list(rows(whole, ()))
        except Invalid as error:
            assert error.code in BATCH


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 255), st.sampled_from([csv([ANNA]), xlsx([BORIS])]))
def test_a_byte_changed_anywhere_is_rows_or_a_refusal_with_words(
    place: int, byte: int, data: bytes
) -> None:
    place %= len(data)
    try:
        for row in rows(data[:place] + bytes([byte]) + data[place + 1 :], ()):
            assert isinstance(row, Row | Faulty)
    except Invalid as error:
        assert error.code in BATCH


TEXTS = st.text(st.characters(codec="gb18030", exclude_categories=["Cc", "Cs", "Co"]), max_size=70)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=4))
def test_csv_and_spreadsheet_of_the_same_texts_agree(texts: list[tuple[str, str, str]]) -> None:
    lines = [(name, "19900000011", address, goods, 5) for name, address, goods in texts]
    quoted = [[f'"{str(cell).replace(chr(34), chr(34) * 2)}"' for cell in line] for line in lines]
    try:
        spreadsheet = xlsx([ANNA, *lines])
    except openpyxl.utils.exceptions.IllegalCharacterError:
        return
    told = [_plain(rows(data, ())) for data in (csv([ANNA, *quoted]), spreadsheet)]
    assert told[0] == told[1]


def _plain(found: object) -> list[object]:
    assert hasattr(found, "__iter__")
    return [row if isinstance(row, Row) else _places(row.faults) for row in found]


def _places(found: tuple[Fault, ...]) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.column, fault.code) for fault in found]
