"""The safe-number service: a courier gets a name, an address and a way to call; never a phone."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from padpos.wire import envelope, feed, label_code
from padpos.wire.facts import ConsignmentFacts, EndedFacts, LabelFacts
from padpos.wire.feed import Feed, FeedKind
from padpos.wire.label_code import LabelPlain
from padpos.wire.personal import Party, SealedCarrier

if TYPE_CHECKING:
    from tests.services.conftest import Authority, SafeNumbers, Terminal


PHONE = "13000000001"
NAME = "测试乙"
PREFIX = "HTTPS://L.EXAMPLE/"


@dataclass(frozen=True)
class Parcel:
    consignment: bytes
    waybill: str
    codes: dict[int, bytes]

    def text(self, generation: int = 1) -> str:
        return label_code.to_text(self.codes[generation], PREFIX)


@pytest.fixture
def parcel(safe_numbers: SafeNumbers) -> Parcel:
    waybill = f"TEST{int.from_bytes(os.urandom(4)):010}"
    plains = [LabelPlain(waybill, g, NAME, PHONE, "乙地一号") for g in (1, 2)]
    codes = {p.generation: label_code.seal(p, safe_numbers.key("label")) for p in plains}
    return Parcel(os.urandom(16), waybill, codes)


@pytest.fixture(scope="session")
def courier(safe_numbers: SafeNumbers) -> str:
    return add_courier(safe_numbers, "c-17")


class Desk:
    """A terminal that sends, and a courier who asks."""

    def __init__(
        self, authority: Authority, safe_numbers: SafeNumbers, terminal: Terminal, courier: str
    ) -> None:
        self.authority = authority
        self.safe_numbers = safe_numbers
        self.terminal = terminal
        self.courier = courier

    def send(self, *facts: LabelFacts | EndedFacts) -> None:
        """Have entries stored at the authority and taken in by the service."""
        for each in facts:
            kind = "label" if isinstance(each, LabelFacts) else "void"
            assert self.terminal.send(each, kind) == (0, None)
        self.until_fed()

    def until_fed(self) -> None:
        [(target,)] = self.authority.rows("SELECT count(*) FROM feed")
        deadline = time.monotonic() + 10
        while self.rows("SELECT value FROM position") != [(target,)]:
            assert time.monotonic() < deadline, "the feed does not arrive"
            time.sleep(0.02)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.safe_numbers.home / "store" / "safenumber.db")
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run(self.safe_numbers, "status", "--json"))
        return found

    def log(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT courier, subject, outcome FROM access ORDER BY n")

    def ask(self, label: object, waybill: object, **other: Any) -> tuple[int, Any]:
        """(HTTP status, answer), as this courier or as `token`."""
        token = other.get("token", self.courier)
        body = other.get("body") or json.dumps({"label": label, "waybill": waybill}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.safe_numbers.port}/api/resolve",
            body,
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@pytest.fixture
def desk(authority: Authority, safe_numbers: SafeNumbers, terminal: Terminal, courier: str) -> Desk:
    return Desk(authority, safe_numbers, terminal, courier)


def run(safe_numbers: SafeNumbers, *arguments: str) -> str:
    program = Path(sys.executable).parent / "padpos-safenumber"
    command = [str(program), *arguments, "--home", str(safe_numbers.home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def add_courier(safe_numbers: SafeNumbers, name: str) -> str:
    return run(safe_numbers, "courier", "add", name)


def labelled(parcel: Parcel, status: str = "printed", generation: int = 1) -> LabelFacts:
    digest = label_code.code_hash(parcel.codes[generation])
    return LabelFacts(
        parcel.consignment, parcel.waybill, generation, digest, status, "printer", None
    )


def voided(parcel: Parcel) -> EndedFacts:
    return EndedFacts(parcel.consignment, "wrong", "label", "o-1", "c-1", "walk-in", None, 1)


def test_a_recorded_label_resolves_and_the_phone_stays_hidden(desk: Desk, parcel: Parcel) -> None:
    desk.send(labelled(parcel, "intended"))
    status, answer = desk.ask(parcel.text(), parcel.waybill)
    assert status == 200
    assert (answer["name"], answer["address"], answer["generation"]) == (NAME, "乙地一号", 1)
    assert answer["call"]["number"].isdecimal()
    assert len(answer["call"]["extension"]) == 4
    assert PHONE not in json.dumps(answer, ensure_ascii=False)
    again = desk.ask(parcel.text(), parcel.waybill)[1]
    assert again["call"] == answer["call"], "a parcel keeps its safe number"
    assert desk.log()[-1] == (
        "c-17", f"consignment:{parcel.consignment.hex()}", "resolved",
    )  # fmt: skip


def test_a_code_not_in_the_feed_is_not_even_opened(desk: Desk, parcel: Parcel) -> None:
    """A code under no key of the service's own gets the same answer: nothing was opened."""
    other = replace(parcel, codes={1: parcel.codes[1][:1] + os.urandom(len(parcel.codes[1]) - 1)})
    for unknown in (parcel, other):
        status, answer = desk.ask(unknown.text(), parcel.waybill)
        assert (status, answer["error"]) == (404, "not-yet-recorded")
        assert answer["zh"]
        assert answer["en"]


