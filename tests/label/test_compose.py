"""Promise: a label reads for machines and people, whatever text comes to it."""

import dataclasses
import time

import pytest
import zxingcpp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyzbar import pyzbar

from padpos.label import (
    LABEL_100X180,
    CodeKind,
    Field,
    LabelError,
    MaskedParty,
    audit,
    compose,
    fonts,
)
from padpos.label.layout import Box, Watermark
from padpos.label.symbols import code128_modules

VARIANTS = [
    {},
    {"generation": 2},
    {"generation": 3, "training": True},
    {"training": True},
    {"waybill": "123456789012"},
    {"waybill": "PPT00000005724", "training": True},
    {"marks": ("已实名", "未逐件验视·协议客户", "已安检")},
    {"marks": ()},
]


def read_by_zxing(label):
    return {code.text for code in zxingcpp.read_barcodes(label.raster.to_image().convert("L"))}


def read_by_zbar(label):
    return {code.data.decode() for code in pyzbar.decode(label.raster.to_image().convert("L"))}


def texts_of(label):
    return {text.field: text for text in label.texts if text.field is not Field.CAPTION}


@pytest.mark.parametrize("changes", VARIANTS, ids=lambda changes: "-".join(changes) or "plain")
def test_two_decoders_read_exactly_the_waybill_and_the_label_code(content, changes):
    wanted = content(**changes)
    label = compose(wanted)
    assert read_by_zxing(label) == read_by_zbar(label) == {wanted.waybill, wanted.label_code}


def test_the_label_is_100_by_180_mm_at_203_dpi(content):
    raster = compose(content()).raster
    assert (raster.width, raster.height) == (800, 1440)


@pytest.mark.parametrize(("size", "modules"), [(261, 69), (309, 73)])
def test_the_label_code_has_the_modules_formats_gives_at_four_dots(content, sealed, size, modules):
    label = compose(content(label_code=sealed(size)))
    code = next(code for code in label.codes if code.kind is CodeKind.LABEL_CODE)
    assert code.width == code.height == (modules + 8) * 4
    audit(label, content(label_code=sealed(size)))


def test_quiet_zones_are_white_in_training_too(content):
    label = compose(content(training=True))
    quiet = {CodeKind.WAYBILL: (30, 0), CodeKind.LABEL_CODE: (16, 16)}
    for code in label.codes:
        across, down = quiet[code.kind]
        for y in range(code.height):
            for x in range(code.width):
                outside = min(x, code.width - 1 - x) < across or min(y, code.height - 1 - y) < down
                assert not (outside and label.raster.dot(code.x + x, code.y + y))


def test_the_bar_code_is_drawn_at_three_dots_and_at_least_12_5_mm_high(content):
    label = compose(content())
    code = next(code for code in label.codes if code.kind is CodeKind.WAYBILL)
    modules = code128_modules(code.text)
    assert code.width == 3 * (len(modules) + 20)
    assert code.height >= 100
    row = [label.raster.dot(code.x + 30 + 3 * n + 1, code.y + 50) for n in range(len(modules))]
    assert "".join("1" if dot else "0" for dot in row) == modules


def test_nothing_but_horizontal_rules_inks_a_whole_row(content):
    label = compose(content())
    blank = sum(not any(label.raster.row(y)) for y in range(label.raster.height))
    assert blank / label.raster.height > 0.2


def test_equal_content_gives_an_equal_raster(content):
    assert compose(content()).raster == compose(content()).raster


def test_a_reprint_says_so_and_a_first_print_does_not(content):
    assert Field.REPRINT not in texts_of(compose(content()))
    assert texts_of(compose(content(generation=2)))[Field.REPRINT].text == "补打 REPRINT · 2"


def test_training_is_written_across_the_label(content):
    plain, training = compose(content()), compose(content(training=True))
    assert "培训" in texts_of(training)[Field.TITLE].text
    assert "培训" not in texts_of(plain)[Field.TITLE].text
    more = sum(map(int.bit_count, training.raster.data)) - sum(
        map(int.bit_count, plain.raster.data)
    )
    assert more > 10_000


def test_a_typed_weight_is_not_called_true(content):
    assert "TRUE" in texts_of(compose(content()))[Field.WEIGHT_SOURCE].text
    assert (
        "TRUE" not in texts_of(compose(content(weight_from_scale=False)))[Field.WEIGHT_SOURCE].text
    )


def test_texts_stand_apart_from_each_other_and_from_the_codes(content):
    label = compose(content(generation=2, marks=("已实名", "未逐件验视·协议客户", "已安检")))
    places = [*label.texts, *label.codes]
    for number, one in enumerate(places):
        assert one.x >= 0
        assert one.y >= 0
        assert one.x + one.width <= 800
        assert one.y + one.height <= 1440
        for other in places[number + 1 :]:
            apart = (
                one.x + one.width <= other.x
                or other.x + other.width <= one.x
                or one.y + one.height <= other.y
                or other.y + other.height <= one.y
            )
            assert apart, (one, other)


