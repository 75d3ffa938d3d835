"""Promise: a full disk loses nothing, stops nothing that was begun, and kills nobody.

A real file system, small and its own, that somebody else fills.
"""

from __future__ import annotations

from pathlib import Path

from tests.terminal.small_disk import on_small_disk


def test_a_parcel_in_hand_is_finished_in_the_room_kept_for_it(tmp_path: Path) -> None:
    """Rule 2 on a full disk; the next parcel is not begun, receipts are taken, and it thaws."""
    seen = on_small_disk("finished", tmp_path)
    assert seen["ended"] == [True, 1]
    assert seen["refused"] == "disk-low"
    assert (seen["receipt"], seen["waits"]) == (1, [0, 0])
    assert seen["printed"] == 2


def test_what_can_not_be_recorded_waits_and_the_clerk_is_told(tmp_path: Path) -> None:
    """Rule 4: the trace of a parcel is late, never left out; half a photo is not left lying."""
    seen = on_small_disk("waited", tmp_path)
    assert (seen["photo"], seen["left"]) == (["disk-full", True], 0)
    assert seen["refused"] == "disk-full"
    assert (seen["ended"], seen["after"]) == (["sender-left"], None)


def test_a_label_printed_while_the_disk_filled_is_printed_once(tmp_path: Path) -> None:
    """Rule 6: what waits to be recorded is recorded again, not printed again."""
    seen = on_small_disk("printed", tmp_path)
    assert (seen["during"], seen["printed"], seen["done"]) == (1, 1, True)
    assert seen["labels"] == ["intended", "printed"]


def test_a_terminal_comes_up_on_a_full_disk_and_takes_receipts(tmp_path: Path) -> None:
    """Rule 3: receipts are what makes room; what a crash left is recorded as soon as there is."""
    seen = on_small_disk("restarted", tmp_path)
    assert seen["up"] == ["disk-full", "disk-full"]
    assert (seen["receipt"], seen["ended"], seen["photos"]) == (1, ["interrupted"], 1)


def test_a_disk_that_fills_at_any_write_leaves_a_whole_chain_that_takes_receipts(
    tmp_path: Path,
) -> None:
    """Rule 3: all or nothing, typed, and never wedged."""
    seen = on_small_disk("every-write", tmp_path)
    assert seen["applied"] == 39
    assert seen["refused"] > 100