def test_a_barcode_of_another_parcel_is_refused(desk: Desk, parcel: Parcel) -> None:
    desk.send(labelled(parcel))
    status, answer = desk.ask(parcel.text(), "TEST9999999999")
    assert (status, answer["error"]) == (409, "waybill-mismatch")


def test_an_entry_that_lies_about_the_waybill_opens_nothing(desk: Desk, parcel: Parcel) -> None:
    desk.send(replace(labelled(parcel), waybill="TEST9999999998"))
    status, answer = desk.ask(parcel.text(), "TEST9999999998")
    assert (status, answer["error"]) == (409, "waybill-mismatch")
    assert NAME not in json.dumps(answer, ensure_ascii=False)


def test_a_reprint_outdates_the_first_label(desk: Desk, parcel: Parcel) -> None:
    desk.send(labelled(parcel, "unknown", 1))
    desk.send(labelled(parcel, "intended", 2))
    status, answer = desk.ask(parcel.text(1), parcel.waybill)
    assert (status, answer["error"]) == (409, "outdated-generation")
    status, answer = desk.ask(parcel.text(2), parcel.waybill)
    assert (status, answer["generation"]) == (200, 2)


def test_a_voided_parcel_is_gone(desk: Desk, parcel: Parcel) -> None:
    desk.send(labelled(parcel))
    desk.send(voided(parcel))
    status, answer = desk.ask(parcel.text(), parcel.waybill)
    assert (status, answer["error"]) == (410, "voided")


def test_another_terminal_cannot_void_this_ones_parcel(
    desk: Desk, new_terminal: Callable[..., Terminal], parcel: Parcel
) -> None:
    other = new_terminal()
    desk.send(labelled(parcel))
    other.send(voided(parcel), "void")
    desk.until_fed()
    assert desk.ask(parcel.text(), parcel.waybill)[0] == 200


def test_a_recorded_code_under_a_strange_key_cannot_be_opened(desk: Desk, parcel: Parcel) -> None:
    strange = replace(parcel, codes={1: bytes([1]) + os.urandom(len(parcel.codes[1]) - 1)})
    desk.send(labelled(strange))
    status, answer = desk.ask(strange.text(), parcel.waybill)
    assert (status, answer["error"]) == (400, "cannot-open")


@pytest.mark.parametrize("token", ["", "c-17", "c-17." + "0" * 64, "nobody." + "0" * 64])
def test_without_a_couriers_token_there_is_no_answer(
    desk: Desk, parcel: Parcel, token: Any
) -> None:
    status, answer = desk.ask(parcel.text(), parcel.waybill, token=token)
    assert (status, answer["error"]) == (401, "unauthenticated")
    assert desk.log()[-1] == ("-", "-", "unauthenticated")


@pytest.mark.parametrize(
    ("label", "waybill", "body"),
    [
        ("", "TEST00000001", None),
        ("HTTPS://L.EXAMPLE/lower", "TEST00000001", None),
        (7, None, None),
        (None, None, b"no json"),
        (None, None, b"[" * 3000),
        (None, None, b"x" * 100_000),
    ],
)
def test_what_is_no_label_and_waybill_is_malformed(
    desk: Desk, label: Any, waybill: Any, body: Any
) -> None:
    token = add_courier(desk.safe_numbers, f"m-{os.urandom(4).hex()}")
    status, answer = desk.ask(label, waybill, token=token, body=body)
    assert (status, answer["error"]) == (400, "malformed")


