"""The encoder, read back by the simulator: nothing lost, nothing added, nothing that talks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from padpos_drivers.printer import Dialect, MonoRaster, RasterError, scrubbed
from padpos_drivers.printer.escpos import bands, encode, encode_picture, recovery
from padpos_drivers.printer.sim.offline import burn

REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


@st.composite
def rasters(draw: st.DrawFn) -> MonoRaster:
    """Rows that are blank, repeated, short, or full of bytes that a printer might obey."""
    row_bytes = draw(st.integers(1, 12))
    spare = draw(st.integers(0, 7))
    telling = st.sampled_from(b"\x00\x00\x10\x10\x04\x05\x14\x01\x1b\x1d\xff")
    row = st.one_of(
        st.just(b""),
        st.lists(telling, max_size=row_bytes).map(bytes),
        st.binary(max_size=row_bytes),
    )
    rows = draw(st.lists(st.tuples(row, st.integers(1, 40)), min_size=1, max_size=20))
    keep = (0xFF << spare) & 0xFF
    data = bytearray()
    for content, times in rows:
        full = bytearray(content.ljust(row_bytes, b"\0"))
        full[-1] &= keep
        data += full * times
    return MonoRaster(row_bytes * 8 - spare, len(data) // row_bytes, bytes(data))


def burnt(data: bytes, raster: MonoRaster) -> bytes:
    (piece,) = burn(data + b"\x1dV\0", raster.width)
    return b"".join(piece.rows)


@settings(max_examples=150, deadline=None)
@given(rasters())
def test_whatever_is_encoded_is_burnt(raster: MonoRaster) -> None:
    assert burnt(encode_picture(raster), raster) == scrubbed(raster).data


@settings(max_examples=150, deadline=None)
@given(rasters())
def test_no_real_time_command_is_left_anywhere_in_a_job(raster: MonoRaster) -> None:
    data = encode(raster, "0001")

    assert not [pair for pair in REAL_TIME if pair in data]


@settings(max_examples=100, deadline=None)
@given(rasters())
def test_scrubbing_only_thickens_one_dot_wide_strokes(raster: MonoRaster) -> None:
    clean = scrubbed(raster)

    assert scrubbed(clean) == clean
    for before, after in zip(raster.data, clean.data, strict=True):
        assert after == before or (before, after) == (0x10, 0x18)


def test_a_pair_across_two_rows_costs_no_dot() -> None:
    raster = MonoRaster(16, 2, b"\xff\x10\x04\xff")

    assert scrubbed(raster) == raster
    assert [(b.top, b.bottom) for b in bands(raster)] == [(0, 1), (1, 2)]


def test_blank_rows_are_fed_and_blank_ends_are_not_sent() -> None:
    raster = MonoRaster(800, 600, bytes(100 * 300) + b"\x81" + bytes(100 * 300 - 1))

    assert encode_picture(raster) == (
        b"\x1bJ\xff\x1bJ\x2d" + b"\x1dv0\0\x01\0\x01\0\x81" + b"\x1bJ\xff\x1bJ\x2c"
    )


def test_no_band_is_taller_than_cheap_printers_take() -> None:
    raster = MonoRaster(800, 1440, b"\xaa" * 100 * 1440)

    assert max(band.bottom - band.top for band in bands(raster)) <= 255


@pytest.mark.parametrize(("width", "height"), [(800, 1440), (800, 1200), (576, 1040)])
def test_a_label_costs_about_half_of_its_full_raster(draw_label, width: int, height: int) -> None:
    label = draw_label(width, height)

    assert len(encode(label, "0001")) <= 0.55 * len(label.data)


def test_the_job_around_the_picture_is_spelled_as_the_reference_says() -> None:
    dot = MonoRaster(8, 1, b"\x80")

    assert encode(dot, "0042") == bytes.fromhex(
        "1b40  1d610e  1d50cbcb  1d763000 0100 0100 80  1d564200  1d2848 0600 30 30 30303432"
    )


def test_a_printer_without_motion_units_is_not_sent_any() -> None:
    dot = MonoRaster(8, 1, b"\x80")

    assert b"\x1dP" not in encode(dot, "0001", Dialect(dots_per_inch=None))


def test_half_dot_printers_feed_whole_dots(draw_label) -> None:
    label = draw_label(400, 300)

    pieces = burn(encode(label, "0001"), 832, feed_units=406)

    assert [len(piece.rows) for piece in pieces] == [300]


def test_a_label_wider_than_the_head_is_refused() -> None:
    with pytest.raises(RasterError, match="840 dots wide"):
        encode(MonoRaster(840, 1, bytes(105)), "0001", Dialect(head_dots=832))


@settings(max_examples=60, deadline=None)
@given(st.data(), rasters())
def test_recovery_after_any_break_leaves_a_printer_that_prints_the_next_label(
    data: st.DataObject, raster: MonoRaster
) -> None:
    job = encode(raster, "0001")
    broken = job[: data.draw(st.integers(0, len(job)))]
    questions = bytes(16) + b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04"

    pieces = burn(broken + questions + recovery(255 * 12) + job, raster.width)

    assert pieces[-1].complete
    assert b"".join(pieces[-1].rows) == scrubbed(raster).data


def test_a_raster_is_what_pillow_drew() -> None:
    image = Image.new("1", (13, 3), 1)
    image.putpixel((0, 0), 0)
    image.putpixel((12, 2), 0)

    raster = MonoRaster.from_image(image)

    assert raster.data == bytes.fromhex("8000 0000 0008")
    assert raster.dot(0, 0)
    assert not raster.dot(1, 0)
    assert raster.to_image().tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("width", "height", "data"),
    [(0, 1, b""), (8, 0, b""), (8, 2, b"\0"), (7, 1, b"\x01"), (70_000, 1, bytes(8750))],
)
def test_a_raster_that_does_not_add_up_is_refused(width: int, height: int, data: bytes) -> None:
    with pytest.raises(RasterError):
        MonoRaster(width, height, data)


def test_grey_is_refused_instead_of_dithered() -> None:
    with pytest.raises(RasterError, match='mode "1"'):
        MonoRaster.from_image(Image.new("L", (8, 8)))


def test_a_raster_in_a_log_shows_its_size_only() -> None:
    assert repr(MonoRaster(8, 1, b"\x42")) == "MonoRaster(width=8, height=1)"
