"""Driver against simulator over a real TCP line: what is asked for is what is burnt."""

from padpos_drivers.printer import MonoRaster, Paper, PrinterStatus, PrintOutcome, Reason, scrubbed


def test_a_label_is_burnt_dot_for_dot_and_cut(printer, label: MonoRaster) -> None:
    result = printer.driver().print(label)

    assert (result.outcome, result.reason) == (PrintOutcome.PRINTED, Reason.PRINTED)
    (paper,) = printer.papers()
    assert paper["complete"]
    assert printer.picture(paper, label.width) == scrubbed(label)


def test_the_printer_understands_every_byte_that_is_sent(printer, label: MonoRaster) -> None:
    printer.driver().print(label)

    status = printer.do("status")
    assert (status["unknown"], status["text"], status["buffered"]) == (0, 0, 0)


def test_encoded_is_exactly_what_print_sends(printer, label: MonoRaster) -> None:
    driver = printer.driver(start_id=77)
    kept = driver.encoded(label)

    result = driver.print(label)

    assert result.bytes_accepted == len(kept)
    # The status questions come first, the id's request stays behind the cut.
    sent = printer.commands(printer.papers()[0])
    assert kept.startswith(sent[28:])
    assert kept[len(sent) - 28 :] == b"\x1d(H\x06\x00000077"


def test_labels_follow_each_other_without_waste(printer, label: MonoRaster) -> None:
    driver = printer.driver()

    results = [driver.print(label) for _ in range(3)]

    assert {r.outcome for r in results} == {PrintOutcome.PRINTED}
    assert [p["rows"] for p in printer.papers()] == [label.height] * 3


def test_process_ids_rise_wrap_and_are_handed_out_before_use(printer, label: MonoRaster) -> None:
    next_ids: list[int] = []
    driver = printer.driver(start_id=9998, on_next_id=next_ids.append)

    for _ in range(3):
        driver.print(label)

    assert next_ids == [9999, 1, 2]


def test_the_caller_hears_of_the_first_byte_before_it_goes(printer, label: MonoRaster) -> None:
    heard: list[int] = []

    def on_first_byte() -> None:
        heard.append(printer.do("status")["received"])

    before = printer.do("status")["received"]
    result = printer.driver().print(label, on_first_byte)

    assert heard == [before + 28]  # the status questions, nothing of the label
    assert result.outcome is PrintOutcome.PRINTED
    assert result.milliseconds_to_first_byte is not None
    assert 0 < result.milliseconds_to_first_byte <= result.milliseconds


def test_printed_is_not_said_before_the_head_has_burnt_it(slow_printer) -> None:
    label = MonoRaster(800, 240, b"\xaa" * 100 * 240)  # 30 mm at 150 mm/s: 0.2 s

    result = slow_printer.driver().print(label)

    assert result.outcome is PrintOutcome.PRINTED
    assert result.milliseconds > 190


def test_status_tells_what_the_sensors_see(printer) -> None:
    driver = printer.driver()
    assert driver.status() == PrinterStatus()

    printer.do("paper-near-end", on=True)
    assert driver.status() == PrinterStatus(paper=Paper.NEAR_END)

    printer.do("paper-out")
    assert driver.status() == PrinterStatus(online=False, paper=Paper.OUT)

    printer.do("heal")
    printer.do("cover", open=True)
    assert driver.status() == PrinterStatus(online=False, cover_open=True)


def test_low_paper_is_no_reason_not_to_print(printer, label: MonoRaster) -> None:
    printer.do("paper-near-end", on=True)

    assert printer.driver().print(label).outcome is PrintOutcome.PRINTED