HOSTILE = [
    "测",
    "测" * 50,
    "湖南省长沙市芙蓉区" * 22,
    "a" * 200,
    "first\nsecond\r\nthird\tfourth\x00\x1b@\x7f",
    "\u202e甲试测\u202c\u200f\u2066",
    "测\u200b试\u200d甲\ufe0f",
    "😀👨‍👩‍👧",
    "e\u0301" + "\u0301" * 80,
    "مرحبا",
    "\ud800",
    "\ue000\U0010ffff",
    "𠮷镕㙍〇①㎏",
    " \u3000 ",
    "",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("place", ["contents", "outlet", "party", "marks", "route_code"])
def test_hostile_text_gives_a_lawful_label_or_a_refusal_with_its_reason(
    content, mask, hostile, place
):
    value = {"party": mask((hostile, hostile, hostile)), "marks": (hostile,)}.get(place, hostile)
    wanted = content(**{"recipient" if place == "party" else place: value})
    try:
        label = compose(wanted)
    except LabelError as refusal:
        assert refusal.code in ("no-glyph", "too-long")
        assert refusal.zh
        assert refusal.en
        assert len(hostile) < 2 or hostile not in str(refusal.args)
        return
    audit(label, wanted)
    assert not any(sign < " " for text in label.texts for line in text.lines for sign in line)


@pytest.mark.parametrize("drawn", ["𠮷镕㙍〇①㎏é", "买买提·艾力"])
def test_rare_characters_are_drawn_not_refused(content, drawn):
    assert texts_of(compose(content(contents=drawn)))[Field.CONTENTS].text == drawn


@pytest.mark.parametrize("missing", ["😀", "\ue000", "ا", "\ud800"])
def test_a_character_without_a_glyph_is_refused_by_name_of_its_field(content, missing):
    with pytest.raises(LabelError, match="contents") as refusal:
        compose(content(contents=f"书{missing}"))
    assert refusal.value.code == "no-glyph"
    assert missing not in str(refusal.value)


def test_a_long_text_shrinks_then_is_cut_with_an_ellipsis(content):
    short, longer, longest = (
        texts_of(compose(content(contents="书" * count)))[Field.CONTENTS] for count in (5, 35, 200)
    )
    assert short.em > longer.em
    assert not longer.cut
    assert longest.cut
    assert longest.lines[-1].endswith("…")


def test_a_missing_font_is_told_with_the_package_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "PLACES", (tmp_path,))
    with pytest.raises(LabelError, match="fonts-noto-cjk") as refusal:
        fonts._face.__wrapped__(True)
    assert refusal.value.code == "no-font"


@pytest.mark.parametrize("field", ["route_code", "marks"])
def test_what_must_be_whole_is_refused_rather_than_cut(content, field):
    text = "未逐件验视" * 12
    with pytest.raises(LabelError) as refusal:
        compose(content(**{field: (text,) if field == "marks" else text}))
    assert refusal.value.code == "too-long"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"waybill": "sf123"}, "waybill"),
        ({"waybill": "SF123456\n"}, "waybill"),
        ({"waybill": "A1B2C3D4E5F6G7H8I9J0K1L2"}, "code-too-wide"),
        ({"grams": 0}, "weight"),
        ({"generation": 0}, "generation"),
        ({"label_code": "https://l.example.cn/abc"}, "label-code-unfit"),
        ({"label_code": "A" * 2000}, "label-code-unfit"),
    ],
)
def test_impossible_content_is_refused_with_its_reason(content, changes, code):
    with pytest.raises(LabelError) as refusal:
        compose(content(**changes))
    assert refusal.value.code == code


def test_no_repr_tells_what_the_label_says(content):
    wanted = content()
    label = compose(wanted)
    for text in (repr(wanted), repr(label)):
        assert "测" not in text.replace("测试路网点", "")
        assert "1234**" not in text
        assert wanted.label_code not in text
        assert "书籍" not in text


def test_another_size_is_another_template_and_nothing_else(content):
    small = dataclasses.replace(
        LABEL_100X180,
        name="100x190",
        height=190,
        texts=tuple(
            dataclasses.replace(box, box=Box(box.box.x, box.box.y, box.box.width, box.box.height))
            for box in LABEL_100X180.texts
            if box.field is not Field.PRINTED_AT
        ),
        training=Watermark("培训", size=20, degrees=0, middles=(95,)),
    )
    label = compose(content(), small)
    assert (label.raster.width, label.raster.height) == (800, 1520)
    audit(label, content())


def test_a_warm_label_is_drawn_and_audited_in_time_for_the_counter(content):
    compose(content())
    spent = []
    for _ in range(5):
        start = time.perf_counter()
        audit(compose(content()), content())
        spent.append(time.perf_counter() - start)
    assert min(spent) < 0.160


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(max_size=50), goods=st.text(max_size=80), address=st.text(max_size=200))
def test_any_text_gives_a_lawful_label_or_a_label_error(content, mask, name, goods, address):
    party: MaskedParty = mask((name, name, address))
    wanted = content(contents=goods, recipient=party)
    try:
        label = compose(wanted)
    except LabelError:
        return
    audit(label, wanted)
