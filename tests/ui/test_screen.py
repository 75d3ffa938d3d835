"""Promise: the screen's server answers this machine's own pages, shows nobody whole, and does
what it was asked once."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from padpos.terminal.listener import serve_screen
from padpos.ui.app import MOST_BODY, Screen
from padpos.wire.facts import Kind
from padpos_drivers.camera.interface import CameraError
from tests.counter.shadow import texts_in
from tests.terminal.counters import CARD, PIN, SENDER_PHONE, Counter, counter
from tests.wire.vector_objects import DOCUMENT, RECIPIENT, SENDER

HOST = "127.0.0.1:8080"
Story = Callable[[Counter, httpx.AsyncClient], Awaitable[None]]
RECIPIENT_GIVEN = {
    "name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": RECIPIENT.address,
}  # fmt: skip


@asynccontextmanager
async def browser(c: Counter) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the real server on a real Unix socket."""
    path = c.folder / "screen.sock"
    task = asyncio.create_task(serve_screen(Screen(c.station).app(), (f"unix:{path}",)))
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        for _ in range(500):
            try:
                await client.get("/api/state")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
        yield client
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def told(folder: Path, story: Story, *, signed_in: bool = True) -> None:
    async def run() -> None:
        async with counter(folder, signed_in=signed_in) as c, browser(c) as client:
            await story(c, client)

    asyncio.run(run())


async def ask(client: httpx.AsyncClient, command: str, **arguments: object) -> httpx.Response:
    body = {"key": secrets.token_hex(8), "command": command, **arguments}
    return await client.post("/api/command", json=body)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "terminal.example.cn"},
        {"host": "127.0.0.1.example.cn"},
        {"host": "127.0.0.1.example.cn:8080"},
        {"host": "192.168.1.7:8080"},
        {"host": ""},
        {"host": "0.0.0.0:8080"},
        {"origin": "http://example.cn"},
        {"origin": "https://127.0.0.1:8080"},
        {"origin": "http://127.0.0.1:9090"},
        {"origin": "http://127.0.0.1"},
        {"origin": "null"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/state", "/api/stream", "/api/preview"])
def test_another_sites_page_gets_nothing(
    tmp_path: Path, headers: dict[str, str], path: str
) -> None:
    """Rule 7: neither a foreign page nor a rebound name reaches what the counter knows."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        answer = await client.get(path, headers=headers)
        assert answer.status_code in (400, 403)
        assert c.camera.asked == 0
        assert "样例路网点" not in answer.text

    told(tmp_path, story)


def test_another_sites_page_commands_nothing(tmp_path: Path) -> None:
    """Rule 7: a foreign origin is refused before its command is read."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        body = {"key": "12345678", "command": "begin", "customer": "walk-in"}
        for headers in ({"origin": "http://example.cn"}, {"host": "example.cn"}):
            answer = await client.post("/api/command", json=body, headers=headers)
            assert answer.status_code == 403
        assert c.station.state.consignment is None

    told(tmp_path, story)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080"])
def test_the_terminals_own_page_is_served(tmp_path: Path, host: str) -> None:
    async def story(_: Counter, client: httpx.AsyncClient) -> None:
        own = {"host": host, "origin": f"http://{host}"}
        assert (await client.get("/", headers=own)).status_code == 200
        assert (await client.get("/api/state", headers=own)).status_code == 200

    told(tmp_path, story)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "json"])
