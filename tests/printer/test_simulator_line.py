"""The simulator as a peer: what a raw socket sees, without the driver."""

import contextlib
import socket
import time

HEAD = b"\x1b@\x1da\x0e"
ALL_WELL = b"\x10\x00\x00\x0f"
NO_PAPER = b"\x18\x00\x0f\x0f"


def raster(rows: int, byte: bytes = b"\xff") -> bytes:
    return b"".join(b"\x1dv0\0\x64\0\x01\0" + byte * 100 for _ in range(rows))


def heard(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        got = line.recv(count - len(data))
        assert got, "hung up"
        data += got
    return data


def quiet(line: socket.socket, seconds: float = 0.1) -> bool:
    line.settimeout(seconds)
    try:
        return not line.recv(1)
    except TimeoutError:
        return True
    finally:
        line.settimeout(5)


def test_status_is_pushed_when_asked_for_and_on_every_change(printer) -> None:
    with printer.raw() as line:
        line.sendall(HEAD)
        assert heard(line, 4) == ALL_WELL
        printer.do("paper-out")
        assert heard(line, 4) == NO_PAPER
        printer.do("load-paper")
        assert heard(line, 4) == ALL_WELL
        printer.do("cover", open=True)
        assert heard(line, 4) == b"\x38\x00\x00\x0f"


def test_the_process_id_comes_only_when_everything_before_it_is_burnt(printer) -> None:
    printer.do("paper-out", after_rows=5)
    with printer.raw() as line:
        line.sendall(raster(10) + b"\x1d(H\x06\x00000042")
        assert quiet(line)
        printer.do("load-paper")
        assert heard(line, 7) == b"\x37\x220042\0"
    assert printer.do("status")["rows_under_way"] == 5


def test_an_offline_printer_answers_real_time_questions_and_no_others(printer) -> None:
    printer.do("paper-out")
    with printer.raw() as line:
        line.sendall(b"\x1dr\x01\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04")
        assert heard(line, 4) == b"\x1a\x32\x12\x7e"
        assert quiet(line)
        printer.do("load-paper")
        assert heard(line, 1) == b"\0"


def test_an_offline_response_names_the_cause(printer) -> None:
    with printer.raw() as line:
        line.sendall(b"\x1d(H\x03\x00102")
        printer.wait_until(lambda: printer.do("status")["buffered"] == 0)
        time.sleep(0.05)
        printer.do("cover", open=True)
        assert heard(line, 4) == b"\x37\x23\x41\0"


def test_real_time_bytes_inside_a_raster_are_answered_and_still_burnt(printer) -> None:
    row = b"\x10\x04\x01".ljust(100, b"\0")
    with printer.raw() as line:
        line.sendall(b"\x1dv0\0\x64\0\x01\0" + row + b"\x1dV\0")
        assert heard(line, 1) == b"\x12"
    (paper,) = printer.wait_for_papers(1)
    assert printer.picture(paper, 800).data == row


def test_a_printer_without_paper_stops_reading(printer) -> None:
    printer.do("paper-out")
    with printer.raw() as line:
        line.settimeout(0.3)
        sent = 0
        try:
            while sent < 10_000_000:
                sent += line.send(bytes(65536))
        except TimeoutError:
            pass
        status = printer.do("status")
    assert sent < 10_000_000
    assert status["buffered"] == 64 * 1024


def test_the_rest_is_printed_on_the_new_roll(printer) -> None:
    printer.do("paper-out", after_rows=3)
    with printer.raw() as line:
        line.sendall(raster(8) + b"\x1dV\0")
        printer.wait_until(lambda: printer.do("status")["paper_out"])
        printer.do("load-paper")
        papers = printer.wait_for_papers(2)
    assert [(p["rows"], p["complete"]) for p in papers] == [(3, False), (5, False)]


def test_the_commands_of_a_piece_are_kept_beside_it(printer) -> None:
    job = raster(3) + b"\x1dV\0"
    with printer.raw() as line:
        line.sendall(job)
        (paper,) = printer.wait_for_papers(1)
    assert printer.commands(paper) == job
    assert not paper["waste"]


def test_a_blank_piece_is_waste(printer) -> None:
    with printer.raw() as line:
        line.sendall(b"\n\n\x1dV\0")
        (paper,) = printer.wait_for_papers(1)
    assert paper["waste"]


def test_a_power_cycle_loses_the_buffer_and_the_paper_is_torn(printer) -> None:
    printer.do("paper-out", after_rows=4)
    with printer.raw() as line:
        line.sendall(raster(10) + b"\x1dV\0")
        printer.wait_until(lambda: printer.do("status")["paper_out"])
        printer.do("power-cycle")
    printer.do("load-paper")
    with printer.raw() as line:
        line.sendall(raster(2) + b"\x1dV\0")
        papers = printer.wait_for_papers(2)
    assert [(p["rows"], p["complete"]) for p in papers] == [(4, False), (2, True)]


def test_the_host_can_have_the_buffer_cleared(printer) -> None:
    printer.do("paper-out", after_rows=1)
    with printer.raw() as line:
        line.sendall(raster(5))
        printer.wait_until(lambda: printer.do("status")["paper_out"])
        line.sendall(b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08")
        assert heard(line, 3) == b"\x37\x25\0"
    assert printer.do("status")["buffered"] == 0


def test_a_dropped_connection_stays_dropped_until_healed(printer) -> None:
    printer.do("drop-connection", after_bytes=3)
    for _ in range(2):
        with printer.raw() as line:
            line.sendall(b"\0\0\0")
            with contextlib.suppress(ConnectionResetError):
                assert line.recv(1) == b""
    printer.do("drop-connection", after_bytes=None)
    with printer.raw() as line:
        line.sendall(b"\0\0\0\0\x10\x04\x01")
        assert heard(line, 1) == b"\x12"


def test_a_head_has_a_speed(slow_printer) -> None:
    started = time.monotonic()
    with slow_printer.raw() as line:
        line.sendall(raster(240) + b"\x1d(H\x06\x00000001")  # 30 mm
        heard(line, 7)
    assert 0.19 < time.monotonic() - started < 0.6
