"""What the driver says when something goes wrong: never more than it knows."""

import socket
import threading

import pytest

from padpos_drivers.printer import (
    EscposPrinter,
    MonoRaster,
    PrinterBusy,
    PrinterNotReady,
    PrinterSilent,
    PrinterUnreachable,
    PrintOutcome,
    PrintResult,
    Reason,
    TcpPrinterAddress,
    scrubbed,
)

PREFLIGHT_BYTES = 28
BLOCKED, PRINTED, UNKNOWN = PrintOutcome.BLOCKED, PrintOutcome.PRINTED, PrintOutcome.UNKNOWN


def ended(result: PrintResult) -> tuple[PrintOutcome, Reason]:
    return result.outcome, result.reason


# --- before the first byte ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "details", "reason"),
    [
        ("paper-out", {}, Reason.PAPER_OUT),
        ("cover", {"open": True}, Reason.COVER_OPEN),
        ("silent", {}, Reason.SILENT),
        ("drop-connection", {"after_bytes": 2}, Reason.CONNECTION_LOST),
    ],
)
def test_a_printer_unfit_to_print_gets_nothing_of_the_label(
    printer, label: MonoRaster, fault: str, details: dict, reason: Reason
) -> None:
    printer.do(fault, **details)
    before = printer.do("status")["received"]

    result = printer.driver().print(label)

    assert ended(result) == (BLOCKED, reason)
    assert (result.bytes_accepted, result.milliseconds_to_first_byte) == (0, None)
    assert printer.do("status")["received"] - before <= PREFLIGHT_BYTES
    assert printer.do("status")["rows_under_way"] == 0


