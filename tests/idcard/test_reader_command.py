"""`padpos reader`: what a technician sees, and that it is never a person."""

import threading
import time
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from padpos.cli import main
from padpos.upkeep.reader_words import CONDITIONS, EVENTS, PROVEN
from padpos_drivers.idcard import ccid
from padpos_drivers.idcard.conditions import Condition, conditions
from padpos_drivers.idcard.interface import Evidence, ReaderEvent
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.sam_bench import SamBench
from tests.idcard.conftest import POLL_SECONDS


def padpos(*words: str) -> Any:
    return CliRunner().invoke(main, ["reader", *words])


def test_list_names_readers_as_they_are_set(bench: ReaderBench) -> None:
    assert f'reader = "pcsc:{READER_NAME}"' in padpos("list").output


def test_test_tells_timing_and_proof_and_masks_and_nothing_else_of_the_card(
    bench: ReaderBench, vectors: dict[str, Any]
) -> None:
    for card in vectors["cards"]:
        bench.lay(bytes.fromhex(card["storage_image"]))
        result = padpos("test", "--reader", READER_NAME, "--wait", "5", "--count", "3")
        bench.lift()
        time.sleep(POLL_SECONDS)
        assert result.exit_code == 0, result.output
        assert card["kind"] in result.output
        assert "ms" in result.output
        assert "authenticated each other" in result.output
        secrets = {key: text for key, text in card["expect"].items() if text and len(text) > 2}
        del secrets["type"]
        shown = [key for key, text in secrets.items() if text in result.output]
        assert shown == []


def test_test_reads_over_a_serial_line_too(sam: SamBench, images: dict[str, bytes]) -> None:
    sam.lay(images["citizen"])
    result = padpos("test", "--reader", f"serial:{sam.port}", "--wait", "5")
    assert result.exit_code == 0, result.output
    assert "测**" in result.output


def test_test_says_what_is_wrong_with_a_card_in_both_languages(
    bench: ReaderBench, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"][:900])
    result = padpos("test", "--reader", READER_NAME, "--wait", "5")
    assert result.exit_code == 1
    assert "card-unreadable" in result.output
    assert "卡片数据损坏" in result.output
    assert "the card's data is damaged" in result.output


def test_without_a_card_test_ends(bench: ReaderBench) -> None:
    result = padpos("test", "--reader", READER_NAME, "--wait", "0.5")
    assert (result.exit_code, "no card came" in result.output) == (1, True)


def test_watch_shows_events_with_their_times(sam: SamBench, images: dict[str, bytes]) -> None:
    timer = threading.Timer(0.8, sam.lay, [images["citizen"]])
    timer.start()
    result = padpos("watch", "--reader", f"serial:{sam.port}", "--seconds", "2")
    timer.join()
    assert "card-present" in result.output
    assert "有卡 / card laid" in result.output


def test_what_stands_in_a_readers_way_is_told(bench: ReaderBench, tmp_path: Path) -> None:
    assert conditions(READER_NAME) == ()
    assert conditions("Virtual PCD") == (Condition.NAME_NOT_UNIQUE,)
    assert conditions("pcsc:Nobody's")[0] is Condition.READER_MISSING
    info = tmp_path / "Info.plist"
    assert conditions(f"escape:{READER_NAME}", info) == (Condition.ESCAPE_UNKNOWN,)
    off = ccid.with_escape(ccid.SETTINGS.read_text("utf-8"), False)
    info.write_text(off, "utf-8")
    assert conditions(f"escape:{READER_NAME}", info) == (Condition.ESCAPE_OFF,)
    info.write_text(ccid.with_escape(off, True), "utf-8")
    assert conditions(f"escape:{READER_NAME}", info) == ()
    result = padpos("watch", "--reader", "Virtual PCD", "--seconds", "0.1")
    assert "write the whole name" in result.output


def test_without_a_reader_named_the_command_says_how_to_name_one() -> None:
    assert "--reader" in padpos("test").output
    assert "a reader is NAME" in padpos("test", "--reader", "serial:").output


def test_there_are_words_for_everything() -> None:
    assert set(EVENTS) == set(ReaderEvent)
    assert set(CONDITIONS) == set(Condition)
    assert set(PROVEN) == set(Evidence)
