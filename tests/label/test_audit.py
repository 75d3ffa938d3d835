"""Promise: no label leaves that shows what is hidden or whose codes are not the sealed ones."""

import dataclasses

import pytest
from PIL import Image

from padpos.label import AuditFailure, Field, MaskedParty, audit, compose
from padpos_drivers.printer.raster import MonoRaster

PARTY = MaskedParty("测**", "*******1234", "广东省广州市天河区***")


def failure(label, content, secrets=()):
    with pytest.raises(AuditFailure) as caught:
        audit(label, content, secrets)
    assert caught.value.zh
    assert caught.value.en
    return caught.value


def with_picture(label, change):
    image = label.raster.to_image()
    change(image)
    return dataclasses.replace(label, raster=MonoRaster.from_image(image))


@pytest.mark.parametrize("changes", [{}, {"generation": 2}, {"training": True}])
def test_a_lawful_label_passes_with_every_plaintext_as_secret(content, secrets, changes):
    wanted = content(**changes)
    audit(compose(wanted), wanted, secrets)


@pytest.mark.parametrize("side", ["recipient", "sender"])
@pytest.mark.parametrize(
    ("party", "code"),
    [
        (dataclasses.replace(PARTY, phone="13900001234"), "mask-phone-revealed"),
        (dataclasses.replace(PARTY, phone="139****1234"), "mask-phone-too-few-hidden"),
        (dataclasses.replace(PARTY, name="测试乙"), "mask-name-nothing-hidden"),
        (dataclasses.replace(PARTY, address="天河区测试路8号***"), "mask-address-house-number"),
        (dataclasses.replace(PARTY, address="天河区***1102室"), "mask-address-room"),
    ],
)
def test_an_unlawful_mask_of_either_person_is_caught(content, side, party, code):
    wanted = content(**{side: party})
    assert failure(compose(wanted), wanted).code == code


def test_a_mask_on_the_paper_that_is_not_the_recorded_one_is_caught(content):
    drawn = content(recipient=dataclasses.replace(PARTY, name="另**"))
    assert failure(compose(drawn), content(recipient=PARTY)).code == "mask-differs"


@pytest.mark.parametrize(
    "contents",
    [
        "给测试乙的书",
        "给 测 试 乙 的书",
        "书，电话13900001234",
        "书 139-0000-1234",
        "书 １３９００００１２３４",
        "书 139\u200b00001234",
    ],
)
def test_a_secret_in_the_contents_is_caught_however_it_is_written(content, secrets, contents):
    wanted = content(contents=contents)
    caught = failure(compose(wanted), wanted, secrets)
    assert caught.code == "secret-shown"
    assert not any(secret in str(caught.args) for secret in secrets)


@pytest.mark.parametrize("changes", [{"outlet": "测试乙的店"}, {"marks": ("已实名 测试乙",)}])
def test_a_secret_is_caught_in_every_text(content, secrets, changes):
    wanted = content(**changes)
    assert failure(compose(wanted), wanted, secrets).code == "secret-shown"


def test_a_phone_as_a_waybill_number_is_caught(content):
    wanted = content(waybill="13900001234")
    assert failure(compose(wanted), wanted, ["13900001234"]).code == "secret-shown"


def test_a_room_number_is_no_secret_of_the_waybill_but_is_of_the_contents(content):
    wanted = content(waybill="SF1303303303303")
    audit(compose(wanted), wanted, ["303"])
    wanted = content(contents="放303门口")
    assert failure(compose(wanted), wanted, ["303"]).code == "secret-shown"


def test_a_short_european_name_is_no_secret_of_the_forms_own_words(content):
    audit(compose(content()), content(), ["Li", "To", "Mark"])
    wanted = content(contents="给 LI 的书")
    assert failure(compose(wanted), wanted, ["Li"]).code == "secret-shown"


def test_a_label_code_other_than_the_sealed_one_is_caught(content, sealed):
    drawn = content(label_code=sealed(seed=2))
    assert failure(compose(drawn), content()).code == "label-code-differs"


def test_a_bar_code_other_than_the_waybill_is_caught(content):
    drawn = content(waybill="SF1234567890124")
    assert failure(compose(drawn), content()).code == "waybill-differs"


def test_a_plain_text_qr_is_caught(content):
    wanted = content(label_code="HTTPS://L.EXAMPLE.CN/13900001234")
    assert failure(compose(wanted), wanted).code == "label-code-not-sealed"


def test_a_label_code_of_another_form_is_caught(content, sealed):
    good = sealed()
    for text in (
        good[:-1],
        good + "A",
        good[:-1] + "B",  # unused bits that are not zero
        sealed(260),
        sealed(version=2),
        good.lower(),
        good.replace("HTTPS", "HTTP"),
        good.replace("L.EXAMPLE.CN", "MUCH.TOO.LONG.EXAMPLE"),
        good[:-1] + "=",
        "",
    ):
        label = compose(content())
        assert failure(label, content(label_code=text)).code == "label-code-not-sealed"


@pytest.mark.parametrize("kind", [0, 1], ids=["waybill", "label-code"])
def test_a_code_that_cannot_be_read_is_caught(content, kind):
    wanted = content()
    label = compose(wanted)
    code = label.codes[kind]
    area = (code.x, code.y, code.x + code.width, code.y + code.height)
    spoiled = with_picture(label, lambda image: image.paste(1, area))
    assert failure(spoiled, wanted).code == "codes-unreadable"


def test_a_third_code_is_caught(content):
    wanted = content()
    label = compose(wanted)
    code = label.codes[1]
    area = (code.x, code.y, code.x + code.width, code.y + code.height)

    def add(image: Image.Image) -> None:
        image.paste(image.crop(area), (450, 1000))

    assert failure(with_picture(label, add), wanted).code == "codes-unreadable"


def test_the_failure_of_a_mask_does_not_repeat_it(content):
    wanted = content(recipient=dataclasses.replace(PARTY, phone="13900001234"))
    assert "1390000" not in str(failure(compose(wanted), wanted).args)


def test_every_mask_on_the_paper_is_judged_by_what_was_placed(content):
    wanted = content()
    label = compose(wanted)
    texts = tuple(
        dataclasses.replace(text, text="13900001234") if text.field is Field.SENDER_PHONE else text
        for text in label.texts
    )
    assert failure(dataclasses.replace(label, texts=texts), wanted).code == "mask-phone-revealed"
