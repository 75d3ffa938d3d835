"""Promise: personal data is sealed before it touches disk, log or paper."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from padpos.counter.flow import Phase
from padpos.wire import envelope, label_code, personal
from padpos.wire.envelope import Binding
from padpos.wire.facts import (
    ConsignmentFacts,
    Kind,
)
from padpos.wire.keys import Alg, sealing_private
from padpos_drivers.printer import PrintOutcome
from tests.counter.shadow import texts_in
from tests.terminal.counters import (
    CARD,
    SENDER_PHONE,
    Counter,
    counter,
    of_kind,
    picture,
)
from tests.wire.vector_objects import DAY_MS, RECIPIENT, SENDER, START, TERMINAL, sealing, seed

SECRETS = {*texts_in(SENDER), *texts_in(RECIPIENT), CARD.number}


def test_what_is_sealed_opens_for_the_back_office_and_says_what_was_given(tmp_path: Path) -> None:
    """Rule 1: the authority's key opens it; the terminal holds no such key."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            message = await c.station.in_ledger(c.ledger.message, c.station.last.seq)  # type: ignore[union-attr]  # it was just recorded
            assert message is not None and message.sealed and message.carrier
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            binding = Binding(TERMINAL, "consignment", made.consignment)
            private = sealing_private(Alg.XWING, seed("upload key"))
            content, _ = envelope.open_envelope(
                message.sealed, binding, sealing("upload").id, private
            )
            opened = personal.SealedConsignment.from_padded(content)
            assert (opened.recipient, opened.contents) == (RECIPIENT, "文具")
            assert opened.sender == personal.Party(CARD.name, SENDER_PHONE, CARD.address or "")
            assert opened.document is not None and opened.document.number == CARD.number

    asyncio.run(story())


def test_no_file_of_the_terminal_holds_a_word_of_anybody(tmp_path: Path) -> None:
    """Rule 1: what is stolen from the disk, the log included, names nobody."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            await c.walk_in("contents")
            searched = 0
            for file in tmp_path.rglob("*"):
                if file.is_file():
                    searched += 1
                    content = file.read_bytes()
                    for secret in SECRETS:
                        assert secret.encode() not in content, file.name
                        assert secret.encode("utf-16-le") not in content, file.name
                    assert picture()[100:200] not in content, file.name
            assert searched >= 4

    asyncio.run(story())


def test_no_log_line_names_anybody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rule 1: logs hold codes and counts."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.UNKNOWN]
            await c.walk_in()
            long = {"name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": "样" * 60}
            await c.do("label-whole")
            await c.walk_in("contents")
            await c.do("recipient", **long)
            await c.do("confirm")

    with caplog.at_level("DEBUG"):
        asyncio.run(story())
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_outside_the_key_sets_time_nothing_is_sealed_and_nothing_recorded(tmp_path: Path) -> None:
    """Rule 1: without a key in force the plaintext goes nowhere."""
    time = [START]

    async def story() -> None:
        async with counter(tmp_path, now=lambda: time[0]) as c:
            await c.walk_in("contents")
            time[0] = START + 8 * DAY_MS
            await c.do("confirm")
            assert (c.phase, c.station.state.problem) == (Phase.OPEN, "sealing-refused")
            assert await c.facts(Kind.CONSIGNMENT) == []

    asyncio.run(story())


def test_the_label_code_opens_for_the_carrier_alone_and_names_its_generation(
    tmp_path: Path,
) -> None:
    """Rule 1: the paper's code is sealed; rule 6: each generation has its own."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            paper = await c.station.in_ledger(_first_paper, c)
            private = sealing_private(Alg.LABEL, seed("label key"))
            for generation, code in enumerate(paper.codes, 1):
                plain = label_code.open_code(code, sealing("label"), private)
                assert (plain.generation, plain.waybill) == (generation, "AB000001")
                assert plain.phone == RECIPIENT.phone

    asyncio.run(story())


def _first_paper(c: Counter) -> Any:
    from padpos.ledger.papers import Papers

    consignment = c.ledger.db.execute("SELECT consignment FROM papers").get
    return Papers(c.ledger).get(consignment)
