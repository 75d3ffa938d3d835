"""Promise: a batch comes in through the screen's own door, for a clerk, and is shown masked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from click.testing import CliRunner

from padpos import cli
from padpos.batch.table import MOST_BYTES
from tests.batch.files import ANNA, BORIS, csv, xlsx
from tests.terminal.batches import PEOPLE, ROWS, SHOP, accepted, stopped
from tests.terminal.counters import Counter
from tests.ui.test_screen import ask, told

SENDER = {"name": SHOP.name, "phone": SHOP.phone, "address": SHOP.address}


async def look(client: httpx.AsyncClient, data: bytes, **changed: str) -> httpx.Response:
    """Send a file as the page does."""
    headers = {"content-type": "application/octet-stream", **changed}
    return await client.post("/api/batch?contract=contract-9", content=data, headers=headers)


def test_a_file_goes_from_the_page_to_its_labels_and_no_name_comes_back(tmp_path: Path) -> None:
    """Rule 1: what the page is told of rows is masked."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        read = await look(client, xlsx(ROWS))
        assert (read.json()["good"], read.json()["faulty"]) == (3, 0)
        assert (await client.get("/api/state")).json()["batches"]["file"]["good"] == 3
        assert (await ask(client, "batch-seal", **SENDER)).json() == {"ok": True}
        (batch,) = (await client.get("/api/state")).json()["batches"]["list"]
        assert (batch["contract"], batch["left"], batch["stage"]) == ("contract-9", 3, "ready")
        rows = await client.get(f"/api/batch/{batch['id']}")
        assert [row["row"] for row in rows.json()["rows"]] == [2, 3, 4]
        assert rows.json()["left"] == "2-4"
        for answer in (read, rows, await client.get("/api/state")):
            assert not [text for text in PEOPLE if text in answer.text]
        assert (await ask(client, "batch-run", batch=batch["id"])).status_code == 200
        drawn = c.standing.policy
        assert drawn is not None
        while (state := (await client.get("/api/state")).json())["batches"]["running"]:
            if state["phase"] == "open" and state["step"] == "inspect":
                await ask(client, "photo")
                await ask(client, "confirm")
            await asyncio.sleep(0.02)
        assert await stopped(c) is None
        assert len(await accepted(c)) == 3

    told(tmp_path, story)


def test_a_file_is_taken_from_a_clerk_and_from_this_machines_page_alone(tmp_path: Path) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        assert (await look(client, csv(ROWS))).json()["code"] == "signed-out"
        assert (await client.get(f"/api/batch/{'00' * 16}")).json()["code"] == "signed-out"
        c.station.clerk = "clerk-03"
        kind = {"content-type": "text/plain"}
        assert (await look(client, csv(ROWS), **kind)).json()["code"] == "request"
        assert (await look(client, csv(ROWS), origin="http://evil.example")).status_code == 403
        assert c.station.importer.file is None

    told(tmp_path, story, signed_in=False)


def test_what_is_no_batch_is_refused_with_words_and_the_counter_goes_on(tmp_path: Path) -> None:
    """Bad input: each a clear refusal."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        for data, code in (
            (b"%PDF", "batch-format"),
            (csv([ANNA])[:-1] + b"\xff\xff", "batch-encoding"),
            (b"x" * (MOST_BYTES + 1), "batch-too-large"),
            (csv([ANNA], ("a", "b", "c", "d", "e")), "batch-header"),
        ):
            answer = (await look(client, data)).json()
            assert (answer["ok"], answer["code"]) == (False, code)
            assert answer["zh"] and answer["en"]
        assert (await ask(client, "batch-seal", **SENDER)).json()["code"] == "batch-none"
        wrong = (await look(client, csv([ANNA, (*BORIS[:4], "heavy")]))).json()
        assert [(fault["row"], fault["column"]) for fault in wrong["faults"]] == [(3, "E grams")]
        assert (await ask(client, "batch-seal", **SENDER)).json()["code"] == "batch-faulty"
        for name in ("batch-run", "batch-let-go"):
            assert (await ask(client, name, batch="zz")).json()["code"] == "batch-none"
        await c.walk_in()
        assert len(await accepted(c)) == 1

    told(tmp_path, story)


def test_the_technicians_command_names_rows_and_no_values(tmp_path: Path) -> None:
    file = tmp_path / "recipients.csv"
    file.write_bytes(csv([ANNA, (*BORIS[:4], "heavy")], encoding="gb18030"))
    done = CliRunner().invoke(cli.main, ["batch", "check", str(file)])
    assert done.exit_code == 1
    assert "3 E grams" in done.output
    assert not [text for row in (ANNA, BORIS) for text in row[:3] if str(text) in done.output]
    file.write_bytes(csv([ANNA]))
    assert CliRunner().invoke(cli.main, ["batch", "check", str(file)]).exit_code == 0


def test_the_technicians_command_hands_a_file_to_the_running_terminal(tmp_path: Path) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        config, file = tmp_path / "terminal.toml", tmp_path / "recipients.csv"
        pins = c.station.config.pins["clerk-03"]
        config.write_text(
            'terminal = "t-1"\ncarrier = "c"\noutlet = "o"\narea = "a"\nstate = "s"\nkeys = "k"\n'
            'reader = "r"\nprinter = "127.0.0.1:1"\ncamera = "x"\nlink = "l"\n'
            'listen = ["127.0.0.1:9", "unix:screen.sock"]\nlabel_prefix = "HTTPS://P.EXAMPLE/"\n'
            f'[clerks]\nclerk-03 = "{pins}"\n'
        )
        file.write_bytes(csv(ROWS))
        words = ["batch", "import", str(file), "--config", str(config), "--contract", "contract-9"]
        typed = "\n".join((SHOP.name, SHOP.phone, SHOP.address)) + "\n"
        done = await asyncio.to_thread(CliRunner().invoke, cli.main, words, typed)
        assert done.exit_code == 0, done.output
        assert [state.left for state in c.station.batches.states] == [3]
        words[-1] = "contract-1"
        done = await asyncio.to_thread(CliRunner().invoke, cli.main, words, typed)
        assert done.exit_code == 1
        assert "(contract)" in done.output

    told(tmp_path, story)
