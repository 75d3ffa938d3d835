"""Promise: whatever breaks, nothing promised is lost, doubled or altered; a slice of the campaign.

The campaign itself is `python -m bench.faults`, with any numbers.
"""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from bench.faults.sabotage import Sabotage
from padpos.wire.messages import PART_SIZE, parts_of
from padpos_services.authority import founding, store
from padpos_services.authority.attachments import Attachments
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.home import Home
from padpos_services.shared.database import transaction

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("lost", "doubled", "altered", "undone", "unbacked", "alarms", "stuck", "unclear")
KINDS = ("cuts", "full", "kills", "links", "lies", "mixed", "clocks", "backlog")
NOTICED = {
    Sabotage.SYNCHRONOUS_NORMAL: ("--cuts", "10"),
    Sabotage.NO_RECEIPT_CHECK: ("--cuts", "10"),
    Sabotage.ANY_TERMINAL: ("--lies", "12", "--lie", "foreign"),
    Sabotage.TRUST_PUBACK: ("--lies", "12", "--lie", "drop"),
    Sabotage.NO_RESEND: ("--lies", "12", "--lie", "drop"),
    Sabotage.NO_WATCHDOG: ("--lies", "1", "--lie", "half-open"),
    Sabotage.NO_SIGNATURE_CHECK: ("--lies", "12", "--lie", "forge"),
    Sabotage.WALL_CLOCK: ("--clocks", "4"),
}


def campaign(folder: Path, *words: str) -> tuple[int, dict[str, dict[str, int]]]:
    """What `python -m bench.faults` ends with, and its table: figures by kind and column."""
    nothing = [word for kind in KINDS for word in (f"--{kind}", "0")]
    options = [*nothing, "--folder", str(folder), *words]
    done = subprocess.run(
        [sys.executable, "-m", "bench.faults", *options],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    head, *lines = done.stdout.split("\n\n")[0].splitlines()
    assert lines, done.stderr
    titles = head.split()[1:]
    figures = {}
    for line in lines:
        kind, *cells = line.split()
        figures[kind] = dict(zip(titles, map(int, cells), strict=True))
    sys.stdout.write(done.stdout)  # pytest shows it where something fails
    return done.returncode, figures


def well(found: dict[str, dict[str, int]], code: int) -> bool:
    """Whether nothing at all was wrong."""
    return code == 0 and not [kind for kind in found for wrong in COLUMNS if found[kind][wrong]]


def test_power_cuts_and_full_disks_lose_nothing_that_was_promised(tmp_path: Path) -> None:
    """Rules 2 and 3, in the ledger: a returned call is a promise."""
    code, found = campaign(tmp_path, "--cuts", "10", "--full", "5")

    assert [found[kind]["tried"] for kind in ("cuts", "full")] == [10, 5]
    assert all(figures["promised"] > 40 for figures in found.values())
    assert well(found, code)


def test_kills_and_cut_connections_lose_nothing_that_was_promised(tmp_path: Path) -> None:
    """Rules 2 and 3, from the counter to the authority: real processes, a real broker."""
    code, found = campaign(tmp_path, "--kills", "4", "--links", "8")

    assert [found[kind]["tried"] for kind in ("kills", "links")] == [4, 8]
    assert all(figures["promised"] > 4 for figures in found.values())
    assert well(found, code)


def test_a_lying_broker_and_jumping_clocks_lose_nothing_that_was_promised(tmp_path: Path) -> None:
    """Rule 3: a lie costs a re-send, and what waits goes by a clock that never jumps."""
    code, found = campaign(tmp_path, "--mixed", "30", "--clocks", "8")

    assert [found[kind]["tried"] for kind in ("mixed", "clocks")] == [30, 8]
    assert all(figures["promised"] > 4 for figures in found.values())
    assert well(found, code)


def test_a_weeks_backlog_arrives_whole_and_in_order(tmp_path: Path) -> None:
    """Rule 3: the product's own uplink and authority; ten thousand take `--backlog 10000`."""
    code, found = campaign(tmp_path, "--backlog", "300")

    assert found["backlog"]["tried"] >= 300
    assert found["backlog"]["promised"] > 600
    assert well(found, code)


@pytest.mark.parametrize("sabotage", Sabotage)
def test_the_campaign_notices_a_product_broken_on_purpose(
    tmp_path: Path, sabotage: Sabotage
) -> None:
    """The tests above have teeth."""
    code, found = campaign(tmp_path, "--sabotage", sabotage, *NOTICED[sabotage])

    [figures] = found.values()
    assert figures["lost"] + figures["altered"] + figures["stuck"] > 0
    assert code == 1


def test_an_authority_killed_before_its_commit_takes_the_last_piece_again(tmp_path: Path) -> None:
    """Rule 3, and no false alarm; the campaign found it: blob renamed, commit never made."""
    home = Home(tmp_path / "authority")
    founding.found(home, "127.0.0.1")
    first, last = parts_of(bytes(PART_SIZE) + b"the end")
    with contextlib.closing(store.connect(home.database)) as database:
        with transaction(database):
            Attachments(database, Blobs(home)).take("t-1", first)
        with contextlib.suppress(Killed), transaction(database):
            Attachments(database, Blobs(home)).take("t-1", last)
            raise Killed

        with transaction(database):
            Attachments(database, Blobs(home)).take("t-1", last)

        assert database.execute("SELECT complete FROM upload").fetchall()[0][0] == 1
        assert database.execute("SELECT count(*) FROM alarm").fetchone()[0] == 0
    assert Blobs(home).path(last.sha256).read_bytes() == first.data + last.data


class Killed(Exception):
    """Stands for a kill between the work and its commit."""


def test_the_campaign_leaves_nothing_behind(tmp_path: Path) -> None:
    """No world, no process, whatever was killed."""
    campaign(tmp_path, "--cuts", "1", "--full", "1", "--kills", "1", "--clocks", "1")

    assert list(tmp_path.iterdir()) == []
    running = (path for path in Path("/proc").glob("[0-9]*/cmdline"))
    assert not [path for path in running if str(tmp_path) in _text(path)]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""  # it has ended meanwhile