def test_a_courier_who_asks_too_often_waits_and_others_do_not(desk: Desk, parcel: Parcel) -> None:
    eager = add_courier(desk.safe_numbers, "c-eager")
    outcomes = [desk.ask(parcel.text(), parcel.waybill, token=eager)[0] for _ in range(40)]
    assert outcomes.count(429) >= 5
    assert outcomes[:30] == [404] * 30
    assert desk.ask(parcel.text(), parcel.waybill)[0] == 404


def test_every_attempt_is_on_a_log_whose_chain_shows_a_change(desk: Desk, parcel: Parcel) -> None:
    before = len(desk.log())
    desk.ask(parcel.text(), parcel.waybill)
    desk.ask("", "", token="")
    assert len(desk.log()) == before + 2
    assert desk.status()["access_log_whole"] is True
    database = sqlite3.connect(desk.safe_numbers.home / "store" / "safenumber.db")
    change = "UPDATE access SET outcome = ? WHERE n = ?"
    for line in (before + 1, before + 2):  # one in the middle, and the last
        [(outcome,)] = database.execute("SELECT outcome FROM access WHERE n = ?", (line,))
        with database:
            database.execute(change, ("resolved", line))
        assert desk.status()["access_log_whole"] is False
        with database:
            database.execute(change, (outcome, line))
    database.close()
    assert desk.status()["access_log_whole"] is True


def test_a_restart_resumes_the_feed_where_it_was(desk: Desk, parcel: Parcel) -> None:
    desk.until_fed()
    desk.safe_numbers.stop(signal.SIGKILL)
    desk.terminal.send(labelled(parcel))
    desk.safe_numbers.start(desk.authority)
    desk.until_fed()
    assert desk.ask(parcel.text(), parcel.waybill)[0] == 200
    status = desk.status()
    assert status["position"] == desk.authority.rows("SELECT count(*) FROM feed")[0][0]
    taken = sum(n for name, n in status["counters"].items() if name.startswith("feed-"))
    assert taken == status["position"], "no item was taken in twice"


def test_nothing_personal_is_kept(desk: Desk, parcel: Parcel) -> None:
    desk.send(labelled(parcel))
    assert desk.ask(parcel.text(), parcel.waybill)[0] == 200
    secret = desk.courier.partition(".")[2]
    for file in (path for path in desk.safe_numbers.home.rglob("*") if path.is_file()):
        content = file.read_bytes()
        for needle in (NAME, PHONE, "乙地", secret):
            assert needle.encode() not in content, file.name


def fetch(authority: Authority, after: object, token: str | None = None) -> bytes:
    token = token or (authority.home / "ingest" / "feed.token").read_text()
    request = urllib.request.Request(
        f"http://127.0.0.1:{authority.feed_port}/feed?after={after}",
        headers={"Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body: bytes = answer.read()
        return body


def test_the_feed_is_signed_in_order_and_hands_on_carrier_envelopes(
    authority: Authority, safe_numbers: SafeNumbers, terminal: Terminal, parcel: Parcel
) -> None:
    after = authority.rows("SELECT coalesce(max(position), 0) FROM feed")[0][0]
    carried = SealedCarrier(
        parcel.waybill, Party("测试甲", "1", "甲地"), Party(NAME, PHONE, "乙地")
    )
    binding = envelope.Binding(terminal.name, "carrier", parcel.consignment)
    body = envelope.seal(carried.padded(), binding, [safe_numbers.key("carrier")])
    facts = ConsignmentFacts(
        consignment=parcel.consignment, waybill=parcel.waybill, outlet="o-1", clerk="c-1",
        customer="walk-in", contract=None, document_class="citizen", reading="chip", policy=1,
        exemptions=(), marks=(), verdicts=(), grams=500, from_scale=True, draw=None,
        times_today=1, clerks_own=False, software="test", durations=(),
    )  # fmt: skip
    terminal.send(facts, carrier=body)
    terminal.send(labelled(parcel))
    terminal.send(voided(parcel), "void")
    page: Feed = feed.verify(fetch(authority, after), authority.receipt_key)
    assert [item.kind for item in page.items] == [FeedKind.CARRIER, FeedKind.LABEL, FeedKind.VOID]
    assert page.items[0].body == body
    rest = feed.verify(fetch(authority, after + 1), authority.receipt_key)
    assert rest.items == page.items[1:]


@pytest.mark.parametrize(("after", "token", "status"), [(0, "wrong", 401), ("x", None, 400)])
def test_the_feed_opens_to_its_token_only(
    authority: Authority, after: Any, token: Any, status: Any
) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(authority, after, token)
    assert refused.value.code == status
