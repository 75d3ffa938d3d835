"""The simulator against ESC/POS from elsewhere: python-escpos, and bytes spelled out by hand."""

import itertools
import random

import pytest
import qrcode
from escpos.printer import Dummy
from PIL import Image, ImageOps

from padpos_drivers.printer.sim.offline import burn
from padpos_drivers.printer.sim.realtime import RealTimeKind, RealTimeScanner

WIDTH = 832


def wide_dummy() -> Dummy:
    dummy = Dummy()
    dummy.profile.profile_data = {
        **dummy.profile.profile_data,
        "media": {"width": {"pixels": WIDTH, "mm": 104}, "dpi": 203},
    }
    return dummy


def speckled(width: int, height: int) -> Image.Image:
    image = Image.new("1", (width, height), 1)
    chance = random.Random(width * height)
    image.putdata([chance.choice((0, 255)) for _ in range(width * height)])
    return image


def on_paper(image: Image.Image, *, left: int = 0) -> Image.Image:
    paper = Image.new("1", (WIDTH, image.height), 1)
    paper.paste(image, (left, 0))
    return paper


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


@pytest.mark.parametrize(("width", "height"), [(8, 1), (832, 30), (800, 1440), (333, 1001)])
def test_an_image_by_python_escpos_is_burnt_dot_for_dot(width: int, height: int) -> None:
    dummy = wide_dummy()
    image = speckled(width, height)
    dummy.image(image, impl="bitImageRaster")
    dummy.cut(feed=False)

    (piece,) = burn(dummy.output, WIDTH)

    assert piece.complete
    assert same(piece.image(WIDTH), on_paper(image))


def test_a_centred_image_lies_where_python_escpos_meant_it() -> None:
    dummy = wide_dummy()
    image = speckled(400, 100)
    dummy.image(image, impl="bitImageRaster", center=True)
    dummy.cut(feed=False)

    (piece,) = burn(dummy.output, WIDTH)

    assert same(piece.image(WIDTH), on_paper(image, left=(WIDTH - 400) // 2))


def test_alignment_by_the_printer_centres_and_right_justifies() -> None:
    image = speckled(400, 50)
    for align, left in (("center", 216), ("right", 432)):
        dummy = wide_dummy()
        dummy.set(align=align)
        dummy.image(image, impl="bitImageRaster")
        dummy.cut(feed=False)
        (piece,) = burn(dummy.output, WIDTH)
        assert same(piece.image(WIDTH), on_paper(image, left=left))


@pytest.mark.parametrize(
    ("high", "wide"), list(itertools.product((False, True), repeat=2)), ids=str
)
def test_double_density_commands_repeat_dots(high: bool, wide: bool) -> None:
    image = speckled(64, 16)
    dummy = wide_dummy()
    dummy.image(
        image,
        impl="bitImageRaster",
        high_density_vertical=not high,
        high_density_horizontal=not wide,
    )
    dummy.cut(feed=False)

    (piece,) = burn(dummy.output, WIDTH)

    doubled = image.resize((128 if wide else 64, 32 if high else 16), Image.Resampling.NEAREST)
    assert same(piece.image(WIDTH), on_paper(doubled))


def test_a_qr_code_by_python_escpos_is_burnt_with_its_own_modules() -> None:
    dummy = wide_dummy()
    dummy.qr("padpos", size=4)
    dummy.cut(feed=False)

    (piece,) = burn(dummy.output, WIDTH)

    code = qrcode.QRCode(
        version=None, box_size=4, border=1, error_correction=qrcode.constants.ERROR_CORRECT_L
    )
    code.add_data("padpos")
    code.make(fit=True)
    modules = code.get_matrix()
    image = piece.image(WIDTH)
    left, top, _, _ = ImageOps.invert(image).getbbox()
    seen = [
        [not image.getpixel((left + column * 4 - 2, top + row * 4 - 2)) for column in range(23)]
        for row in range(23)
    ]
    assert seen == modules


def test_text_commands_of_python_escpos_are_known() -> None:
    dummy = wide_dummy()
    dummy.set(bold=True, underline=1, double_height=True, invert=True, font="b")
    dummy.text("parcel\n")
    dummy.barcode("{B12345", "CODE128", function_type="B")
    dummy.qr("native", native=True)
    dummy.cut()

    (piece,) = burn(dummy.output, WIDTH)

    assert piece.black > 0
    assert len(piece.rows) == 30 + 6 * 30  # the line and the feed of cut(); skipped codes draw none


@pytest.mark.parametrize(
    ("spelled", "rows"),
    [
        ("1b 4a 40  1d 56 00", 64),  # ESC J 64
        ("1d 50 cb cb  1b 4a 40  1d 56 00", 64),  # in 1/203 inch
        ("1d 50 00 96  1b 4a 4b  1d 56 00", 102),  # half an inch in 1/150 inch
        ("1b 64 03  1d 56 00", 90),  # ESC d 3
        ("1b 33 18  1b 64 03  1d 56 00", 72),  # 24-dot lines
        ("1b 33 18  1b 40  1b 64 03  1d 56 00", 90),  # ESC @ forgets
        ("1d 56 42 10", 16),  # GS V 66 16
        ("00 00 0a 1d 56 01", 30),  # NUL means nothing, LF a line
        ("1d 28 41 02 00 00 02  0a  1b 69", 30),  # an unknown GS ( block is stepped over
    ],
)
def test_the_paper_moves_as_the_command_reference_says(spelled: str, rows: int) -> None:
    (piece,) = burn(bytes.fromhex(spelled), WIDTH)

    assert (len(piece.rows), piece.black) == (rows, 0)


def test_ink_beyond_the_head_is_lost() -> None:
    (piece,) = burn(b"\x1dv0\0\x03\0\x01\0\xff\xff\xff\x1dV\0", 20)

    assert piece.rows == (b"\xff\xff\xf0",)


def test_what_was_not_cut_is_not_complete() -> None:
    (piece,) = burn(b"\n\n", WIDTH)

    assert not piece.complete


def test_wrong_bytes_show_on_the_paper() -> None:
    (piece,) = burn(b"garbage\n\x1dV\0", WIDTH)

    assert piece.black > 7 * 100


@pytest.mark.parametrize("cut", range(1, 40))
def test_real_time_commands_are_found_however_the_packets_fall(cut: int) -> None:
    stream = (
        b"\x1dv0\0\x05\0\x01\0"
        b"\x10\x04\x01\xff\x10"
        b"\x10\x04\x04\x10\x05\x02"
        b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"
        b"\x10\x14\x01\0\x01"
        b"\x10\x10\x04\x02"
    )
    scanner = RealTimeScanner()

    found = scanner.feed(stream[:cut]) + scanner.feed(stream[cut:])

    assert [(f.kind, f.parameter) for f in found] == [
        (RealTimeKind.STATUS, 1),
        (RealTimeKind.STATUS, 4),
        (RealTimeKind.RECOVER, 2),
        (RealTimeKind.CLEAR, 8),
        (RealTimeKind.OTHER, 1),
        (RealTimeKind.STATUS, 2),
    ]