def test_a_printer_that_is_off_is_unreachable(label: MonoRaster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    driver = EscposPrinter(TcpPrinterAddress("127.0.0.1", port))

    assert ended(driver.print(label)) == (BLOCKED, Reason.UNREACHABLE)
    with pytest.raises(PrinterUnreachable):
        driver.status()


def test_a_blocked_label_is_not_announced(printer, label: MonoRaster) -> None:
    printer.do("paper-out")
    heard: list[str] = []

    printer.driver().print(label, lambda: heard.append("first byte"))

    assert heard == []


def test_a_caller_who_cannot_note_the_first_byte_stops_the_print(
    printer, label: MonoRaster
) -> None:
    def disk_full() -> None:
        raise OSError

    before = printer.do("status")["received"]
    driver = printer.driver()
    with pytest.raises(OSError, match=r"^$"):
        driver.print(label, disk_full)

    assert printer.do("status")["received"] - before == PREFLIGHT_BYTES
    assert ended(driver.print(label)) == (PRINTED, Reason.PRINTED)
    assert len(printer.papers()) == 1


def test_a_blocked_label_prints_when_the_cause_is_gone(printer, label: MonoRaster) -> None:
    driver = printer.driver()
    printer.do("paper-out")
    driver.print(label)
    printer.do("load-paper")

    assert ended(driver.print(label)) == (PRINTED, Reason.PRINTED)
    assert [p["rows"] for p in printer.papers()] == [label.height]


def test_status_of_a_silent_printer_is_an_error_not_a_guess(printer) -> None:
    printer.do("silent")

    with pytest.raises(PrinterSilent):
        printer.driver().status(timeout=0.2)


# --- in the middle ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 300, 1199])
def test_paper_that_ends_inside_a_label_makes_it_unknown(
    printer, label: MonoRaster, rows: int
) -> None:
    printer.do("paper-out", after_rows=rows)

    result = printer.driver().print(label)

    assert ended(result) == (UNKNOWN, Reason.PAPER_OUT)
    assert result.bytes_accepted > 0
    assert printer.do("status")["rows_under_way"] == rows


def test_a_cover_opened_inside_a_label_makes_it_unknown(slow_printer) -> None:
    driver = slow_printer.driver()
    label = MonoRaster(800, 1200, b"\xaa" * 100 * 1200)  # a second of burning
    opener = threading.Timer(0.3, slow_printer.do, ["cover"], {"open": True})
    opener.start()

    result = driver.print(label)

    opener.join()
    assert ended(result) == (UNKNOWN, Reason.COVER_OPEN)


def test_paper_loaded_in_time_lets_the_job_go_on(printer, label: MonoRaster) -> None:
    printer.do("paper-out", after_rows=500)
    loader = threading.Timer(0.3, printer.do, ["load-paper"])
    loader.start()

    result = printer.driver(grace=5.0).print(label)

    loader.join()
    assert ended(result) == (PRINTED, Reason.PRINTED)
    assert [(p["rows"], p["complete"]) for p in printer.papers()] == [(500, False), (700, False)]


def test_a_printer_that_falls_silent_makes_it_unknown_even_if_it_prints(
    printer, label: MonoRaster
) -> None:
    printer.do("silent", after="raster")

    result = printer.driver().print(label, timeout=0.5)

    assert ended(result) == (UNKNOWN, Reason.NO_CONFIRMATION)
    (paper,) = printer.papers()
    assert printer.picture(paper, label.width) == scrubbed(label)


def test_the_id_of_another_job_confirms_nothing(printer, label: MonoRaster) -> None:
    printer.do("lie")

    result = printer.driver().print(label, timeout=0.5)

    assert ended(result) == (UNKNOWN, Reason.NO_CONFIRMATION)


@pytest.mark.parametrize("after", [1, 2, 500, 20_000, 40_000])
def test_a_connection_lost_inside_a_label_makes_it_unknown(
    printer, label: MonoRaster, after: int
) -> None:
    printer.do("drop-connection", after_bytes=PREFLIGHT_BYTES + after)

    result = printer.driver().print(label)

    assert ended(result) == (UNKNOWN, Reason.CONNECTION_LOST)
    assert result.bytes_accepted >= after


@pytest.mark.parametrize("after", [1, 5, PREFLIGHT_BYTES - 1])
def test_a_connection_lost_before_the_label_blocks_it(
    printer, label: MonoRaster, after: int
) -> None:
    printer.do("drop-connection", after_bytes=after)

    assert ended(printer.driver().print(label)) == (BLOCKED, Reason.CONNECTION_LOST)


def test_a_printer_that_takes_no_more_bytes_and_says_nothing_is_stalled(
    label: MonoRaster,
) -> None:
    big = MonoRaster(800, 20_000, b"\xaa" * 100 * 20_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        answering = threading.Thread(target=_answer_preflight_then_sleep, args=[server])
        answering.start()
        driver = EscposPrinter(TcpPrinterAddress(*server.getsockname()))

        result = driver.print(big, timeout=1.0)

        answering.join()
    assert ended(result) == (UNKNOWN, Reason.STALLED)
    assert 0 < result.bytes_accepted < len(driver.encoded(big)) // 2
    assert 900 < result.milliseconds < 2000


def test_an_id_that_comes_before_the_label_is_sent_confirms_nothing() -> None:
    big = MonoRaster(800, 20_000, b"\xaa" * 100 * 20_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        early = b"\x37\x220001\0"
        answering = threading.Thread(target=_answer_preflight_then_sleep, args=[server, early])
        answering.start()
        driver = EscposPrinter(TcpPrinterAddress(*server.getsockname()), start_id=1)

        result = driver.print(big, timeout=1.0)

        answering.join()
    assert ended(result) == (UNKNOWN, Reason.STALLED)


def _answer_preflight_then_sleep(server: socket.socket, last_word: bytes = b"") -> None:
    host, _ = server.accept()
    with host:
        for _ in range(4):
            host.recv(64)
            host.send(b"\x12")
        host.recv(1)
        host.send(last_word)
        hung_up = threading.Event()
        hung_up.wait(1.3)


# --- afterwards ---------------------------------------------------------------------------------

AFTERMATHS = {
    "paper-out": {"after_rows": 300},
    "drop-connection": {"after_bytes": PREFLIGHT_BYTES + 20_000},
    "silent": {"after": "raster"},
}


@pytest.mark.parametrize("fault", AFTERMATHS)
def test_the_label_after_an_unknown_one_is_clean(printer, label: MonoRaster, fault: str) -> None:
    driver = printer.driver()
    printer.do(fault, **AFTERMATHS[fault])
    assert driver.print(label, timeout=1.0).outcome is UNKNOWN
    assert driver.needs_recovery
    printer.do("heal")

    result = driver.print(label)

    assert ended(result) == (PRINTED, Reason.PRINTED)
    assert not driver.needs_recovery
    last = printer.papers()[-1]
    assert last["complete"]
    assert printer.picture(last, label.width) == scrubbed(label)
    assert printer.do("status")["text"] == 0


@pytest.mark.parametrize("after", range(1, 40, 2))
def test_a_label_broken_off_inside_any_command_spoils_no_other(
    printer, label: MonoRaster, after: int
) -> None:
    driver = printer.driver()
    printer.do("drop-connection", after_bytes=PREFLIGHT_BYTES + after)
    driver.print(label)
    printer.do("heal")

    assert ended(driver.print(label)) == (PRINTED, Reason.PRINTED)
    assert printer.picture(printer.papers()[-1], label.width) == scrubbed(label)


def test_the_driver_never_sends_a_label_again_by_itself(printer, label: MonoRaster) -> None:
    driver = printer.driver()
    printer.do("silent", after="raster")
    driver.print(label, timeout=0.5)
    printer.do("heal")

    driver.clear()

    assert [p["waste"] for p in printer.papers()] == [False, True]


def test_clear_needs_a_fit_printer_and_stays_needed(printer) -> None:
    driver = printer.driver(recover_first=True)
    printer.do("cover", open=True)

    with pytest.raises(PrinterNotReady, match="close it"):
        driver.clear()

    assert driver.needs_recovery


def test_a_driver_told_of_an_unconfirmed_print_begins_with_the_waste(
    printer, label: MonoRaster
) -> None:
    result = printer.driver(recover_first=True).print(label)

    assert ended(result) == (PRINTED, Reason.PRINTED)
    assert [p["waste"] for p in printer.papers()] == [True, False]


def test_what_was_not_yet_sent_is_taken_back_when_the_job_ends(
    printer,
) -> None:
    dense = MonoRaster(800, 4000, b"\xaa" * 100 * 4000)
    printer.do("paper-out", after_rows=10)
    result = printer.driver().print(dense)
    printer.wait_until(lambda: not printer.do("status")["connected"])
    printer.do("load-paper")
    printer.wait_until(lambda: printer.do("status")["buffered"] < 100)

    received = printer.do("status")["rows_under_way"] * 100
    assert result.outcome is UNKNOWN
    assert received + 4096 < result.bytes_accepted


def test_two_threads_do_not_share_the_printer(slow_printer) -> None:
    driver = slow_printer.driver()
    label = MonoRaster(800, 600, b"\xaa" * 100 * 600)
    sending = threading.Event()
    results: list[PrintResult] = []
    thread = threading.Thread(target=lambda: results.append(driver.print(label, sending.set)))
    thread.start()
    sending.wait(5)

    with pytest.raises(PrinterBusy):
        driver.status(timeout=0.1)
    assert ended(driver.print(label, timeout=0.1)) == (BLOCKED, Reason.BUSY)

    thread.join()
    assert results[0].outcome is PRINTED


def test_a_printer_out_of_paper_can_still_be_asked_after_a_break(
    printer, label: MonoRaster
) -> None:
    printer.do("paper-out", after_rows=10)
    driver = printer.driver()
    driver.print(label)

    assert ended(driver.print(label)) == (BLOCKED, Reason.PAPER_OUT)