def test_only_json_is_a_command(tmp_path: Path, kind: str) -> None:
    """A form of another site can post anything but application/json unasked."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        body = json.dumps({"key": "12345678", "command": "begin", "customer": "walk-in"})
        answer = await client.post("/api/command", content=body, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert c.station.state.consignment is None

    told(tmp_path, story)


BAD_BODIES: dict[str, bytes] = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "not UTF-8": b'{"key": "\xff"}',
    "nested too deep": b"[" * 10_000,
    "oversized": b'{"key": "12345678", "command": "' + b"x" * MOST_BODY + b'"}',
    "no key": b'{"command": "photo"}',
    "a short key": b'{"key": "1", "command": "photo"}',
    "a long key": b'{"key": "' + b"1" * 65 + b'", "command": "photo"}',
    "a key that is a number": b'{"key": 12345678, "command": "photo"}',
    "no command": b'{"key": "12345678"}',
    "a command that is a list": b'{"key": "12345678", "command": ["photo"]}',
}


@pytest.mark.parametrize("bad", BAD_BODIES)
def test_a_body_that_is_no_command_is_refused(tmp_path: Path, bad: str) -> None:
    async def story(_: Counter, client: httpx.AsyncClient) -> None:
        headers = {"content-type": "application/json"}
        answer = await client.post("/api/command", content=BAD_BODIES[bad], headers=headers)
        assert answer.status_code == 400
        assert (await client.get("/api/state")).status_code == 200

    told(tmp_path, story)


@pytest.mark.parametrize(
    ("command", "arguments", "code"),
    [
        ("open-the-till", {}, "command"),
        ("__init__", {}, "command"),
        ("begin", {}, "customer"),
        ("begin", {"customer": 5}, "customer"),
        ("contents", {"contents": "文具", "grams": "5"}, "grams"),
        ("contents", {"contents": "文具", "grams": True}, "grams"),
        ("contents", {"contents": "文具", "grams": 1.5}, "grams"),
        ("recipient", {"name": "顾"}, "phone"),
        ("refuse", {"reason": "because"}, "not-now"),
        ("confirm", {}, "not-now"),
        ("photo", {}, "not-now"),
        ("label-reprint", {}, "not-now"),
    ],
)
def test_a_command_that_does_not_fit_is_refused_in_both_languages(
    tmp_path: Path, command: str, arguments: dict[str, Any], code: str
) -> None:
    async def story(_: Counter, client: httpx.AsyncClient) -> None:
        answer = await ask(client, command, **arguments)
        said = answer.json()
        assert (answer.status_code, said["ok"], said["code"]) == (409, False, code)
        assert said["zh"] and said["en"]

    told(tmp_path, story)


def test_there_is_no_other_way_in(tmp_path: Path) -> None:
    async def story(_: Counter, client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/command")).status_code == 405
        assert (await client.post("/api/state", json={})).status_code == 405
        for path in ("/docs", "/static/../app.py", "/static/%2e%2e/app.py", "/api/entries"):
            assert (await client.get(path)).status_code == 404

    told(tmp_path, story)


def test_a_command_sent_again_is_answered_again_and_done_once(tmp_path: Path) -> None:
    """Rule 6: a browser that repeats itself takes no second photo and makes no second parcel."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        begin = {"key": "begin-0001", "command": "begin", "customer": "walk-in"}
        answers = [await client.post("/api/command", json=begin) for _ in range(3)]
        assert [answer.json() for answer in answers] == [{"ok": True}] * 3
        photo = {"key": "photo-0001", "command": "photo"}
        both = [client.post("/api/command", json=photo) for _ in range(5)]
        assert {answer.status_code for answer in await asyncio.gather(*both)} == {200}
        assert c.camera.asked == 1
        held = c.station.state.consignment
        assert held is not None and len(held.photos) == 1

    told(tmp_path, story)


def test_a_refusal_sent_again_is_the_same_refusal(tmp_path: Path) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        confirm = {"key": "confirm-1", "command": "confirm"}
        assert (await client.post("/api/command", json=confirm)).status_code == 409
        await c.walk_in("contents")
        assert (await client.post("/api/command", json=confirm)).status_code == 409
        assert (await ask(client, "confirm")).status_code == 200

    told(tmp_path, story)


def test_no_snapshot_of_a_whole_consignment_shows_anybody_whole(tmp_path: Path) -> None:
    """Rule 1: not at any step, and not over the stream: the browser knows masks only."""
    secret = {*texts_in(SENDER), *texts_in(RECIPIENT), CARD.number, SENDER_PHONE, PIN}
    secret |= {SENDER_PHONE[:7], CARD.number[:6], "样例胡同", "样例路2号", str(DOCUMENT.birth)}

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        seen: list[str] = []

        async def look() -> None:
            seen.append((await client.get("/api/state")).text)

        await look()
        assert (await ask(client, "sign-in", clerk="clerk-03", pin=PIN)).status_code == 200
        await ask(client, "begin", customer="walk-in")
        await c.lay_card()
        for command, arguments in (
            ("agree", {}),
            ("photo", {}),
            ("sender", {"phone": SENDER_PHONE}),
            ("recipient", RECIPIENT_GIVEN),
            ("contents", {"contents": "文具", "grams": 1250}),
            ("confirm", {}),
        ):
            assert (await ask(client, command, **arguments)).status_code == 200
            await look()
            await c.settle()
            await look()
        assert not [word for word in secret if any(word in text for text in seen)]
        assert any(f"{DOCUMENT.name[0]}**" in text for text in seen), "the masks are there"
        assert json.loads(seen[-1])["outcome"] == "accepted"

    told(tmp_path, story, signed_in=False)


def test_the_stream_tells_every_change_masked(tmp_path: Path) -> None:
    """Rule 1: what is pushed is masked as well."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        async with asyncio.timeout(10), client.stream("GET", "/api/stream") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = stream.aiter_lines()
            first = json.loads((await anext(lines)).removeprefix("data: "))
            assert first["phase"] == "idle"
            await c.walk_in("recipient")
            seen = ""
            async for line in lines:
                seen += line
                if line.startswith("data: ") and '"recipient": {' in line:
                    break
            assert not [text for text in texts_in(RECIPIENT) if text in seen]

    told(tmp_path, story)


@pytest.mark.parametrize(
    "path", ["/", "/static/clerk.html", "/api/state", "/nowhere", "/api/preview"]
)
def test_every_answer_carries_the_security_headers(tmp_path: Path, path: str) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        for headers in ({}, {"origin": "http://example.cn"}):
            answer = await client.get(path, headers=headers)
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy and "script-src 'self'" in policy
            assert "unsafe" not in policy and "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "access-control-allow-origin" not in answer.headers
        c.camera.error = CameraError()

    told(tmp_path, story)


def test_a_camera_that_fails_leaves_the_page_working(tmp_path: Path) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        assert (await client.get("/api/preview")).headers["content-type"] == "image/jpeg"
        c.camera.error = CameraError()
        assert (await client.get("/api/preview")).status_code == 503
        assert (await client.get("/api/state")).status_code == 200

    told(tmp_path, story)


def test_a_name_that_is_no_text_is_refused_and_the_screen_goes_on(tmp_path: Path) -> None:
    """A lone surrogate can come in as JSON and could not go out as UTF-8."""

    async def story(_: Counter, client: httpx.AsyncClient) -> None:
        await ask(client, "begin", customer="walk-in")
        body = (
            b'{"key": "12345678", "command": "recipient", "name": "\\ud800",'
            b' "phone": "19900000002", "address": "x"}'
        )
        headers = {"content-type": "application/json"}
        answer = await client.post("/api/command", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "name")
        assert (await client.get("/api/state")).status_code == 200

    told(tmp_path, story)


def test_a_browser_that_leaves_in_mid_command_does_not_undo_it(tmp_path: Path) -> None:
    """Rule 4: what began is carried to its end, on record."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        body = {"key": "12345678", "command": "sign-in", "clerk": "clerk-03", "pin": PIN}
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/api/command", json=body, timeout=httpx.Timeout(5, read=0.005))
        async with asyncio.timeout(5):
            while c.station.clerk is None:
                await asyncio.sleep(0.01)
        assert len(await c.facts(Kind.CLERK)) == 1

    told(tmp_path, story, signed_in=False)


def test_the_screens_socket_is_for_its_owner_and_group_only(tmp_path: Path) -> None:
    """Rule 7: nothing the network can reach, and no other user either."""

    async def story(c: Counter, _: httpx.AsyncClient) -> None:
        assert (c.folder / "screen.sock").stat().st_mode & 0o777 == 0o660

    told(tmp_path, story)


def test_sums_are_told_to_who_is_signed_in_and_to_nobody_else(tmp_path: Path) -> None:
    """Rule 1: a shift's and a day's sums, and nobody's data in them."""

    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        await c.walk_in()
        for kind in ("day", "shift"):
            answer = await client.get(f"/api/summary/{kind}")
            told_sums = answer.json()
            assert (answer.status_code, told_sums["outlet"]["accepted"]) == (200, 1)
            assert told_sums["disagreements"] == [] and "收寄" in told_sums["text"]
            for word in (RECIPIENT.name, RECIPIENT.phone, SENDER_PHONE, DOCUMENT.number):
                assert word not in answer.text
        assert (await client.get("/api/summary/year")).status_code == 404
        assert (await ask(client, "summary-print", kind="day")).status_code == 200
        assert (await ask(client, "day-close")).status_code == 200
        await ask(client, "sign-out")
        assert (await client.get("/api/summary/day")).status_code == 409

    told(tmp_path, story)


def test_the_page_says_what_stands_over_everything(tmp_path: Path) -> None:
    async def story(c: Counter, client: httpx.AsyncClient) -> None:
        shown = (await client.get("/api/state")).json()
        assert (shown["training"], shown["technician"], shown["frozen"]) == (False, None, None)
        c.station.frozen, c.station.technician = "frozen-count", "tech-01"
        shown = (await client.get("/api/state")).json()
        assert shown["technician"] == "tech-01"
        assert shown["frozen"]["code"] == "frozen-count" and shown["frozen"]["en"]

    told(tmp_path, story)
